"""What arrives from a sensor feed, while it arrives: how much, how fast, and the newest messages."""

import pandas as pd
import streamlit as st

from core import charts, collect
from core.records import Arrival, Job
from pages.ui.errors import error_frame
from pages.ui.state import store
from pages.ui.words import count

REFRESH_S = 1.0
MODEBAR = {"displayModeBar": False}


@st.fragment(run_every=REFRESH_S)
def show_arrival(job_id: str) -> None:
    """Draw what has arrived by a job that collects, live."""
    with error_frame():
        arrival = collect.arrival_of(store().get(Job, job_id))
        if arrival is None:
            st.caption("Waiting for the broker.")
            return
        if not arrival.connected:
            st.warning("The broker does not answer at present. It is tried again until the time is over.")
        st.markdown(_words(arrival))
        if arrival.n_messages:
            st.plotly_chart(
                charts.arrival(arrival), key=f"collect_arrival_{job_id}", config=MODEBAR, alt="Messages over time"
            )
            st.dataframe(
                pd.DataFrame(
                    [
                        {"Arrived (UTC)": message.arrived_at, "Topic": message.topic, "Message": message.content}
                        for message in arrival.last
                    ]
                ),
                hide_index=True,
                column_config={"Arrived (UTC)": st.column_config.DatetimeColumn(format="HH:mm:ss")},
                key=f"collect_messages_{job_id}",
                alt="The newest messages, the last one first",
            )


def _words(arrival: Arrival) -> str:
    if not arrival.n_messages:
        return "Connected. Nothing has arrived yet."
    words = f"**{count(arrival.n_messages, 'message')}**, {count(arrival.n_rows, 'row')}, "
    # The last stretch has only begun.
    whole = arrival.per_slot[:-1][-10:] or arrival.per_slot
    words += f"about {sum(whole) / (len(whole) * arrival.slot_s):,.3g} a second lately."
    if arrival.n_malformed:
        words += f" {count(arrival.n_malformed, 'message')} could not be read as JSON and will be left out."
    return words
