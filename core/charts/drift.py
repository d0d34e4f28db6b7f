"""How live rows differ from those the model learned from."""

import plotly.graph_objects as go

from core.charts.style import ACCENT, BAD, QUIET, add_threshold, bar_list_height, name_rows, start_figure
from core.records import ColumnDrift, DriftReport

OUTCOMES = {
    "drifted": ("changed", BAD),
    "stable": ("as it was", ACCENT),
    "not_enough_data": ("not enough rows yet", QUIET),
}
MOST_COLUMNS = 25


def drift_by_column(report: DriftReport, *, threshold: float) -> go.Figure:
    """Return the population stability index of each column, the most changed first, coloured by the verdict.

    Parameters
    ----------
    report : DriftReport
        At most 25 columns are drawn; those that changed are among them.
    threshold : float
        The index above which a change counts as large, drawn as a line.
    """
    measured = [column for column in report.columns if column.psi is not None]
    shown = sorted(measured, key=lambda column: (column.outcome == "drifted", column.psi), reverse=True)[:MOST_COLUMNS]
    figure = start_figure(
        x_title="how much it changed (PSI, above 0.2 is large)", height=bar_list_height(len(shown), room=130)
    )
    for outcome, (words, color) in OUTCOMES.items():
        rows = [row for row, column in enumerate(shown) if column.outcome == outcome]
        if rows:
            figure.add_bar(
                x=[shown[row].psi for row in rows],
                y=rows,
                orientation="h",
                name=words,
                marker_color=color,
                customdata=[shown[row].name for row in rows],
                texttemplate="%{x:.2f}",
                insidetextanchor="start",
                hovertemplate="%{customdata}: %{x:.3f}<extra>" + words + "</extra>",
            )
    add_threshold(figure, threshold, "", vertical=True)
    name_rows(figure, [column.name for column in shown])
    figure.update_layout(showlegend=True, barmode="overlay")
    # One new month can move a date by 8: beyond 1 bars are cut off, or all others would look like nothing.
    figure.update_xaxes(range=[0, min(max((column.psi or 0.0 for column in shown), default=0.0) * 1.1 + 0.02, 1.0)])
    return figure


def reference_and_current(column: ColumnDrift) -> go.Figure:
    """Return one column's shares side by side: the rows learned from, and the live rows."""
    figure = start_figure(x_title="share of the rows", height=bar_list_height(len(column.bins), room=110))
    live_color = BAD if column.outcome == "drifted" else ACCENT
    sides = (("rows it learned from", QUIET, column.reference_share), ("live rows", live_color, column.current_share))
    for name, color, shares in sides:
        figure.add_bar(
            x=shares,
            y=list(range(len(shares))),
            orientation="h",
            name=name,
            marker_color=color,
            customdata=column.bins,
            hovertemplate="%{customdata}: %{x:.1%}<extra>" + name + "</extra>",
        )
    figure.update_layout(barmode="group", bargap=0.25)
    figure.update_xaxes(tickformat=".0%")
    name_rows(figure, list(column.bins))
    return figure
