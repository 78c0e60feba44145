"""Burn-up as an SVG drawing: two lines over time, with a mark for each demotion."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence

from msgspec import Struct

from ...facts.timestamps import parse_timestamp
from ...verdict.burn_up import BurnUp, BurnUpPoint
from ..text_format import count

WIDTH, HEIGHT = 760, 220
LEFT, RIGHT, TOP, BOTTOM = 44, 746, 12, 190
"""Edges of the area between the axes."""
POINTS_AT_MOST = 400
"""Number of drawn steps; of more, evenly chosen ones are drawn, with the last."""
MARKS_AT_MOST = 100
_DAYS_APART = 3 * 86_400
"""Seconds beyond which the days of both ends say enough."""


class Mark(Struct, frozen=True):
    """A demotion on the curve."""

    x: str
    y: str
    text: str


class Drawing(Struct, frozen=True):
    """The drawing, with its coordinates as text."""

    view: str
    """Its own coordinates: of the corner, then width and height."""
    axes: str
    """Path of both axes."""
    done: str
    """Points of the line of requirements that are done."""
    ready: str
    """Points of the line of ready use cases, on its own scale."""
    marks: tuple[Mark, ...]
    required: int
    use_cases: int
    first: str
    last: str
    """First and last moment."""
    summary: str
    """The drawing in a sentence."""


def draw(burn_up: BurnUp, required: int, use_cases: int) -> Drawing | None:
    """Return the drawing; None if nothing has happened yet.

    Args:
        burn_up: the progress.
        required: number of required requirements now, at the top of the scale of those that are done.
        use_cases: number of use cases, at the top of the scale of ready ones.
    """
    points = burn_up.points
    if not points:
        return None
    shown = _thinned(points)
    start, end = _seconds(points[0].at), _seconds(points[-1].at)
    most = max(required, *(point.done for point in points), 1)
    most_ready = max(use_cases, *(point.ready for point in points), 1)

    def x_of(at: str) -> float:
        share = (_seconds(at) - start) / (end - start) if end > start else 1.0
        return LEFT + share * (RIGHT - LEFT)

    def y_of(value: int, top: int) -> float:
        return BOTTOM - value / top * (BOTTOM - TOP)

    moments = [point.at for point in points]
    marks = []
    for change in burn_up.demotions[-MARKS_AT_MOST:]:
        point = points[max(bisect_right(moments, change.at) - 1, 0)]
        text = f"{change.at[:10]} {change.use_case}: {change.from_status} to {change.to_status}"
        marks.append(Mark(f"{x_of(change.at):.1f}", f"{y_of(point.done, most):.1f}", text))
    latest = points[-1]
    summary = (
        f"From {points[0].at[:10]} to {latest.at[:10]}: {latest.done} of {required} requirements are done, "
        f"{latest.ready} of {use_cases} use cases are ready, {count(len(burn_up.demotions), 'demotion')}."
    )
    return Drawing(
        view=f"0 0 {WIDTH} {HEIGHT}",
        axes=f"M{LEFT} {TOP}V{BOTTOM}H{RIGHT}",
        done=_steps([(x_of(point.at), y_of(point.done, most)) for point in shown]),
        ready=_steps([(x_of(point.at), y_of(point.ready, most_ready)) for point in shown]),
        marks=tuple(marks),
        required=required,
        use_cases=use_cases,
        first=_shown_time(points[0].at, end - start),
        last=_shown_time(latest.at, end - start),
        summary=summary,
    )


def _thinned(points: Sequence[BurnUpPoint]) -> list[BurnUpPoint]:
    step = -(-len(points) // POINTS_AT_MOST)
    return [*points[:-1:step], points[-1]]


def _steps(places: Sequence[tuple[float, float]]) -> str:
    """Return the points of a line that keeps its height until the next place."""
    texts = []
    before: float | None = None
    for x, y in places:
        if before is not None and before != y:
            texts.append(f"{x:.1f},{before:.1f}")
        texts.append(f"{x:.1f},{y:.1f}")
        before = y
    return " ".join(texts)


def _shown_time(at: str, seconds: float) -> str:
    """Return the day of a moment; in a short drawing also its time."""
    return at[:10] if seconds > _DAYS_APART else f"{at[:10]} {at[11:19]}"


def _seconds(at: str) -> float:
    return parse_timestamp(at).timestamp()
