"""Sources: where a table comes from, side by side; those that were saved are read again, by hand or by themselves."""

import time
from collections.abc import Mapping

import streamlit as st

from core import collect
from core.records import DatasetVersion, Job, Project, Source, SourceKind
from pages.ui.arrival import show_arrival
from pages.ui.errors import error_frame
from pages.ui.jobs import runner_alive, show_job
from pages.ui.source_forms import source_fields
from pages.ui.state import person, prefill, store
from pages.ui.upload import upload_form
from pages.ui.words import plain, say_ago, say_minutes, say_until

TITLES: Mapping[SourceKind, str] = {"database": "Database", "web": "Web", "api": "API", "sensor": "Sensor feed"}
ICONS: Mapping[SourceKind, str] = {
    "database": ":material/database:",
    "web": ":material/language:",
    "api": ":material/api:",
    "sensor": ":material/sensors:",
}
GOOD_FOR: Mapping[SourceKind, str] = {
    "database": "tables in PostgreSQL, MySQL, MariaDB or SQLite; it is only read, never changed",
    "web": "a file someone publishes, or a table shown on a web page",
    "api": "a program that answers in JSON, page after page, perhaps with a token",
    "sensor": "measurements as they arrive from an MQTT broker, for a time or up to a number",
}
FILE_GOOD_FOR = "a table you have: CSV, TSV, Excel, Parquet, JSON, also several as zip, or gzip"
FIRST_FILE = "A table as CSV, TSV, Excel, Parquet or JSON, also as zip or gzip, up to 500 MB"
NEWER_FILE = "A newer version of the table: the old one is kept"
UNITS = {"minutes": 1, "hours": 60, "days": 24 * 60}
QUICK_S = 4.0
"""Most sources are read within this time: then the page shows the table at once, without a job to watch."""
QUICK_POLL_S = 0.1


def show_sources(project: Project, *, first: bool = False) -> None:
    """Draw the saved sources of a project, each with a refresh, and each way to bring in a table.

    Parameters
    ----------
    first : bool
        Whether the project has no table yet.
    """
    saved = collect.list_sources(store(), project.id)
    for source in saved:
        _show_saved(source)
    file = store().newest(DatasetVersion, project_id=project.id, source="upload")
    read = {"file": file.created_at} if file else {}
    read |= {source.kind: source.last_read_at for source in saved if source.last_read_at}
    ago = {kind: f" · read {say_ago(moment)}" for kind, moment in read.items()}
    label = f"**File** · {FILE_GOOD_FOR}{ago.get('file', '')}"
    with st.expander(label, icon=":material/upload_file:", expanded=True, key="collect_from_file"):
        upload_form(FIRST_FILE if first else NEWER_FILE)
    for kind, title in TITLES.items():
        label = f"**{title}** · {GOOD_FOR[kind]}{ago.get(kind, '')}"
        with st.expander(label, icon=ICONS[kind], key=f"collect_from_{kind}"):
            # The number in the keys empties the fields, the secret among them, as soon as a source is saved.
            _add_form(project, kind, f"collect_source_{kind}_{len(saved)}")


def _add_form(project: Project, kind: SourceKind, prefix: str) -> None:
    name, settings, secret = source_fields(kind, prefix)
    words = "Save and collect" if kind == "sensor" else "Read and save"
    if st.button(words, type="primary", icon=":material/download:", key=f"{prefix}_read"):
        with error_frame():
            source = collect.save_source(
                store(), project.id, kind=kind, name=name, settings=settings, secret=secret, by=person()
            )
            _read(source)


def _read(source: Source) -> None:
    """Start reading a source, and wait for it as long as a person does without asking."""
    job = collect.start_refresh(store(), source.id, by=person())
    if runner_alive() and source.kind != "sensor":
        with st.spinner(f"Reading {plain(source.name)} ..."):
            deadline = time.monotonic() + QUICK_S
            while store().get(Job, job.id).active and time.monotonic() < deadline:
                time.sleep(QUICK_POLL_S)
    st.rerun()


def _show_saved(source: Source) -> None:
    job = collect.refresh_job(store(), source)
    busy = job is not None and job.active
    with st.container(border=True, key=f"collect_source_{source.id}"):
        read = f"read {say_ago(source.last_read_at)}" if source.last_read_at else "not read yet"
        often = f" · every {say_minutes(source.every_minutes)}" if source.every_minutes else ""
        st.markdown(f"{ICONS[source.kind]} **{plain(source.name)}** · {TITLES[source.kind]} · {read}{often}")
        st.caption(f"{plain(_place(source))}  \n{plain(source.last_change)}".strip())
        if busy:
            show_job(job, title="Collecting" if source.kind == "sensor" else "Reading", key=source.id)
            if source.kind == "sensor":
                show_arrival(job.id)
        else:
            _show_problem(source, job)
        _show_buttons(source, busy=busy)
        failed_first = source.dataset_id is None and bool(source.problem)
        with st.expander(
            "Settings", icon=":material/tune:", expanded=failed_first, key=f"collect_settings_{source.id}"
        ):
            _change_form(source, busy=busy)


def _place(source: Source) -> str:
    """Return where a source is, without its secret, which is not in its settings."""
    what = source.settings.get("topic") or source.settings.get("query") or ""
    return f"{source.settings['url']} · {what}" if what and what != source.name else str(source.settings["url"])


def _show_problem(source: Source, job: Job | None) -> None:
    # What the job tells has the number of an unexpected error, to be quoted.
    problem = f"{job.error} {job.hint or ''}" if job is not None and job.status == "failed" else source.problem
    if problem:
        when = f" (tried {say_ago(source.last_tried_at)})" if source.last_tried_at else ""
        st.error(plain(problem), title=f"It could not be read{when}.", icon=":material/error:")
        _show_next_try(source, job)
    elif job is not None and job.status == "stopped":
        st.caption("The last reading was stopped; nothing was changed.")


def _show_next_try(source: Source, job: Job | None) -> None:
    """Say when a source that failed is read again by itself."""
    at = collect.next_try_at(source, job)
    if at is None:
        return
    st.caption(
        f"It is tried again by itself {say_until(at)}. The pauses grow while it fails, up to a day, until you read it "
        "yourself or change its settings."
    )


def _show_buttons(source: Source, *, busy: bool) -> None:
    words = "Collect again" if source.kind == "sensor" else "Refresh"
    with st.container(horizontal=True):
        if st.button(words, icon=":material/sync:", key=f"collect_refresh_{source.id}", disabled=busy):
            with error_frame():
                _read(source)
        if st.button(
            "Forget",
            icon=":material/link_off:",
            key=f"collect_forget_{source.id}",
            help="The tables read from it stay; its address and password are deleted.",
        ):
            collect.remove_source(store(), source.id)
            st.rerun()


def _change_form(source: Source, *, busy: bool) -> None:
    prefix = f"collect_change_{source.id}"
    _, settings, secret = source_fields(source.kind, prefix, source)
    minutes = source.every_minutes or 0
    unit = next((name for name, size in reversed(UNITS.items()) if minutes and not minutes % size), "hours")
    prefill(
        f"{source.id} {minutes}",
        **{f"{prefix}_every": minutes // UNITS[unit] if minutes else 0, f"{prefix}_unit": unit},
    )
    with st.container(horizontal=True, vertical_alignment="bottom"):
        every = st.number_input("Read it by itself every", 0, 1000, key=f"{prefix}_every", help="0: only when asked.")
        unit = st.selectbox("Unit", list(UNITS), key=f"{prefix}_unit")
    if st.button("Save and read", icon=":material/save:", key=f"{prefix}_save", disabled=busy):
        with error_frame():
            collect.schedule_source(store(), source.id, int(every) * UNITS[unit] or None)
            _read(collect.change_source(store(), source.id, settings=settings, secret=secret))
