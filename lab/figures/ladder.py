"""The ladder: a rung a line, the share of the teacher along it; students of two starts, and what others reported."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import plotly.graph_objects as go

from lab.errors import DataError
from lab.figures.style import GREY, INK, LOOKS, Values, draw

BESIDE_MOST = 2  # series of reported figures there is a marker for
_BLOCK = (LOOKS["student"], LOOKS["yours"])
_REPORTED = ("square-open", "diamond-open")


def ladder_figure(
    blocks: Mapping[str, Mapping[str, Any]],
    arms: Sequence[str],
    reported: Mapping[str, Mapping[str, float]] | None = None,
    title: str = "How far up does each thing take the student?",
) -> go.Figure:
    """Means over seeds with 95 % intervals; open grey markers are figures of other people, teachers and data.

    Args:
        blocks: name → {"arms": {arm: {value, low, high}}} as in docs/ladder.json, two at most.
        arms: what stands on the y axis, the first one lowest.
        reported: name → arm → share; two at most.
    Raises: DataError: more series than there are markers for.
    """
    reported = reported or {}
    if len(blocks) > len(_BLOCK) or len(reported) > BESIDE_MOST:
        raise DataError(f"{len(blocks)} blocks and {len(reported)} reported series: show two of each at most")
    still: list[dict[str, Any]] = [
        {"name": name, "mode": "markers", "cliponaxis": False, "hovertemplate": "%{text}<extra></extra>",
         "marker": look.marker(12)}
        for name, look in zip(blocks, _BLOCK, strict=False)
    ]  # fmt: skip
    still += [
        {"name": f"{name}, as a secondary source reports it", "mode": "markers",
         "marker": {"color": GREY, "symbol": symbol, "size": 10, "line": {"color": GREY, "width": 2}},
         "hovertemplate": "%{x:.0%}<extra></extra>"}
        for name, symbol in zip(reported, _REPORTED, strict=False)
    ]  # fmt: skip
    return draw(
        still,
        ladder_values(blocks, arms, reported),
        height=160 + 46 * len(arms),
        title={"text": title},
        xaxis={"range": [-0.02, 1.03], "tickformat": ".0%", "title": {"text": "share of the teacher"}},
        yaxis={"tickvals": list(range(len(arms))), "ticktext": list(arms), "range": [-0.6, len(arms) - 0.4]},
        legend={"orientation": "h", "y": -64 / (46 * len(arms)), "yanchor": "top"},  # below the axis' title
        margin={"l": 60, "r": 20, "t": 50, "b": 110},
    )  # fmt: skip


def ladder_values(
    blocks: Mapping[str, Mapping[str, Any]], arms: Sequence[str], reported: Mapping[str, Mapping[str, float]]
) -> Values:
    """What the traces show: blocks, then what was reported. Arms that were not run are left out."""
    values: Values = []
    for number, block in enumerate(blocks.values()):
        found = {arm: block["arms"][arm] for arm in arms if arm in block["arms"]}
        values.append({
            "x": [each["value"] for each in found.values()],
            "y": [arms.index(arm) + 0.12 * (1 - 2 * number) for arm in found],
            "text": [f"{arm}: {each['value']:.3f} [{each['low']:.3f}, {each['high']:.3f}], {each['seeds']} seeds"
                     for arm, each in found.items()],
            "error_x": {"type": "data", "symmetric": False, "color": INK, "thickness": 1.2,
                        "array": [each["high"] - each["value"] for each in found.values()],
                        "arrayminus": [each["value"] - each["low"] for each in found.values()]},
        })  # fmt: skip
    for shares in reported.values():
        known = [arm for arm in arms if arm in shares]
        values.append({"x": [shares[arm] for arm in known], "y": [arms.index(arm) for arm in known]})
    return values
