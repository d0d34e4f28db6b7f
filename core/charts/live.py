"""A model at work, over time: traffic, latency, errors, accuracy, and how much of the truth is known.

The pages say above each chart what runs upward in it: a title along the axis is hard to read on a telephone.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import pairwise

import plotly.graph_objects as go

from core.charts.style import (
    ACCENT,
    BAD,
    CLEAR,
    QUIET,
    SECOND,
    add_threshold,
    faded,
    start_figure,
    unit_of,
)
from core.records import LATENCY_EDGES_MS, Arrival, Metric, PerformanceReport, TrafficReport

TIME = "time (UTC)"
LONE_MARGIN = timedelta(minutes=5)
MINUTE_MS = 60_000
N_SLOTS_SHOWN = 60


def traffic(report: TrafficReport) -> go.Figure:
    """Return predicted rows over time, with rows whose log entry was dropped on top where there are any."""
    times = [point.started_at for point in report.points]
    figure = start_figure(x_title=TIME, height=220)
    figure.add_bar(
        x=times,
        y=[point.n_rows for point in report.points],
        name="predicted",
        marker_color=ACCENT,
        hovertemplate="%{x|%H:%M:%S}: %{y:,} rows<extra></extra>",
    )
    if report.n_dropped:
        figure.add_bar(
            x=times,
            y=[point.n_dropped for point in report.points],
            name="answered, but not logged",
            marker_color=SECOND,
            hovertemplate="%{x|%H:%M:%S}: %{y:,} rows not logged<extra></extra>",
        )
    figure.update_layout(barmode="stack", bargap=0.15, showlegend=bool(report.n_dropped))
    return _with_room(figure, times)


def arrival(report: Arrival) -> go.Figure:
    """Return how many messages of a sensor feed arrived in each stretch of time."""
    figure = start_figure(x_title=TIME, height=180)
    step = timedelta(seconds=report.slot_s)
    times = [report.started_at + step * (index + 0.5) for index in range(len(report.per_slot))]
    figure.add_bar(
        x=times,
        y=report.per_slot,
        width=report.slot_s * 1_000,
        marker_color=ACCENT,
        hovertemplate="%{x|%H:%M:%S}: %{y:,} messages<extra></extra>",
    )
    # A fixed frame: it does not jump while bars are added.
    span = max(len(report.per_slot), N_SLOTS_SHOWN)
    figure.update_xaxes(range=[report.started_at, report.started_at + step * span])
    figure.update_yaxes(rangemode="tozero", tickformat=",d")
    return figure


def latency(report: TrafficReport) -> go.Figure:
    """Return the latency in milliseconds over time: half of the requests, and 95 of 100, are faster than the lines."""
    figure = start_figure(x_title=TIME, height=220)
    times = [point.started_at for point in report.points]
    lines = (
        ("95 of 100 answers are faster", SECOND, [point.latency_p95_ms for point in report.points]),
        ("half of the answers are faster", ACCENT, [point.latency_p50_ms for point in report.points]),
    )
    for name, color, values in lines:
        figure.add_scatter(
            x=times,
            y=values,
            name=name,
            mode="lines+markers",
            line={"color": color, "width": 2},
            marker={"size": 5},
            hovertemplate="%{x|%H:%M:%S}: %{y:.1f} ms<extra>" + name + "</extra>",
        )
    # One slow start among quick answers: only a logarithmic axis shows both.
    figure.update_yaxes(type="log", tickmode="array", tickvals=LATENCY_EDGES_MS, tickformat=",~g")
    return _with_room(figure, times)


def errors(report: TrafficReport) -> go.Figure:
    """Return refused requests (the sender's mistake) and failed ones (ours) over time."""
    figure = start_figure(x_title=TIME, height=220)
    times = [point.started_at for point in report.points]
    bars = (
        ("refused: the request was wrong", SECOND, [point.n_refused for point in report.points]),
        ("failed: the service was wrong", BAD, [point.n_errors for point in report.points]),
    )
    for name, color, values in bars:
        figure.add_bar(
            x=times,
            y=values,
            name=name,
            marker_color=color,
            hovertemplate="%{x|%H:%M:%S}: %{y:,}<extra>" + name + "</extra>",
        )
    figure.update_layout(barmode="stack", bargap=0.15)
    figure.update_yaxes(rangemode="tozero")
    return _with_room(figure, times)


def _with_room(figure: go.Figure, times: Sequence[datetime]) -> go.Figure:
    """Give a lone stretch some time on either side: plotly would zoom in on it to the thousandth of a second."""
    if len(times) == 1:
        figure.update_xaxes(range=[times[0] - LONE_MARGIN, times[0] + LONE_MARGIN])
        figure.update_traces(width=MINUTE_MS, selector={"type": "bar"})
    return figure


def performance(report: PerformanceReport, metric: Metric) -> go.Figure:
    """Return the realised metric over time with its 95 % band, the objective and the value at its test as lines."""
    unit = unit_of(metric)
    known = [point for point in report.points if point.value is not None]
    middles = [point.started_at + (point.ended_at - point.started_at) / 2 for point in known]
    values, lows, highs = (
        [(getattr(point, name) or 0.0) * unit for point in known] for name in ("value", "low", "high")
    )
    figure = start_figure(x_title=TIME, height=320)
    band = {"mode": "lines", "line": {"width": 0, "color": CLEAR}, "hoverinfo": "skip", "showlegend": False}
    figure.add_scatter(x=middles, y=highs, name="high", **band)
    figure.add_scatter(x=middles, y=lows, name="low", fill="tonexty", fillcolor=faded(ACCENT, 0.18), **band)
    figure.add_scatter(
        x=middles,
        y=values,
        name="measured where the truth is known",
        mode="lines+markers",
        line={"color": ACCENT, "width": 2.5},
        customdata=list(zip(lows, highs, (point.n_labelled for point in known), strict=True)),
        hovertemplate="%{y:.3g}, between %{customdata[0]:.3g} and %{customdata[1]:.3g}, "
        "from %{customdata[2]:,} labels<extra></extra>",
    )
    if report.minimum is not None:
        add_threshold(figure, report.minimum * unit, "objective")
    if report.reference_value is not None:
        _add_test_value(figure, report, report.reference_value * unit)
    _mark_new_versions(figure, report)
    figure.update_layout(showlegend=False)
    return figure


def _add_test_value(figure: go.Figure, report: PerformanceReport, value: float) -> None:
    """Draw the live version's value at its test, over its own time only."""
    mine = report.live_points
    if not mine:
        return
    line = {"color": faded(QUIET, 0.6), "dash": "dot", "width": 1.5}
    figure.add_shape(type="line", x0=mine[0].started_at, x1=mine[-1].ended_at, y0=value, y1=value, line=line)
    figure.add_annotation(
        x=mine[-1].ended_at, xanchor="right", y=value, yanchor="bottom", text="when it was tested", showarrow=False
    )


def _mark_new_versions(figure: go.Figure, report: PerformanceReport) -> None:
    for before, point in pairwise(report.points):
        if point.model_version_id != before.model_version_id:
            figure.add_vline(x=point.started_at, line_color=faded(QUIET, 0.6), line_width=1.5)
            figure.add_annotation(
                x=point.started_at, y=1, yref="paper", yanchor="bottom", text="new model", showarrow=False
            )


def label_coverage(report: PerformanceReport) -> go.Figure:
    """Return predictions over time, split into those whose truth is known by now and those still open."""
    figure = start_figure(x_title=TIME, height=220)
    times = [point.started_at for point in report.points]
    bars = (
        ("truth known", ACCENT, [point.n_labelled for point in report.points]),
        ("truth not known yet", faded(QUIET, 0.5), [point.n_predictions - point.n_labelled for point in report.points]),
    )
    for name, color, values in bars:
        figure.add_bar(
            x=times,
            y=values,
            name=name,
            marker_color=color,
            hovertemplate="%{x|%H:%M:%S}: %{y:,}<extra>" + name + "</extra>",
        )
    figure.update_layout(barmode="stack", bargap=0.15)
    return figure
