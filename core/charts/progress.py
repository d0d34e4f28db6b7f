"""From one lap round the circle to the next."""

from collections.abc import Sequence

import plotly.graph_objects as go

from core.charts.style import ACCENT, BAD, QUIET, faded, start_figure
from core.records import Challenge, Lap, Metric


def laps(history: Sequence[Lap], metric: Metric) -> go.Figure:
    """Return the metric each lap ended with; laps that were measured by another metric are left out."""
    shown = [lap for lap in history if lap.value is not None and lap.metric == metric.name]
    figure = start_figure(x_title="lap", y_title=metric.label, height=260)
    figure.add_scatter(
        x=[lap.number for lap in shown],
        y=[lap.value for lap in shown],
        mode="lines+markers",
        line={"color": faded(ACCENT, 0.6), "width": 2},
        marker={"color": ACCENT, "size": 12},
        customdata=[(f"{lap.created_at:%d %B %Y}", lap.promoted_by) for lap in shown],
        hovertemplate="lap %{x}, %{customdata[0]}, released by %{customdata[1]}: %{y:.4g}<extra></extra>",
    )
    figure.update_xaxes(dtick=1, range=[0.5, max((lap.number for lap in shown), default=1) + 0.5])
    return figure


def challenge(result: Challenge) -> go.Figure:
    """Return the challenger's lead over the champion with its 95 % interval; right of the line it is better."""
    color = ACCENT if result.low > 0 else BAD if result.high < 0 else QUIET
    figure = start_figure(x_title="lead of the new model (right of the line: the new one is better)", height=150)
    figure.add_scatter(
        x=[result.difference],
        y=[0],
        mode="markers",
        marker={"color": color, "size": 14, "symbol": "diamond"},
        error_x={
            "type": "data",
            "array": [result.high - result.difference],
            "arrayminus": [result.difference - result.low],
            "color": faded(color, 0.6),
            "thickness": 4,
            "width": 8,
        },
        customdata=[(result.low, result.high)],
        hovertemplate="%{x:.4g}, between %{customdata[0]:.4g} and %{customdata[1]:.4g}<extra></extra>",
    )
    figure.add_vline(x=0, line_color=QUIET, line_dash="dash", line_width=1.5)
    figure.update_yaxes(visible=False, range=[-1, 1])
    return figure
