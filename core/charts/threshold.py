"""What mistakes cost at each decision threshold, as a picture."""

import plotly.graph_objects as go

from core.charts.style import ACCENT, BAD, add_threshold, faded, start_figure
from core.records import LIKELIER_CLASS, Curve


def cost_by_threshold(curve: Curve, *, tested: float, looked_at: float) -> go.Figure:
    """Return the cost by the threshold: a dot where one looks, dashed lines at the one tested and at 50 %.

    Parameters
    ----------
    curve : Curve
        Cost of the mistakes in 1,000 rows (y) by threshold (x in (0, 1)).
    tested, looked_at : float
        Thresholds in (0, 1).
    """
    figure = start_figure(x_title="from a chance of … % on", y_title="cost of mistakes in 1,000 rows", height=280)
    figure.add_scatter(
        x=[100 * value for value in curve.x],
        y=curve.y,
        mode="lines",
        line={"color": ACCENT, "width": 2},
        hovertemplate="from %{x:.1f} % on: %{y:,.3g}<extra></extra>",
    )
    place = min(range(len(curve.x)), key=lambda at: abs(curve.x[at] - looked_at))
    figure.add_scatter(
        x=[100 * curve.x[place]],
        y=[curve.y[place]],
        mode="markers",
        marker={"color": BAD, "size": 12, "line": {"color": faded(BAD, 0.4), "width": 6}},
        hovertemplate="from %{x:.1f} % on: %{y:,.3g}<extra></extra>",
    )
    if tested != LIKELIER_CLASS:
        add_threshold(figure, 100 * tested, "tested", vertical=True)
    add_threshold(figure, 100 * LIKELIER_CLASS, "likelier class", vertical=True)
    figure.update_layout(showlegend=False)
    figure.update_xaxes(range=[0, 100])
    figure.update_yaxes(rangemode="tozero")
    return figure
