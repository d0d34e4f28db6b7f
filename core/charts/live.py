"""A model at work, over time: traffic, latency, errors, accuracy, and how much of the truth is known.

The pages say above each chart what runs upward in it: a title along the axis is hard to read on a telephone.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

import plotly.graph_objects as go

from core.charts.style import (
    ACCENT,
    BAD,
    SECOND,
    start_figure,
)
from core.records import LATENCY_EDGES_MS, Arrival, TrafficReport

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
