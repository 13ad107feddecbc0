"""What maps lose: of a document's ten nearest, how many are still its nearest on the map."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import plotly.graph_objects as go

from lab.errors import DataError
from lab.figures.style import GREEN, INK, PURPLE, SKY, Values, draw, escape
from lab.geometry import MapLoss

_LOOKS = ((PURPLE, ""), (GREEN, "/"), (SKY, "x"))  # colour and hatching, one a map


def map_loss_bars(
    losses: Mapping[str, MapLoss], title: str = "What the map loses: neighbours in the space that are neighbours on it"
) -> go.Figure:
    """For every number of kept neighbours the share of documents, a group of bars.

    Args: losses: name of a map → its loss, of one k and of up to three maps.

    Raises:
        DataError: no map, more than three, or different k.
    """
    values = map_loss_values(losses)
    k = next(iter(losses.values())).k
    traces: list[dict[str, Any]] = [
        {
            "name": f"{escape(name)}: {k * loss.overlap.mean():.1f} of {k} kept on average,"
            f" trustworthiness {loss.trustworthiness:.3f}",
            "type": "bar",
            "marker": {"color": colour, "pattern": {"shape": hatch}, "line": {"color": INK, "width": 0.5}},
            "hovertemplate": f"%{{x}} of {k}: %{{y:.0%}} of the documents<extra>{escape(name)}</extra>",
        }
        for (name, loss), (colour, hatch) in zip(losses.items(), _LOOKS, strict=False)
    ]  # fmt: skip
    return draw(
        traces,
        values,
        height=400,
        title={"text": title},
        barmode="group",
        xaxis={"title": {"text": f"of a document's {k} nearest, how many are its {k} nearest on the map"}, "dtick": 1},
        yaxis={"title": {"text": "share of the documents"}, "tickformat": ".0%", "range": [0, 1.1 * _top(values)]},
    )  # fmt: skip


def map_loss_values(losses: Mapping[str, MapLoss]) -> Values:
    """What the traces of `map_loss_bars` show: the bars of each map.

    Raises:
        DataError: no map or more than three, or another k for each.
    """
    ks = {loss.k for loss in losses.values()}
    if len(ks) != 1 or len(losses) > len(_LOOKS):
        raise DataError(f"{len(losses)} maps with k of {sorted(ks)}: give one to three maps, looked at with one k")
    (k,) = ks
    bars = []
    for loss in losses.values():
        kept = np.rint(loss.overlap * k).astype(int)
        shares = np.bincount(kept, minlength=k + 1) / len(kept)
        bars.append({"x": list(range(k + 1)), "y": shares.tolist()})
    return bars


def _top(values: Values) -> float:
    return max(max(trace["y"]) for trace in values)
