"""Home: the circle drawn large, where this project stands on it, the next step, the laps so far."""

import streamlit as st

from core import plan
from pages import ui
from pages.ui.laps import show_laps
from pages.ui.words import plain

N_PROJECTS_SHOWN = 8


def welcome() -> None:
    circle, cards = st.columns([5, 6], gap="large", vertical_alignment="center")
    with circle:
        ui.draw_example()
    with cards:
        st.markdown("### Welcome. Look around with a ready project ...")
        ui.sample_cards("home")
    st.markdown("### ... or start with your own table")
    ui.own_project_form("home")
    projects = plan.list_projects(ui.store())
    if projects:
        st.markdown("### Open a project that is here already")
        with st.container(horizontal=True):
            for project in reversed(projects[-N_PROJECTS_SHOWN:]):
                if st.button(
                    plain(project.name), key=f"home_open_{project.slug}", help=f"Made by {project.created_by}"
                ):
                    ui.open_project(project.slug)
                    ui.go_to("home")
        if len(projects) > N_PROJECTS_SHOWN:
            st.caption(f"The newest {N_PROJECTS_SHOWN} of {len(projects)}; the list in the sidebar has them all.")


def show_next(states: tuple[plan.StageState, ...]) -> None:
    following = plan.next_stage(states)
    with st.container(border=True):
        st.caption("Next step")
        st.markdown(f"#### {ui.page_info(following.key).title}")
        st.markdown(plain(following.sentence))
        if st.button(
            f"Go to {ui.page_info(following.key).title}",
            type="primary",
            icon=":material/arrow_forward:",
            key="home_next",
        ):
            ui.go_to(following.key)


def show_stages(states: tuple[plan.StageState, ...]) -> None:
    for state in states:
        mark = ":primary[:material/check_circle:]" if state.done else ":gray[:material/radio_button_unchecked:]"
        st.markdown(f"{mark} **{state.title}.** {plain(state.sentence)}")


if ui.slug() is None:
    welcome()
else:
    project = ui.project()
    states = plan.stage_states(ui.store(), project.id)
    circle, words = st.columns([5, 4], gap="large", vertical_alignment="center")
    with circle:
        ui.draw_circle(project, states, large=True)
    with words:
        st.markdown(f"## {plain(project.name)}")
        show_next(states)
        show_stages(states)
    show_laps(key="home")
