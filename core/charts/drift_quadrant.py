"""Which changed columns matter: how far each has moved against how much the model leans on it."""

import plotly.graph_objects as go

from core.charts.drift import OUTCOMES
from core.charts.style import QUIET, shorten, start_figure
from core.records import DriftReport

MOST_NAMED = 6
FARTHEST = 1.0
"""PSI at which the axis ends: a change of unit would press all others against the edge."""


def drift_quadrant(report: DriftReport, *, threshold: float) -> go.Figure:
    """Return one mark a column: its PSI to the right, its part of the model's importance upward, in percent.

    Parameters
    ----------
    report : DriftReport
        Columns without PSI or importance are left out.
    threshold : float
        The index from which a change is worth a word, drawn as a line.
    """
    shown = [one for one in report.columns if one.psi is not None and one.importance is not None]
    figure = start_figure(x_title="how much it changed (PSI)", y_title="", height=340)
    middle = 100 / max(len(shown), 1)
    farthest = min(max((one.psi or 0.0 for one in shown), default=0.0) * 1.15 + 0.05, FARTHEST + 0.06)
    most = sorted(shown, key=lambda one: (one.importance or 0.0) * (one.psi or 0.0), reverse=True)[:MOST_NAMED]
    for outcome, (words, color) in OUTCOMES.items():
        columns = [one for one in shown if one.outcome == outcome]
        if columns:
            figure.add_scatter(
                x=[min(one.psi or 0.0, FARTHEST) for one in columns],
                y=[100 * (one.importance or 0.0) for one in columns],
                mode="markers+text",
                name=words,
                text=[shorten(one.name) if one in most and outcome == "drifted" else "" for one in columns],
                # Names stay inside the frame, whichever edge their mark is near.
                textposition=["middle left" if (one.psi or 0.0) > farthest / 2 else "middle right" for one in columns],
                marker={"color": color, "size": 11},
                customdata=[(one.name, one.psi) for one in columns],
                hovertemplate="%{customdata[0]}: PSI %{customdata[1]:.3f}, %{y:.0f} % of the importance<extra>"
                + words
                + "</extra>",
            )
    figure.add_vline(x=threshold, line_dash="dash", line_color=QUIET, line_width=1.5)
    figure.add_hline(y=middle, line_dash="dot", line_color=QUIET, line_width=1)
    figure.update_layout(showlegend=True)
    top = max((100 * (one.importance or 0.0) for one in shown), default=0.0)
    figure.update_xaxes(range=[-0.02, farthest])
    figure.update_yaxes(range=[-0.06 * max(top, 10), min(1.2 * max(top, 10), 106)], ticksuffix=" %")
    return figure
