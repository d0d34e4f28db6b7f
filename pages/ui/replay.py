"""The kept-back rows as live questions: how many, how fast, and when the truth follows."""

import streamlit as st

from core import simulate
from core.records import DatasetVersion
from pages.ui.errors import error_frame
from pages.ui.state import person, prefill, project, store
from pages.ui.words import count

FIRST_N_ROWS = 3_000


def replay_form(stream: DatasetVersion, *, busy: bool) -> None:
    """Draw the controls of a replay and start it.

    Parameters
    ----------
    stream : DatasetVersion
        The kept-back rows.
    busy : bool
        Whether one is being played already.
    """
    n_played = simulate.next_row(store(), stream)
    if n_played >= stream.n_rows:
        st.caption(f"All {stream.n_rows:,} kept-back rows have been played. More can be kept back on Collect data.")
        return
    st.caption(
        f"{n_played:,} of {count(stream.n_rows, 'row')} have been played. They are sent to the service as if somebody "
        "asked now; the truth follows later, as in real life."
    )
    n_left = stream.n_rows - n_played
    prefill(f"{stream.id} {n_played}", monitor_n_rows=min(FIRST_N_ROWS, n_left))
    with st.form("monitor_replay_form", border=False):
        with st.grid(4, min_column_width=180):
            n_rows = st.number_input("How many rows", 1, n_left, step=1, key="monitor_n_rows")
            speed = st.select_slider("Rows a second", [1, 5, 20, 50, 100, 200], 50, key="monitor_speed")
            delay = st.select_slider("Seconds until the truth arrives", [0, 5, 15, 60, 300], 5, key="monitor_delay")
            share = st.slider("Share whose truth arrives (%)", 0, 100, 80, 10, key="monitor_label_share")
        started = st.form_submit_button(
            "Start playing", type="primary", icon=":material/play_arrow:", disabled=busy, key="monitor_start"
        )
    if started:
        with error_frame():
            simulate.start_replay(
                store(),
                project().id,
                rows_per_second=float(speed),
                n_rows=int(n_rows),
                label_delay_s=float(delay),
                label_share=share / 100,
                by=person(),
            )
            st.rerun()
