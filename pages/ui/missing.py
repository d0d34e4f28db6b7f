"""Empty states: what is not there yet, and the way to the stage that fills it."""

from typing import NoReturn

import streamlit as st

from pages.ui.navigation import link_to, page_info


def say_missing(title: str, hint: str, *, stage: str) -> None:
    """Say in words what is not there yet and link to the stage that fills it."""
    st.info(hint, title=title, icon=":material/signpost:")
    link_to(stage, f"Go to {page_info(stage).title}")


def stop_missing(title: str, hint: str, *, stage: str) -> NoReturn:
    """Say what is missing, as `say_missing`, and end the page here."""
    say_missing(title, hint, stage=stage)
    st.stop()
