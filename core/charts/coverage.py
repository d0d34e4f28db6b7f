"""How right a model is on the rows it answers, as it hands over more of the others."""

import plotly.graph_objects as go

from core.charts.style import ACCENT, BAD, faded, start_figure
from core.records import RuleTrial


def risk_coverage(trial: RuleTrial) -> go.Figure:
    """Return the share of right answers by how many unsure rows go to a person; a dot where the rules are."""
    figure = start_figure(x_title="of 100 rows, to a person", y_title="of 100 answered, right", height=260)
    if trial.curve is not None:
        figure.add_scatter(
            x=[100 * share for share in trial.curve.x],
            y=[100 * right for right in trial.curve.y],
            mode="lines",
            name="the least sure ones first",
            line={"color": ACCENT, "width": 2},
            hovertemplate="%{x:.0f} of 100 to a person: %{y:.0f} of 100 answered are right<extra></extra>",
        )
    if trial.after is not None and trial.n_rows:
        held = 100 * (trial.n_abstained + trial.n_refused) / trial.n_rows
        figure.add_scatter(
            x=[held],
            y=[100 * trial.after],
            mode="markers",
            name="these rules",
            marker={"color": BAD, "size": 12, "line": {"color": faded(BAD, 0.4), "width": 6}},
            hovertemplate="these rules: %{x:.1f} of 100 to a person, %{y:.0f} of 100 answered right<extra></extra>",
        )
    return figure
