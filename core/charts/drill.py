"""A drill on one time axis: what went wrong when, and which alarms came up."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import plotly.graph_objects as go

from core.charts.style import ACCENT, BAD, QUIET, SECOND, bar_list_height, faded, name_rows, start_figure
from core.records import AlarmScore, AlarmVerdict, DrillReport, FaultScore, PlayedSpan

BAR_PX = 14
VERDICTS: tuple[tuple[AlarmVerdict, str, str, str], ...] = (
    ("right", "alarm in time", ACCENT, "diamond"),
    ("other_column", "alarm about other columns", SECOND, "diamond-open"),
    ("false", "false alarm", BAD, "x"),
)


def drill(report: DrillReport) -> go.Figure:
    """Return a timeline of faults, a row each, with the time in which an alarm still counts, and the alarms below."""
    figure = start_figure(x_title="time (UTC), simulated traffic", height=bar_list_height(len(report.faults) + 1))
    for row, score in enumerate(report.faults):
        if score.began_at is not None and score.ended_at is not None:
            grace_ends_at = score.ended_at + timedelta(seconds=report.grace_s)
            _add_bar(figure, row, (score.ended_at, grace_ends_at), faded(QUIET, 0.3), "an alarm still counts")
            _add_bar(figure, row, (score.began_at, score.ended_at), faded(SECOND, 0.85), score.sentence)
        if score.noticed_at is not None:
            _add_notice(figure, row, score)
    for verdict, name, color, symbol in VERDICTS:
        alarms = [alarm for alarm in report.alarms if alarm.verdict == verdict]
        if alarms:
            _add_alarms(figure, len(report.faults), alarms, name, {"color": color, "symbol": symbol, "size": 12})
    name_rows(figure, [_name(score) for score in report.faults] + ["Alarms"])
    ends_at = report.ended_at or max([report.started_at, *_moments(report)])
    margin = max((ends_at - report.started_at) * 0.03, timedelta(seconds=2))
    # Few times, level: beside the names there is little room on a telephone.
    figure.update_xaxes(range=[report.started_at - margin, ends_at + margin], nticks=4, tickangle=0)
    return figure


def mark_simulated(figure: go.Figure, spans: Sequence[PlayedSpan], until: datetime) -> go.Figure:
    """Shade the stretches of a chart over time in which simulated traffic was played, and say so once.

    `until` ends one that still lasts. What lies outside the times that the chart shows is left out.
    """
    times = [moment for trace in figure.data for moment in (trace.x if trace.x is not None else ())]
    if not times:
        return figure
    shown = [
        (max(span.started_at, min(times)), min(span.ended_at or until, max(times)))
        for span in spans
        if span.started_at <= max(times) and (span.ended_at or until) >= min(times)
    ]
    for number, (start, end) in enumerate(shown):
        words = {"annotation_text": "simulated", "annotation_position": "top left"} if number == 0 else {}
        figure.add_vrect(x0=start, x1=end, fillcolor=faded(QUIET, 0.1), line_width=0, layer="below", **words)
    return figure


def _add_bar(figure: go.Figure, row: int, span: tuple[datetime, datetime], color: str, words: str) -> None:
    figure.add_scatter(
        x=list(span),
        y=[row, row],
        mode="lines",
        line={"color": color, "width": BAR_PX},
        customdata=[words, words],
        hovertemplate="%{x|%H:%M:%S}: %{customdata}<extra></extra>",
        showlegend=False,
    )


def _add_notice(figure: go.Figure, row: int, score: FaultScore) -> None:
    figure.add_scatter(
        x=[score.noticed_at],
        y=[row],
        mode="markers",
        marker={"color": ACCENT, "symbol": "diamond", "size": 12, "line": {"color": "white", "width": 1}},
        customdata=[f"{score.noticed_after_s or 0:,.0f} s"],
        hovertemplate="noticed after %{customdata}<extra></extra>",
        showlegend=False,
    )


def _add_alarms(
    figure: go.Figure, row: int, alarms: Sequence[AlarmScore], name: str, marker: dict[str, object]
) -> None:
    figure.add_scatter(
        x=[alarm.seen_at for alarm in alarms],
        y=[row] * len(alarms),
        name=name,
        mode="markers",
        marker=marker,
        customdata=[alarm.title for alarm in alarms],
        hovertemplate="%{x|%H:%M:%S}: %{customdata}<extra>" + name + "</extra>",
    )


def _name(score: FaultScore) -> str:
    names = ", ".join(score.fault.columns)
    kind = score.fault.kind.replace("_", " ")
    return f"{kind}: {names}" if names else kind


def _moments(report: DrillReport) -> list[datetime]:
    moments = [score.ended_at for score in report.faults] + [alarm.seen_at for alarm in report.alarms]
    return [moment for moment in moments if moment is not None]
