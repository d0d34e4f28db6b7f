"""Watch wall: the live model on a big screen, refreshed by itself; nothing to click."""

import streamlit as st

from core import deploy
from pages import ui
from pages.ui import overview

REFRESH_S = 5
store = ui.store()
project = ui.project()


@st.fragment(run_every=REFRESH_S)
def show_wall() -> None:
    with ui.error_frame():
        if deploy.live_model(store, project.id) is None:
            ui.stop_missing(f"{project.name}: no model is live yet.", "It appears here once one is.", stage="deploy")
        # Looked up at each refresh: a screen on the wall is not reloaded when something goes live.
        decided = overview.what_is_decided(project.id)
        told = overview.recent_overview(decided)
        st.markdown(f"### {ui.plain(project.name)}")
        overview.show_standing(told, large=True)
        overview.show_figures(told)
        overview.show_history(told, decided, large=True)


show_wall()
ui.link_to("monitor", "Back to Monitor model")
