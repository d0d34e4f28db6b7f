"""Empty states: what is not there yet, and the way to the stage that fills it."""

from typing import NoReturn

import streamlit as st

from core import plan
from pages.ui.navigation import STAGE_KEYS, link_to, page_info
from pages.ui.state import project, store


def say_missing(title: str, hint: str, *, stage: str) -> None:
    """Say in words what is not there yet, and link to the stage that fills it, or to what must be done before that."""
    st.info(hint, title=title, icon=":material/signpost:")
    done = {state.key: state.done for state in plan.stage_states(store(), project().id)}
    # Who is sent to a stage that itself lacks something would be sent on from there, page after page.
    before = STAGE_KEYS[STAGE_KEYS.index("collect") : STAGE_KEYS.index(stage)]
    following = next((key for key in before if not done[key]), stage)
    link_to(following, f"Go to {page_info(following).title}")


def stop_missing(title: str, hint: str, *, stage: str) -> NoReturn:
    """Say what is missing, as `say_missing`, and end the page here."""
    say_missing(title, hint, stage=stage)
    st.stop()
