"""Sources: where a table can be read from again and again, each with what it is good for and what changed last."""

from collections.abc import Callable, Mapping

import streamlit as st

from core import collect
from core.records import Json, Project, Source, SourceKind
from pages.ui.errors import error_frame
from pages.ui.state import person, store
from pages.ui.words import count, plain, say_ago

TITLES: Mapping[SourceKind, str] = {"database": "Database", "web": "Web", "api": "API"}
ICONS: Mapping[SourceKind, str] = {
    "database": ":material/database:",
    "web": ":material/language:",
    "api": ":material/api:",
}
GOOD_FOR: Mapping[SourceKind, str] = {
    "database": "Good for tables that live in PostgreSQL, MySQL, MariaDB or SQLite: it is only read, never changed.",
    "web": "Good for a file someone publishes (CSV, Excel, JSON, Parquet, zip), or a table shown on a web page.",
    "api": "Good for a program that answers in JSON, page after page, perhaps with a token.",
}
PAGING = {
    "none": "There is one page",
    "next": "By a link in the answer",
    "page": "By the number of the page",
    "offset": "By how many records came before",
}


def show_sources(project: Project) -> None:
    """Draw the saved sources of a project, each with a refresh, and a form to add one."""
    saved = collect.list_sources(store(), project.id)
    for source in saved:
        _show_saved(source)
    with st.expander("Add a source", icon=":material/add_link:", expanded=not saved):
        kind = st.segmented_control(
            "Where is the table?",
            list(TITLES),
            default="database",
            required=True,
            format_func=lambda key: f"{ICONS[key]} {TITLES[key]}",
            key="collect_source_kind",
        )
        st.caption(GOOD_FOR[kind])
        # The number in the keys empties the fields, the secret among them, as soon as a source is saved.
        prefix = f"collect_source_{kind}_{len(saved)}"
        FORMS[kind](project, prefix)


def _show_saved(source: Source) -> None:
    with st.container(border=True, key=f"collect_source_{source.id}"):
        words, refresh, forget = st.columns([6, 2, 2], vertical_alignment="center")
        read = f"read {say_ago(source.last_read_at)}" if source.last_read_at else "never read"
        words.markdown(f"{ICONS[source.kind]} **{plain(source.name)}** · {TITLES[source.kind]} · {read}")
        words.caption(plain(source.last_change or "Not read yet."))
        if refresh.button("Refresh", icon=":material/sync:", key=f"collect_refresh_{source.id}", width="stretch"):
            with error_frame(), st.spinner(f"Reading {plain(source.name)} ..."):
                collect.refresh_source(store(), source.id, by=person())
                st.rerun()
        if forget.button(
            "Forget",
            icon=":material/link_off:",
            key=f"collect_forget_{source.id}",
            help="The tables read from it stay; its address and password are deleted.",
            width="stretch",
        ):
            collect.remove_source(store(), source.id)
            st.rerun()


def _add(project: Project, kind: SourceKind, name: str, settings: Json, secret: str = "") -> None:
    """Save a source and read it; one that cannot be read leaves nothing behind."""
    with error_frame(), st.spinner("Reading ..."):
        source = collect.save_source(
            store(), project.id, kind=kind, name=name, settings=settings, secret=secret, by=person()
        )
        done = False
        try:
            collect.refresh_source(store(), source.id, by=person())
            done = True
        finally:
            if not done:
                collect.remove_source(store(), source.id)
        st.rerun()


def _read_button(prefix: str) -> bool:
    return st.button("Read and save", type="primary", icon=":material/download:", key=f"{prefix}_read")


def _database_form(project: Project, prefix: str) -> None:
    url = st.text_input("Address", placeholder="postgresql://name@host:5432/database", key=f"{prefix}_url")
    secret = st.text_input("Password", type="password", key=f"{prefix}_secret", help="Kept apart and never shown.")
    if st.button("Show its tables", icon=":material/list:", key=f"{prefix}_look"):
        with error_frame(), st.spinner("Asking the database ..."):
            st.session_state[f"{prefix}_offered"] = collect.database_tables(store(), url, secret)
    offered = st.session_state.get(f"{prefix}_offered", ())
    table = st.selectbox(
        "Table",
        offered,
        index=None,
        accept_new_options=True,
        key=f"{prefix}_table",
        placeholder="Choose or type a name",
    )
    query = st.text_area("Or one SELECT", placeholder="SELECT ... FROM ... WHERE ...", key=f"{prefix}_query")
    if _read_button(prefix):
        name = f"{table}" if table and not query else "SELECT"
        _add(project, "database", name, {"url": url, "table": None if query else table, "query": query}, secret)


def _web_form(project: Project, prefix: str) -> None:
    url = st.text_input("Address", placeholder="https://example.org/table.csv", key=f"{prefix}_url")
    if st.button("Look for tables on the page", icon=":material/search:", key=f"{prefix}_look"):
        with error_frame(), st.spinner("Looking at the page ..."):
            found = collect.web_tables(store(), url)
            st.session_state[f"{prefix}_offered"] = found
            if not found:
                st.info("It is a file, not a page: it is read as a whole.", icon=":material/draft:")
    offered = st.session_state.get(f"{prefix}_offered", ())
    chosen = None
    if offered:
        labels = {t.number: f"{', '.join(t.first_row)} ({count(t.n_rows, 'row')})" for t in offered}
        chosen = st.selectbox("Table", list(labels), format_func=labels.__getitem__, key=f"{prefix}_table")
    if _read_button(prefix):
        _add(project, "web", url.split("?")[0].rstrip("/").rsplit("/", 1)[-1], {"url": url, "table": chosen})


def _api_form(project: Project, prefix: str) -> None:
    url = st.text_input("Address", placeholder="https://api.example.org/records", key=f"{prefix}_url")
    records = st.text_input(
        "Where the list of records is in the answer", placeholder="data.items", key=f"{prefix}_records"
    )
    left, right = st.columns(2)
    header = left.text_input("Header for the token", value="Authorization", key=f"{prefix}_header")
    secret = right.text_input("Token", type="password", key=f"{prefix}_secret", help="Kept apart and never shown.")
    paging = left.selectbox(
        "How the next page is found", list(PAGING), format_func=PAGING.__getitem__, key=f"{prefix}_paging"
    )
    settings = {"url": url, "records": records, "header": header, "paging": paging}
    if paging == "next":
        settings["next"] = right.text_input("Where the link is in the answer", value="next", key=f"{prefix}_next")
    elif paging != "none":
        settings["parameter"] = right.text_input("Name of the parameter", value=paging, key=f"{prefix}_parameter")
    if _read_button(prefix):
        _add(project, "api", url.split("?")[0].removeprefix("https://").removeprefix("http://"), settings, secret)


FORMS: Mapping[SourceKind, Callable[[Project, str], None]] = {
    "database": _database_form,
    "web": _web_form,
    "api": _api_form,
}
