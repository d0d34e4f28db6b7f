"""What every page starts from: the open store, the chosen project, the person, and what has been done so far."""

import os
from typing import Any

import streamlit as st

from core import plan
from core.errors import NotReadyError
from core.records import Job, JobKind, Project
from core.store import Store, open_store
from pages.ui.navigation import OPENED

PREFILLED = "prefilled_"


@st.cache_resource(max_entries=4, show_spinner=False)
def _open(home: str | None, database_url: str | None) -> Store:
    return open_store(home, database_url)


def store() -> Store:
    """Return the open store, the same one for all sessions."""
    return _open(os.environ.get("FULL_CIRCLE_HOME"), os.environ.get("FULL_CIRCLE_DATABASE"))


def slug() -> str | None:
    """Return the slug of the chosen project as it stands in the address; None when none is chosen."""
    chosen: str | None = st.session_state.get("project")
    return chosen


def project() -> Project:
    """Return the chosen project.

    Raises
    ------
    NotReadyError
        When none is chosen; the frame says so in words and shows the way.
    NotFoundError
        When it was deleted meanwhile.
    """
    chosen = slug()
    if chosen is None:
        raise NotReadyError("No project is open.", "Choose one in the sidebar, or start a new one on Life cycle.")
    return plan.find_project(store(), chosen)


def person() -> str:
    """Return the name of the person at the screen, as typed in the sidebar; 'someone' when it is empty."""
    return str(st.session_state.get("you") or "").strip() or "someone"


def open_project(slug: str | None) -> None:
    """Make another project the chosen one (None: no project) from the next run on; follow with `ui.go_to(...)`."""
    st.session_state[OPENED] = slug


def newest_job(kind: JobKind) -> Job | None:
    """Return the newest piece of long work of a kind for the chosen project; None when there never was one."""
    return store().newest(Job, project_id=project().id, kind=kind)


def prefill(token: str, **values: Any) -> None:
    """Set the values that widgets start with, by their keys; call it before drawing them, without `value=`.

    A widget with a key keeps what was typed, even when another project is chosen. `token` names what the values come
    from (an id with the project in it); when it changes, or a widget was away, its value is set anew.
    """
    remembered = f"{PREFILLED}{next(iter(values), '')}"
    changed = st.session_state.get(remembered) != token
    st.session_state[remembered] = token
    for key, value in values.items():
        if changed or key not in st.session_state:
            st.session_state[key] = value


def begin_anew(prefix: str) -> None:
    """Have the widgets whose keys begin so start again with what `prefill` says; follow with `st.rerun()`."""
    for key in list(st.session_state):
        if str(key).removeprefix(PREFILLED).startswith(prefix):
            del st.session_state[key]
