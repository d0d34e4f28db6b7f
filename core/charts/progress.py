"""From one lap round the circle to the next."""

from collections.abc import Sequence

import plotly.graph_objects as go

from core.charts.style import ACCENT, BAD, QUIET, faded, name_unit, start_figure, unit_of
from core.records import Challenge, Lap, Metric


def laps(history: Sequence[Lap], metric: Metric) -> go.Figure:
    """Return the metric each lap ended with; laps that were measured by another metric are left out."""
    shown = [lap for lap in history if lap.value is not None and lap.metric == metric.name]
    figure = start_figure(x_title=f"lap, and {name_unit(metric)}", height=260)
    figure.add_scatter(
        x=[lap.number for lap in shown],
        y=[(lap.value or 0.0) * unit_of(metric) for lap in shown],
        mode="lines+markers",
        line={"color": faded(ACCENT, 0.6), "width": 2},
        marker={"color": ACCENT, "size": 12},
        customdata=[(f"{lap.created_at:%d %B %Y}", lap.promoted_by) for lap in shown],
        hovertemplate="lap %{x}, %{customdata[0]}, released by %{customdata[1]}: %{y:.4g}<extra></extra>",
    )
    figure.update_xaxes(dtick=1, range=[0.5, max((lap.number for lap in shown), default=1) + 0.5])
    return figure


def challenge(result: Challenge, metric: Metric) -> go.Figure:
    """Return the challenger's lead over the champion with its 95 % interval; right of the line it is better."""
    lead, low, high = (value * unit_of(metric) for value in (result.difference, result.low, result.high))
    color = ACCENT if low > 0 else BAD if high < 0 else QUIET
    figure = start_figure(x_title="← the live one is better · the new one is better →", height=150)
    figure.add_scatter(
        x=[lead],
        y=[0],
        mode="markers",
        marker={"color": color, "size": 14, "symbol": "diamond"},
        error_x={
            "type": "data",
            "array": [high - lead],
            "arrayminus": [lead - low],
            "color": faded(color, 0.6),
            "thickness": 4,
            "width": 8,
        },
        customdata=[(low, high)],
        hovertemplate="%{x:.3g}, between %{customdata[0]:.3g} and %{customdata[1]:.3g}<extra></extra>",
    )
    figure.add_vline(x=0, line_color=QUIET, line_dash="dash", line_width=1.5)
    figure.update_yaxes(visible=False, range=[-1, 1])
    widest = max(abs(low), abs(high)) * 1.2 or 1.0
    figure.update_xaxes(range=[-widest, widest])
    return figure
