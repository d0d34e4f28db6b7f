"""What a rule would have done over the past: what it looked at, its limit, and its alarms."""

import plotly.graph_objects as go

from core.charts.live import TIME
from core.charts.style import ACCENT, BAD, QUIET, SECOND, add_threshold, start_figure
from core.records import Rehearsal

HEIGHT = 240


def rehearsal(report: Rehearsal) -> go.Figure:
    """Return what the rule looked at over time, with its limit and the moments it would have called."""
    figure = start_figure(x_title=TIME, height=HEIGHT)
    figure.add_scatter(
        x=report.moments,
        y=report.levels,
        name=report.unit,
        mode="lines",
        line={"color": ACCENT, "width": 2},
        hovertemplate="%{x|%d %b, %H:%M}: %{y:.3g}<extra></extra>",
    )
    levels = dict(zip(report.moments, report.levels, strict=True))
    others = set(report.false_alarms) | set(report.unknown)
    kinds = (
        ("it would have called", BAD, [at for at in report.alarms if at not in others]),
        ("for nothing, as far as labels tell", SECOND, report.false_alarms),
        ("called; too few labels tell whether for nothing", QUIET, report.unknown),
    )
    for name, color, moments in kinds:
        if moments:
            figure.add_scatter(
                x=list(moments),
                y=[levels.get(at) for at in moments],
                name=name,
                mode="markers",
                marker={"color": color, "size": 11, "symbol": "diamond"},
                hovertemplate="%{x|%d %b, %H:%M}: " + name + "<extra></extra>",
            )
    if report.limit is not None:
        add_threshold(figure, report.limit, "limit")
    figure.update_layout(showlegend=bool(report.alarms), legend={"orientation": "h", "y": 1.15, "x": 0})
    return figure
