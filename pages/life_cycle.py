"""Home: the circle drawn large, where this project stands on it, the next step, the laps so far."""

import streamlit as st

from core import charts, plan
from core.records import Lap
from pages import ui
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


def show_laps(laps: list[Lap]) -> None:
    st.markdown("### Laps so far")
    if not laps:
        st.caption("A lap is complete when a model goes live. The first one is under way.")
        return
    rows = [
        {
            "Lap": lap.number,
            "Finished": lap.created_at,
            "Why": lap.reason,
            "Measured by": plan.metric(lap.metric).label if lap.metric else None,
            "Value": plan.format_value(lap.metric, lap.value) if lap.metric and lap.value is not None else None,
            "Released by": lap.promoted_by,
        }
        for lap in reversed(laps)
    ]
    st.dataframe(rows, hide_index=True, alt="Completed laps, the newest first")
    if len(laps) > 1 and laps[-1].metric:
        figure = charts.laps(laps, plan.metric(laps[-1].metric))
        st.plotly_chart(figure, key="home_laps", config={"displayModeBar": False}, alt="What each lap ended with")


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
    show_laps(plan.list_laps(ui.store(), project.id))
