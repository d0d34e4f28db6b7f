"""Candidates and their evaluations as pictures."""

from collections.abc import Mapping, Sequence

import plotly.graph_objects as go

from core.charts.style import (
    ACCENT,
    CLEAR,
    QUIET,
    add_threshold,
    bar_list_height,
    faded,
    name_rows,
    name_unit,
    shorten,
    start_figure,
    unit_of,
)
from core.records import Candidate, ColumnImportance, ConfusionMatrix, Evaluation, Metric

BASELINE = "dummy"
"""The family that looks at nothing: what every other one has to beat."""
MOST_COLUMNS = 15
FEW, MANY = "#7d8d91", "#0f766e"


def _better(metric: Metric) -> str:
    return f"{name_unit(metric)} ({'more' if metric.greater_is_better else 'less'} is better)"


def leaderboard(candidates: Sequence[Candidate], metric: Metric, titles: Mapping[str, str]) -> go.Figure:
    """Return the scored candidates in the order given: a point a fold, a diamond at the mean.

    Parameters
    ----------
    candidates : sequence of Candidate
        Those without a mean score are left out.
    metric : Metric
        What the scores are of.
    titles : mapping
        Family key to the words it is called by.
    """
    unit = unit_of(metric)
    scored = [candidate for candidate in candidates if candidate.score_mean is not None]
    names = [titles.get(candidate.family, candidate.family) for candidate in scored]
    figure = start_figure(x_title=_better(metric), height=bar_list_height(len(scored), room=120))
    for row, candidate in enumerate(scored):
        color = QUIET if candidate.family == BASELINE else ACCENT
        figure.add_scatter(
            x=[score * unit for score in candidate.fold_scores],
            y=[row] * len(candidate.fold_scores),
            mode="markers",
            marker={"color": faded(color, 0.45), "size": 9, "line": {"width": 0}},
            hovertemplate=f"{names[row]}, one part of the rows: %{{x:.4g}}<extra></extra>",
        )
    figure.add_scatter(
        x=[(candidate.score_mean or 0.0) * unit for candidate in scored],
        y=list(range(len(scored))),
        mode="markers",
        marker={
            "symbol": "diamond",
            "size": 12,
            "color": [QUIET if candidate.family == BASELINE else ACCENT for candidate in scored],
        },
        customdata=names,
        hovertemplate="%{customdata}, mean: %{x:.4g}<extra></extra>",
    )
    for candidate in scored:
        if candidate.family == BASELINE and candidate.score_mean is not None:
            add_threshold(figure, candidate.score_mean * unit, "guessing", vertical=True)
    name_rows(figure, names)
    figure.update_layout(showlegend=False)
    return figure


def compare(evaluations: Sequence[Evaluation], metric: Metric, names: Mapping[str, str]) -> go.Figure:
    """Return one metric of several evaluations with its 95 % intervals.

    Parameters
    ----------
    evaluations : sequence of Evaluation
        Those that lack the metric are left out.
    metric : Metric
        What is compared.
    names : mapping
        Candidate id to the words it is called by.
    """
    unit = unit_of(metric)
    rows = [
        (names.get(evaluation.candidate_id, "model"), estimate)
        for evaluation in evaluations
        for estimate in evaluation.metrics
        if estimate.name == metric.name
    ]
    figure = start_figure(x_title=_better(metric), height=bar_list_height(len(rows), room=110))
    figure.add_scatter(
        x=[estimate.value * unit for _, estimate in rows],
        y=list(range(len(rows))),
        mode="markers",
        marker={"color": ACCENT, "size": 12, "symbol": "diamond"},
        error_x={
            "type": "data",
            "array": [(estimate.high - estimate.value) * unit for _, estimate in rows],
            "arrayminus": [(estimate.value - estimate.low) * unit for _, estimate in rows],
            "color": faded(ACCENT, 0.6),
            "thickness": 3,
            "width": 6,
        },
        customdata=[(name, estimate.low * unit, estimate.high * unit) for name, estimate in rows],
        hovertemplate="%{customdata[0]}: %{x:.4g}, between %{customdata[1]:.4g} and %{customdata[2]:.4g}"
        "<extra></extra>",
    )
    minimum = next((found.verdict.minimum for found in evaluations if found.verdict.metric == metric.name), None)
    if minimum is not None:
        add_threshold(figure, minimum * unit, "wanted", vertical=True)
    name_rows(figure, [name for name, _ in rows])
    return figure


def confusion(matrix: ConfusionMatrix) -> go.Figure:
    """Return the confusion matrix: rows are what was true, columns what the model said; shades are shares of a row."""
    totals = [sum(row) or 1 for row in matrix.counts]
    shares = [[count / total for count in row] for row, total in zip(matrix.counts, totals, strict=True)]
    names = [shorten(label) for label in matrix.labels]
    figure = start_figure(x_title="across: what the model said · down: what was true", height=140 + 44 * len(names))
    figure.add_heatmap(
        z=shares,
        text=[[f"{count:,}" for count in row] for row in matrix.counts],
        texttemplate="%{text}",
        customdata=[[(true, said) for said in matrix.labels] for true in matrix.labels],
        # Solid and dark enough for white figures on either background.
        colorscale=[[0, FEW], [1, MANY]],
        textfont={"color": "white", "size": 14},
        zmin=0,
        zmax=1,
        showscale=False,
        xgap=3,
        ygap=3,
        hovertemplate="truly %{customdata[0]}, model said %{customdata[1]}: %{text} rows (%{z:.0%})<extra></extra>",
    )
    ticks = {"tickmode": "array", "tickvals": list(range(len(names))), "ticktext": names, "showgrid": False}
    figure.update_xaxes(**ticks)
    figure.update_yaxes(autorange="reversed", **ticks)
    return figure


def predicted_against_actual(evaluation: Evaluation) -> go.Figure:
    """Return a point a test row, true value across and the model's answer up; the line is a perfect answer."""
    figure = start_figure(x_title="across: true value · up: the model's answer", height=380)
    figure.add_scattergl(
        x=evaluation.actual,
        y=evaluation.predicted,
        mode="markers",
        name="a test row",
        marker={"color": faded(ACCENT, 0.5), "size": 7, "line": {"color": CLEAR, "width": 0}},
        hovertemplate="true %{x:.4g}, answered %{y:.4g}<extra></extra>",
    )
    ends = [min(evaluation.actual, default=0.0), max(evaluation.actual, default=1.0)]
    figure.add_scatter(
        x=ends, y=ends, mode="lines", name="a perfect answer", line={"color": QUIET, "dash": "dash"}, hoverinfo="skip"
    )
    return figure


def importance(columns: Sequence[ColumnImportance], metric: Metric) -> go.Figure:
    """Return how much the metric suffers when each column is shuffled, most important first, at most 15 columns."""
    unit = unit_of(metric)
    shown = sorted(columns, key=lambda column: column.mean, reverse=True)[:MOST_COLUMNS]
    figure = start_figure(x_title="what is lost without it", height=bar_list_height(len(shown)))
    figure.add_bar(
        x=[column.mean * unit for column in shown],
        y=list(range(len(shown))),
        orientation="h",
        marker_color=ACCENT,
        error_x={"type": "data", "array": [column.sd * unit for column in shown], "color": QUIET, "thickness": 1.5},
        customdata=[column.column for column in shown],
        hovertemplate="%{customdata}: %{x:.3g}<extra></extra>",
    )
    name_rows(figure, [column.column for column in shown])
    return figure
