"""The circle: eight stages, which are done for this project, where you are, what comes next; a click goes there."""

from collections.abc import Sequence
from dataclasses import asdict
from functools import cache
from pathlib import Path
from typing import Any

import streamlit as st

from core.plan import StageState, current_lap, next_stage
from core.records import Project
from pages.ui.navigation import STAGE_KEYS, address_query, go_to, page_info
from pages.ui.state import store

FOLDER = Path(__file__).parent


@cache
def _asset(name: str) -> str:
    return (FOLDER / name).read_text(encoding="utf-8")


def draw_circle(
    project: Project, states: Sequence[StageState], *, here: str | None = None, large: bool = False
) -> None:
    """Draw the circle, as a strip for the top of a page or large for the home page.

    Parameters
    ----------
    project : Project
        Whose circle it is.
    states : sequence of StageState
        Its eight stages.
    here : str, optional
        Key of the stage whose page is open.
    large : bool
        Whether to draw the real circle rather than the strip.
    """
    n_done = sum(state.done for state in states)
    drawing = {
        "stages": states,
        "here": here,
        "next": next_stage(tuple(states)).key,
        "name": project.name,
        "lap": f"Lap {current_lap(store(), project.id)}",
        "count": f"{n_done} of {len(states)} done",
        "large": large,
    }
    _draw(drawing, key="circle_large" if large else "circle")


def draw_example() -> None:
    """Draw the circle without a project: what the stages are, in which order, and that they start over."""
    stages = [StageState(key, key.capitalize(), False, page_info(key).opening) for key in STAGE_KEYS]
    drawing = {"stages": stages, "next": "plan", "lap": "Full circle", "count": "and round again", "large": True}
    _draw(drawing, key="circle_example")


def _draw(drawing: dict[str, Any], *, key: str) -> None:
    """Draw what is given, with the address of each stage's page, and go where a click says."""
    query = address_query()
    stages = [asdict(state) | {"href": f"{page_info(state.key).url_path}?{query}"} for state in drawing["stages"]]
    # Registering the same component again is free, and keeps the import of this module without effect.
    component = st.components.v2.component(
        "full_circle", html='<div id="circle">\n</div>', css=_asset("circle.css"), js=_asset("circle.js")
    )
    clicked = component(key=key, data=drawing | {"stages": stages}, on_stage_change=lambda: None).stage
    if clicked:
        go_to(clicked)
