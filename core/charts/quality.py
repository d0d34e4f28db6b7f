"""The life of a live model on one axis of time: quality, what is not known, changed questions, traffic, and events.

Quality is measured by labels and expected without them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType

import plotly.graph_objects as go

from core.charts.style import (
    ACCENT,
    BAD,
    CLEAR,
    GRID,
    QUIET,
    SECOND,
    add_threshold,
    bar_list_height,
    faded,
    name_rows,
    start_figure,
    unit_of,
)
from core.records import (
    DriftPoint,
    EstimatedPoint,
    EstimateReport,
    LiveEvent,
    Metric,
    PerformanceReport,
    SliceReport,
    TrafficPoint,
    TrafficReport,
)

TIME = "Time (UTC)"
MEASURED, EXPECTED = "measured where the truth is known", "expected without the truth"
ROWS = MappingProxyType(
    {
        "y": (0.56, 0.94),
        "y2": (0.40, 0.48),
        "y3": (0.21, 0.31),
        "y4": (0.0, 0.12),
        "y5": (0.96, 1.0),
    }
)
"""Which part of the height each axis has: quality, not known, changed questions, traffic, events."""
TITLES = MappingProxyType(
    {
        "y2": "truth not known, of 100 answers",
        "y3": "columns that changed",
        "y4": "questions answered, and not answered",
    }
)
EVENTS = MappingProxyType({"release": (ACCENT, "triangle-down"), "alert": (BAD, "circle"), "fault": (SECOND, "square")})
EVENT_NAMES = MappingProxyType({"release": "new model live", "alert": "alert", "fault": "fault that was played"})


@dataclass(frozen=True)
class History:
    """What is drawn over time."""

    performance: PerformanceReport
    estimate: EstimateReport
    drift: Sequence[DriftPoint]
    traffic: TrafficReport
    events: Sequence[LiveEvent]


def history(told: History, metric: Metric, *, height: int = 640) -> go.Figure:
    """Return quality, unknown truth, changed questions, traffic and events below each other, on one axis of time.

    The plan's minimum and the value at the test are lines; estimates that labels contradict are hollow.
    """
    unit = unit_of(metric)
    figure = start_figure(height=height)
    _divide(figure)
    _add_expected(figure, told.estimate.points, unit)
    _add_measured(figure, told.performance, unit)
    _add_unknown(figure, told.performance)
    _add_drift(figure, told.drift)
    _add_traffic(figure, told.traffic)
    _add_events(figure, told.events)
    if told.performance.minimum is not None:
        add_threshold(figure, told.performance.minimum * unit, "wanted")
    if told.performance.reference_value is not None:
        _add_test_value(figure, told.performance, told.performance.reference_value * unit)
    return figure


def _divide(figure: go.Figure) -> None:
    """Give each axis its part of the height, all with the one axis of time at the foot."""
    axis = {"gridcolor": GRID, "zeroline": False, "automargin": True, "rangemode": "tozero", "nticks": 3}
    for name in ("y2", "y3", "y4"):
        figure.update_layout({f"yaxis{name[1:]}": {**axis, "domain": ROWS[name]}})
        figure.add_annotation(
            text=TITLES[name],
            x=0,
            xref="paper",
            xanchor="left",
            y=ROWS[name][1] + 0.005,
            yref="paper",
            yanchor="bottom",
            showarrow=False,
            font={"size": 12, "color": QUIET},
        )
    figure.update_layout(
        yaxis={"domain": ROWS["y"]},
        yaxis2={"range": [0, 100], "tickvals": [0, 50, 100]},
        yaxis5={"domain": ROWS["y5"], "visible": False, "range": [0, 1], "fixedrange": True},
        xaxis={"anchor": "y4", "title_text": TIME},
        barmode="stack",
        bargap=0.1,
        margin={"t": 64},
    )


def _add_drift(figure: go.Figure, points: Sequence[DriftPoint]) -> None:
    known = [point for point in points if point.n_drifted is not None]
    if not known:
        return
    figure.add_bar(
        x=[_middle(point) for point in known],
        width=[_width(point) for point in known],
        y=[point.n_drifted for point in known],
        yaxis="y3",
        marker_color=faded(SECOND, 0.7),
        showlegend=False,
        customdata=[(", ".join(point.names[:5]) or "none", point.n_rows) for point in known],
        hovertemplate="%{y} columns changed, from %{customdata[1]:,} rows: %{customdata[0]}<extra></extra>",
    )


def _add_traffic(figure: go.Figure, report: TrafficReport) -> None:
    bars = (
        ("rows answered", ACCENT, [point.n_rows for point in report.points]),
        ("requests not answered", BAD, [point.n_refused + point.n_errors for point in report.points]),
    )
    for name, color, values in bars:
        if any(values):
            figure.add_bar(
                # The axis of time is shared with shorter stretches: left to itself, a bar is as narrow as those.
                x=[_middle(point) for point in report.points],
                width=[_width(point) for point in report.points],
                y=values,
                yaxis="y4",
                marker_color=faded(color, 0.7),
                showlegend=False,
                hovertemplate="%{y:,} " + name + "<extra></extra>",
            )


def _add_events(figure: go.Figure, events: Sequence[LiveEvent]) -> None:
    for kind, (color, symbol) in EVENTS.items():
        mine = [event for event in events if event.kind == kind]
        if not mine:
            continue
        figure.add_scatter(
            x=[event.started_at for event in mine],
            y=[0.5] * len(mine),
            yaxis="y5",
            mode="markers",
            name=EVENT_NAMES[kind],
            marker={"color": color, "symbol": symbol, "size": 11},
            customdata=[event.words for event in mine],
            hovertemplate="%{x|%H:%M:%S}: %{customdata}<extra></extra>",
        )
        for event in mine:
            line = {"color": faded(color, 0.5), "width": 1, "dash": "dot"}
            at = event.started_at
            figure.add_shape(type="line", x0=at, x1=at, y0=0, y1=1, yref="paper", line=line, layer="below")


def _middle(point: DriftPoint | TrafficPoint) -> datetime:
    return point.started_at + (point.ended_at - point.started_at) / 2


def _width(point: DriftPoint | TrafficPoint) -> float:
    """Return how long a stretch is, in milliseconds."""
    return 1_000 * max((point.ended_at - point.started_at).total_seconds(), 1.0)


def _add_band(figure: go.Figure, times: list[datetime], lows: list[float], highs: list[float], color: str) -> None:
    band = {"mode": "lines", "line": {"width": 0, "color": CLEAR}, "hoverinfo": "skip", "showlegend": False}
    figure.add_scatter(x=times, y=highs, **band)
    figure.add_scatter(x=times, y=lows, fill="tonexty", fillcolor=faded(color, 0.15), **band)


def _add_expected(figure: go.Figure, points: Sequence[EstimatedPoint], unit: float) -> None:
    known = [point for point in points if point.value is not None]
    if not known:
        return
    times = [point.started_at + (point.ended_at - point.started_at) / 2 for point in known]
    lows, highs = ([(getattr(point, name) or 0.0) * unit for point in known] for name in ("low", "high"))
    _add_band(figure, times, lows, highs, SECOND)
    figure.add_scatter(
        x=times,
        y=[(point.value or 0.0) * unit for point in known],
        name=EXPECTED,
        mode="lines+markers",
        line={"color": SECOND, "width": 2, "dash": "dot"},
        marker={
            "size": 7,
            "symbol": ["circle-open" if point.is_off else "circle" for point in known],
            "color": [BAD if point.is_off else SECOND for point in known],
        },
        customdata=list(zip(lows, highs, (_say_check(point) for point in known), strict=True)),
        hovertemplate="expected %{y:.3g}, between %{customdata[0]:.3g} and %{customdata[1]:.3g}; %{customdata[2]}"
        "<extra></extra>",
    )


def _say_check(point: EstimatedPoint) -> str:
    if point.measured is None:
        return "not checked by labels"
    return "labels contradict it" if point.is_off else "labels confirm it"


def _add_measured(figure: go.Figure, report: PerformanceReport, unit: float) -> None:
    known = [point for point in report.points if point.value is not None]
    if not known:
        return
    times = [point.started_at + (point.ended_at - point.started_at) / 2 for point in known]
    lows, highs = ([(getattr(point, name) or 0.0) * unit for point in known] for name in ("low", "high"))
    _add_band(figure, times, lows, highs, ACCENT)
    figure.add_scatter(
        x=times,
        y=[(point.value or 0.0) * unit for point in known],
        name=MEASURED,
        mode="lines+markers",
        line={"color": ACCENT, "width": 2.5},
        customdata=list(zip(lows, highs, (point.n_labelled for point in known), strict=True)),
        hovertemplate="measured %{y:.3g}, between %{customdata[0]:.3g} and %{customdata[1]:.3g}, "
        "from %{customdata[2]:,} labels<extra></extra>",
    )


def _add_unknown(figure: go.Figure, report: PerformanceReport) -> None:
    """Draw which share of the answers has no known truth yet, stretch by stretch."""
    points = [point for point in report.points if point.n_predictions]
    if not points:
        return
    seconds = [max((point.ended_at - point.started_at).total_seconds(), 1.0) for point in points]
    figure.add_bar(
        x=[point.started_at + (point.ended_at - point.started_at) / 2 for point in points],
        width=[1_000 * length for length in seconds],
        y=[100 * (1 - point.n_labelled / point.n_predictions) for point in points],
        yaxis="y2",
        showlegend=False,
        marker_color=faded(QUIET, 0.6),
        customdata=[(point.n_predictions - point.n_labelled, point.n_predictions) for point in points],
        hovertemplate="%{customdata[0]:,} of %{customdata[1]:,} answers: truth not known<extra></extra>",
    )


def _add_test_value(figure: go.Figure, report: PerformanceReport, value: float) -> None:
    """Draw the live version's value at its test, over its own time only."""
    mine = report.live_points
    if not mine:
        return
    line = {"color": faded(QUIET, 0.6), "dash": "dot", "width": 1.5}
    figure.add_shape(type="line", x0=mine[0].started_at, x1=mine[-1].ended_at, y0=value, y1=value, line=line)
    figure.add_annotation(
        x=mine[-1].ended_at, xanchor="right", y=value, yanchor="bottom", text="at its test", showarrow=False
    )


def slices(report: SliceReport, metric: Metric) -> go.Figure:
    """Return the metric with its 95 % interval for each kind of row, worse ones marked, and over all rows as a line."""
    unit = unit_of(metric)
    known = [one for one in report.slices if one.value is not None]
    values = [(one.value or 0.0) * unit for one in known]
    figure = start_figure(height=bar_list_height(len(known), room=80))
    figure.add_scatter(
        x=values,
        y=list(range(len(known))),
        mode="markers",
        marker={"size": 10, "color": [BAD if one.is_worse else ACCENT for one in known]},
        error_x={
            "type": "data",
            "symmetric": False,
            "array": [(one.high or 0.0) * unit - value for one, value in zip(known, values, strict=True)],
            "arrayminus": [value - (one.low or 0.0) * unit for one, value in zip(known, values, strict=True)],
            "color": faded(QUIET, 0.9),
        },
        customdata=[(one.name, one.n_labelled) for one in known],
        hovertemplate="%{customdata[0]}: %{x:.3g}, from %{customdata[1]:,} labels<extra></extra>",
    )
    if report.overall is not None:
        add_threshold(figure, report.overall * unit, "all rows", vertical=True)
    figure.update_layout(showlegend=False)
    name_rows(figure, [one.name for one in known])
    return figure
