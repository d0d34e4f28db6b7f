"""How the live model is, in one large word, with the reason and the next step."""

import streamlit as st

from core import monitor, serve
from core.records import LiveState, utc_now
from core.records.standing import StateWord
from pages.ui.errors import error_frame
from pages.ui.navigation import link_to
from pages.ui.state import project, store
from pages.ui.words import plain

WORDS: dict[StateWord, str] = {
    "healthy": ":green[:material/check_circle: Healthy]",
    "look": ":orange[:material/visibility: Needs a look]",
    "broken": ":red[:material/error: Broken]",
}


@st.fragment(run_every=15)
def show_state() -> None:
    """Draw the state of what is live, looked up again every quarter of a minute."""
    with error_frame():
        state = monitor.check_state(store(), project().id, now=utc_now())
        if state is not None:
            _draw(state)


def _draw(state: LiveState) -> None:
    with st.container(border=True, key=f"deploy_state_{state.state}"):
        st.markdown(f"## {WORDS[state.state]}")
        st.markdown(plain(f"{state.reason} {state.hint}".strip()))
        if state.next_step == "start_service":
            if st.button("Start the prediction service", icon=":material/power:", key="deploy_start_service"):
                with st.spinner("Starting the service ..."):
                    serve.start_service(store())
                st.rerun()
        elif state.next_step == "monitor":
            link_to("monitor", "Look at Monitor")
