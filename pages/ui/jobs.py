"""Long work on the screen: how far it is, how to stop it, how it ended."""

from datetime import timedelta

import streamlit as st

from core.records import Job, ProcessInfo, utc_now
from pages.ui.errors import error_frame
from pages.ui.state import store

REFRESH_S = 1.0
SILENT_FOR = timedelta(seconds=30)


def show_job(job: Job | None, *, title: str, key: str = "") -> bool:
    """Draw a piece of long work, live while it lasts, and return whether it still waits or works.

    When it ends the whole page runs again, so that results appear. Draws nothing for None.

    Parameters
    ----------
    job : Job or None
        What to show, typically `ui.newest_job("train")`.
    title : str
        What it is in words, for example "Training".
    key : str, optional
        Tells apart pieces of work of one kind that are on the page together.
    """
    if job is None:
        return False
    if job.active:
        _live_job(job.id, title, key)
    else:
        _ended(job, title)
    return job.active


@st.fragment(run_every=REFRESH_S)
def _live_job(job_id: str, title: str, key: str) -> None:
    with error_frame():
        job = store().get(Job, job_id)
        if not job.active:
            st.rerun()
        name = "_".join(filter(None, (job.kind, key)))
        with st.container(border=not key, key=f"job_{name}"):
            line, button = st.columns([5, 1], vertical_alignment="center")
            line.progress(job.progress, text=f"**{title}** · {_state_words(job)}")
            stop = button.button(
                "Stopping" if job.stop_requested else "Stop",
                key=f"job_stop_{name}",
                icon=":material/stop_circle:",
                disabled=job.stop_requested,
                width="stretch",
            )
            if stop:
                store().jobs.request_stop(job.id, utc_now())
                st.rerun(scope="fragment")


def _state_words(job: Job) -> str:
    if job.stop_requested:
        return "stopping"
    if job.status == "running":
        return job.message or "starting"
    if not runner_alive():
        return "waiting: the job runner is not running. Start Full Circle with `make run`."
    n_ahead = store().count(Job, status="running")
    n_ahead += sum(other.id < job.id for other in store().find(Job, status="queued"))
    if n_ahead:
        return f"waiting for {n_ahead} other piece{'s' if n_ahead > 1 else ''} of work on this server"
    return job.message or "starting in a moment"


def runner_alive() -> bool:
    """Whether there is a process that does the work."""
    runner = store().newest(ProcessInfo, name="jobs")
    return runner is not None and utc_now() - runner.heartbeat_at < SILENT_FOR


def _ended(job: Job, title: str) -> None:
    if job.status == "failed":
        st.error(job.hint or " ", title=f"{title}: {job.error or 'it did not work.'}", icon=":material/error:")
    elif job.status == "stopped":
        st.info(f"{title} was stopped. What was finished before is kept.", icon=":material/stop_circle:")
    else:
        st.caption(f":green[:material/check_circle:] {title} finished {_when(job)}. {job.message}")


def _when(job: Job) -> str:
    if job.ended_at is None or job.started_at is None:
        return ""
    seconds = (job.ended_at - job.started_at).total_seconds()
    took = f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min"
    return f"on {job.ended_at:%d %B, %H:%M} UTC after {took}"
