"""How quickly each model version answers, over time."""

import plotly.graph_objects as go

from core.charts.live import TIME
from core.charts.style import ACCENT, QUIET, SECOND, start_figure
from core.records import LATENCY_EDGES_MS, HealthReport

COLORS = (ACCENT, SECOND, QUIET)
HEIGHT = 240


def health(report: HealthReport) -> go.Figure:
    """Return for each version how long 95 of 100 requests took at most, in milliseconds, over time."""
    figure = start_figure(x_title=TIME, height=HEIGHT)
    for number, version in enumerate(part.name for part in report.versions):
        mine = [point for point in report.points if point.version == version]
        figure.add_scatter(
            x=[point.started_at for point in mine],
            y=[point.latency_p95_ms for point in mine],
            name=version,
            mode="lines+markers",
            line={"color": COLORS[number % len(COLORS)], "width": 2},
            marker={"size": 5},
            hovertemplate="%{x|%d %b, %H:%M}: %{y:.1f} ms<extra>" + version + "</extra>",
        )
    # One slow start among quick answers: only a logarithmic axis shows both.
    figure.update_yaxes(type="log", tickmode="array", tickvals=LATENCY_EDGES_MS, tickformat=",~g")
    figure.update_layout(showlegend=len(report.versions) > 1, legend={"orientation": "h", "y": 1.15, "x": 0})
    return figure
