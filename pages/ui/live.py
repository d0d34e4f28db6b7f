"""A live model on the screen: how it is going in words, accuracy, changed questions, traffic."""

from dataclasses import replace
from datetime import datetime, timedelta

import streamlit as st

from core import charts, monitor, plan
from core.records import (
    ColumnDrift,
    DriftReport,
    PerformancePoint,
    PerformanceReport,
    TrafficReport,
    utc_now,
)
from pages.ui.state import project, store
from pages.ui.words import count, plain

MODEBAR = {"displayModeBar": False}
ALERT_WORDS = {
    "accuracy": ":red[It is right less often than it should be.]",
    "drift": ":orange[It is asked other things than it learned from.]",
    "errors": ":red[Requests fail.]",
    "missing": ":orange[Values are missing or unknown.]",
    "latency": ":orange[It answers slowly.]",
    "dropped": ":orange[Answers are not logged.]",
    "traffic": ":orange[Nobody asks any more.]",
    "labels": ":orange[The truth stops coming.]",
}
SPAN = "monitor_span"
SPANS = {"10 minutes": 600, "hour": 3_600, "day": 86_400, "all": None}


@st.cache_data(ttl=10, max_entries=64, show_spinner=False)
def recent_performance(project_id: str, generation: int, objective_id: str) -> PerformanceReport:
    """Return the performance of what is live, at most ten seconds old.

    The intervals of 10,000 labels take a third of a second; a class of thirty who all watch must not pay that every
    time a page refreshes. Release and objective are part of the key, so that a decision shows at once.
    """
    del generation, objective_id
    return monitor.performance(store(), project_id)


def chosen_since() -> datetime | None:
    """Return the beginning of the traffic to show, as chosen below; the last hour at first."""
    seconds = SPANS[st.session_state.get(SPAN) or "hour"]
    return None if seconds is None else utc_now() - timedelta(seconds=seconds)


def show_headline(performance: PerformanceReport, drift: DriftReport) -> None:
    """Say in a few large words how it is going: what stands out now or in an alert, or that nothing does."""
    kinds = {alert.kind for alert in monitor.list_alerts(store(), project().id) if alert.active}
    if drift.n_drifted:
        kinds.add("drift")
    newest = _newest(performance)
    if newest is not None and _is_below_objective(performance, newest):
        kinds.add("accuracy")
    words = " ".join(words for kind, words in ALERT_WORDS.items() if kind in kinds)
    if not words and performance.n_predictions == 0:
        words = "The model is new: nobody has asked it anything yet."
    elif not words:
        words = "Nothing stands out." if newest else "It is answering; whether it is right is not known yet."
    st.markdown(f"### {words}")


def _newest(performance: PerformanceReport) -> PerformancePoint | None:
    """Return the newest measured stretch of the model that is live; None before its first truth arrives."""
    return next((point for point in reversed(performance.live_points) if point.value is not None), None)


def _is_below_objective(performance: PerformanceReport, newest: PerformancePoint) -> bool:
    objective = replace(
        plan.current_objective(store(), project().id), metric=performance.metric, minimum=performance.minimum
    )
    verdict = plan.judge_objective(objective, newest.value, newest.low, newest.high, newest.n_labelled)
    return verdict.outcome == "not_met"


def show_figures(performance: PerformanceReport, drift: DriftReport, traffic: TrafficReport) -> None:
    """Say what was measured, in sentences and in five figures."""
    st.markdown(f"{plain(drift.sentence)} {plain(traffic.sentence)}")
    newest = _newest(performance)
    metric = plan.metric(performance.metric)
    with st.grid(5, min_column_width=150):
        st.metric("Rows answered", f"{traffic.n_rows:,}", border=True)
        st.metric(metric.label, plan.format_value(metric.name, newest.value) if newest else "not known", border=True)
        known = f"{performance.coverage:.0%}" if performance.n_predictions else "–"
        st.metric("Truth known", known, border=True)
        judged = [column for column in drift.columns if column.outcome != "not_enough_data"]
        changed = f"{drift.n_drifted} of {len(drift.columns)}" if judged else "not known"
        st.metric("Columns that changed", changed, border=True)
        st.metric("Typical answer", _milliseconds(traffic.latency_p50_ms), border=True)


def _milliseconds(value: float | None) -> str:
    return "–" if value is None else f"{value:.3g} ms"


def show_drift(report: DriftReport) -> None:
    """Draw how far the columns have moved, and one of them in detail."""
    st.subheader("Have the questions changed?")
    if report.n_rows_missing:
        st.caption(f"{count(report.n_rows_missing, 'more row')} are needed before anything can be said.")
    if all(column.psi is None for column in report.columns):
        return
    left, right = st.columns([3, 2])
    left.plotly_chart(
        charts.drift_by_column(report, threshold=monitor.PSI_FLOOR),
        key="monitor_drift",
        config=MODEBAR,
        alt=f"How much each column changed: {report.n_drifted} of {len(report.columns)} clearly",
    )
    with right:
        _show_column(report)


def _show_column(report: DriftReport) -> None:
    """Draw one column, chosen by the person: the rows learned from against the live ones."""
    columns = {column.name: column for column in _most_changed_first(report)}
    chosen = st.selectbox("Look closer at", list(columns), key="monitor_column")
    st.plotly_chart(
        charts.reference_and_current(columns[chosen]),
        key="monitor_column_detail",
        config=MODEBAR,
        alt=f"{chosen}: rows it learned from against live rows",
    )
    st.caption(plain(columns[chosen].sentence))


def _most_changed_first(report: DriftReport) -> list[ColumnDrift]:
    answers = (report.prediction,) if report.prediction else ()
    return sorted((*report.columns, *answers), key=lambda column: column.psi or 0.0, reverse=True)


def show_traffic(report: TrafficReport) -> None:
    """Draw how much the model is asked, how fast it answers, and what went wrong."""
    st.subheader("How is it used?")
    st.segmented_control("In the last", list(SPANS), default="hour", required=True, key=SPAN)
    left, middle, right = st.columns(3)
    with left:
        st.caption("Rows answered")
        st.plotly_chart(charts.traffic(report), key="monitor_traffic", config=MODEBAR, alt="Rows answered over time")
    with middle:
        st.caption("Time to answer, in milliseconds")
        st.plotly_chart(charts.latency(report), key="monitor_latency", config=MODEBAR, alt="Time to answer over time")
    with right:
        st.caption("Requests that were not answered")
        if report.n_errors or report.n_refused:
            st.plotly_chart(
                charts.errors(report), key="monitor_errors", config=MODEBAR, alt="Failed requests over time"
            )
        else:
            st.markdown(":green[:material/check_circle:] None.")
