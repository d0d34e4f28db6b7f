"""How right the live model is, over time: measured by labels, expected without them, and how much is not known."""

from collections.abc import Sequence
from datetime import datetime
from itertools import pairwise

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
from core.records import EstimatedPoint, EstimateReport, Metric, PerformanceReport, SliceReport

TIME = "Time (UTC)"
MEASURED, EXPECTED = "measured where the truth is known", "expected without the truth"
HEIGHT = 420


def quality(report: PerformanceReport, estimate: EstimateReport, metric: Metric) -> go.Figure:
    """Return both layers of quality above, and below them how many answers have no known truth, on one axis of time.

    The plan's minimum and the value at the test are lines; estimates that labels contradict are hollow.
    """
    unit = unit_of(metric)
    figure = start_figure(height=HEIGHT)
    figure.update_layout(
        yaxis={"domain": [0.34, 1.0]},
        yaxis2={"domain": [0.0, 0.2], "gridcolor": GRID, "zeroline": False, "automargin": True},
        # One axis of time, below both.
        xaxis={"anchor": "y2", "title_text": TIME},
        barmode="stack",
        bargap=0.1,
        margin={"t": 56},
    )
    _add_expected(figure, estimate.points, unit)
    _add_measured(figure, report, unit)
    _add_unknown(figure, report)
    if report.minimum is not None:
        add_threshold(figure, report.minimum * unit, "wanted")
    if report.reference_value is not None:
        _add_test_value(figure, report, report.reference_value * unit)
    _mark_new_versions(figure, report)
    return figure


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
        name="not known, of 100 answers",
        marker_color=faded(QUIET, 0.6),
        customdata=[(point.n_predictions - point.n_labelled, point.n_predictions) for point in points],
        hovertemplate="%{customdata[0]:,} of %{customdata[1]:,} answers: truth not known<extra></extra>",
    )
    figure.update_layout(yaxis2={"range": [0, 100], "tickvals": [0, 50, 100]})


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


def _mark_new_versions(figure: go.Figure, report: PerformanceReport) -> None:
    for before, point in pairwise(report.points):
        if point.model_version_id != before.model_version_id:
            figure.add_vline(x=point.started_at, line_color=faded(QUIET, 0.6), line_width=1.5)
            figure.add_annotation(
                x=point.started_at, y=1, yref="paper", yanchor="bottom", text="new model", showarrow=False
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
