"""A live model on the screen: changed questions, and traffic."""

from datetime import datetime, timedelta

import streamlit as st

from core import charts, monitor
from core.records import (
    ColumnDrift,
    DriftReport,
    TrafficReport,
    utc_now,
)
from pages.ui.words import count, plain

MODEBAR = {"displayModeBar": False}
SPAN = "monitor_span"
SPANS = {"10 minutes": 600, "hour": 3_600, "day": 86_400, "all": None}


def chosen_since() -> datetime | None:
    """Return the beginning of the traffic to show, as chosen below; the last hour at first."""
    seconds = SPANS[st.session_state.get(SPAN) or "hour"]
    return None if seconds is None else utc_now() - timedelta(seconds=seconds)


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
