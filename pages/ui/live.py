"""A live model on the screen: changed questions, and traffic."""

from datetime import datetime, timedelta

import streamlit as st

from core import charts
from core.records import TrafficReport, utc_now
from pages.ui.simulate import shade_simulated
from pages.ui.state import store
from pages.ui.words import say_ago

MODEBAR = {"displayModeBar": False}
SPAN = "monitor_span"
SPANS = {"10 minutes": 600, "hour": 3_600, "day": 86_400, "all": None}


def chosen_since() -> datetime | None:
    """Return the beginning of the traffic to show, as chosen below; the last hour at first."""
    seconds = SPANS[st.session_state.get(SPAN) or "hour"]
    return None if seconds is None else utc_now() - timedelta(seconds=seconds)


def show_traffic(report: TrafficReport) -> None:
    """Draw how much the model is asked, how fast it answers, and what went wrong."""
    st.subheader("How is it used?")
    st.segmented_control("In the last", list(SPANS), default="hour", required=True, key=SPAN)
    if not report.points:
        newest = store().log.windows(report.project_id, newest=1, only=())
        before = f" The newest question came {say_ago(newest[-1].started_at)}." if newest else ""
        st.markdown(f"{report.sentence}{before}")
        return
    left, middle, right = st.columns(3)
    with left:
        st.caption("Rows answered")
        st.plotly_chart(
            shade_simulated(charts.traffic(report)),
            key="monitor_traffic",
            config=MODEBAR,
            alt="Rows answered over time",
        )
    with middle:
        st.caption("Time to answer, in milliseconds")
        if report.latency_p95_ms is None:
            st.caption("No request was timed.")
        else:
            st.plotly_chart(
                charts.latency(report), key="monitor_latency", config=MODEBAR, alt="Time to answer over time"
            )
    with right:
        st.caption("Requests that were not answered")
        if report.n_errors or report.n_refused:
            st.plotly_chart(
                charts.errors(report), key="monitor_errors", config=MODEBAR, alt="Failed requests over time"
            )
        else:
            st.markdown(":green[:material/check_circle:] None.")
