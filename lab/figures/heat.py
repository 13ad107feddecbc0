"""A pair token by token: how alike every word of the query and every word of the document have become (`dual`), and
what each word adds to a score that leaves no such table (`cls`)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go

from lab.errors import DataError
from lab.figures.style import BLUE, PAPER, SCALE, SMALL, VERMILLION, draw, escape

MOST = 40  # document tokens shown: more cannot be read
SIGNED = [[0.0, VERMILLION], [0.5, PAPER], [1.0, BLUE]]  # below 0, 0, above
FAINT = 0.1  # of the largest: smaller shares get no sign


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


def token_influence(
    query: Sequence[str], document: Sequence[str], of_query: Any, of_document: Any, title: str
) -> go.Figure:
    """What each token adds to a score, a strip for the query and one for the document; of a long document the first.

    Args:
        query: m tokens · document: n tokens · of_query: (m,) · of_document: (n,), in units of the score.

    Raises:
        DataError: another number of values than of tokens, or no token.
    """
    strips = [
        (list(words)[:MOST], np.asarray(values, np.float64)[:MOST], len(words) == np.size(values) > 0)
        for words, values in ((query, of_query), (document, of_document))
    ]
    if not all(fits for *_, fits in strips):
        raise DataError(
            f"{np.size(of_query)} and {np.size(of_document)} values for {len(query)} and {len(document)} tokens: give"
            " one a token"
        )
    largest = max(float(np.abs(values).max()) for _, values, _ in strips) or 1.0
    traces: list[dict[str, Any]] = []
    layout: dict[str, Any] = {}
    for name, axis, domain, (words, values, _) in zip(
        ("query", "document"), ("", "2"), ([0.78, 1.0], [0.22, 0.44]), strips, strict=True
    ):
        signs = ["" if abs(v) < FAINT * largest else "+" if v > 0 else "−" for v in values]  # a cue beside colour
        traces.append({
            "type": "heatmap", "name": name, "z": [values.round(4).tolist()], "zmin": -largest, "zmax": largest,
            "colorscale": SIGNED, "showscale": not axis, "colorbar": {"title": {"text": "adds"}, "thickness": 14},
            "text": [signs], "texttemplate": "%{text}", "customdata": [[escape(word) for word in words]],
            "hovertemplate": "%{customdata}: %{z:+.3f}<extra></extra>", "xgap": 2,
            "x": list(range(len(words))), "y": [0], "xaxis": f"x{axis}", "yaxis": f"y{axis}",
        })  # fmt: skip
        layout[f"xaxis{axis}"] = {"tickvals": list(range(len(words))), "ticktext": [escape(word) for word in words],
                                  "tickangle": -60, "tickfont": {"size": SMALL}, "showgrid": False,
                                  "anchor": f"y{axis}"}  # fmt: skip
        layout[f"yaxis{axis}"] = {"tickvals": [0], "ticktext": [name], "showgrid": False, "domain": domain,
                                  "anchor": f"x{axis}"}  # fmt: skip
    return draw(traces, [{}, {}], height=330, title={"text": title}, **layout)
