"""A pair token by token: how alike every word of the query and every word of the document have become."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go

from lab.errors import DataError
from lab.figures.style import SCALE, SMALL, draw, escape

MOST = 40  # document tokens shown: more cannot be read


def token_heat(query: Sequence[str], document: Sequence[str], cosines: Any, title: str) -> go.Figure:
    """Cosines of last states, a row a query token; of a long document the first tokens.

    Args:
        query: m tokens · document: n tokens · cosines: (m, n).

    Raises:
        DataError: another shape than the tokens', or no token.
    """
    table = np.asarray(cosines, np.float64)
    if table.shape != (len(query), len(document)) or not table.size:
        raise DataError(
            f"cosines of shape {table.shape} for {len(query)} and {len(document)} tokens: a row a query token"
        )
    shown = list(document)[:MOST]
    trace = {
        "type": "heatmap", "name": "cosine", "z": table[:, :MOST].round(4).tolist(), "colorscale": SCALE,
        "colorbar": {"title": {"text": "cosine"}, "thickness": 14},
        "hovertemplate": "%{y} and %{x}: %{z:.2f}<extra></extra>",
        # positions, not words: a word that stands twice is two columns
        "x": list(range(len(shown))), "y": list(range(len(query))),
    }  # fmt: skip
    return draw(
        [trace],
        [{}],
        height=170 + 24 * len(query),
        title={"text": title},
        xaxis={"tickvals": list(range(len(shown))), "ticktext": [escape(word) for word in shown], "tickangle": -60,
               "tickfont": {"size": SMALL}, "showgrid": False},
        yaxis={"tickvals": list(range(len(query))), "ticktext": [escape(word) for word in query],
               "range": [len(query) - 0.5, -0.5], "showgrid": False},
    )  # fmt: skip
