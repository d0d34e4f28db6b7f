"""The fields of a source, kind by kind: empty to add one, filled to change one."""

from collections.abc import Callable, Mapping

import streamlit as st

from core import collect
from core.records import Json, Source, SourceKind
from pages.ui.errors import error_frame
from pages.ui.state import prefill, store
from pages.ui.words import count

Filled = tuple[str, Json, str]
"""The name of a source, its settings, and its secret (empty: as it was)."""
PAGING = {
    "none": "There is one page",
    "next": "By a link in the answer",
    "page": "By the number of the page",
    "offset": "By how many records came before",
}
KEPT = "Kept apart and never shown."
UNCHANGED = "Empty: it stays as it is. It is kept apart and never shown."


def source_fields(kind: SourceKind, prefix: str, old: Source | None = None) -> Filled:
    """Draw the fields of a kind of source and return what is in them.

    Parameters
    ----------
    prefix : str
        Begins the keys of the fields.
    old : Source, optional
        What the fields start with.
    """
    settings = old.settings if old else {}
    if old:
        starts = {
            f"{prefix}_{name}": value for name, value in (STARTS[kind] | settings).items() if name in STARTS[kind]
        }
        prefill(f"{old.id} {sorted(settings.items())}", **starts)
    else:
        for name, value in STARTS[kind].items():
            st.session_state.setdefault(f"{prefix}_{name}", value)
    name, filled, secret = FORMS[kind](prefix, settings)
    kept = {"key": settings["key"]} if settings.get("key") and not secret else {}
    return (old.name if old else name), filled | kept, secret


def _secret(label: str, prefix: str, settings: Json) -> str:
    return st.text_input(label, type="password", key=f"{prefix}_secret", help=UNCHANGED if settings else KEPT)


def _bare(url: str) -> str:
    """Return an address without what may hold a key."""
    return url.split("?")[0].split("#")[0].rstrip("/")


def _database(prefix: str, settings: Json) -> Filled:
    url = st.text_input("Address", placeholder="postgresql://name@host:5432/database", key=f"{prefix}_url")
    secret = _secret("Password", prefix, settings)
    if st.button("Show its tables", icon=":material/list:", key=f"{prefix}_look"):
        with error_frame(), st.spinner("Asking the database ..."):
            st.session_state[f"{prefix}_offered"] = collect.database_tables(store(), url, secret)
    known = (settings["table"],) if settings.get("table") else ()
    table = st.selectbox(
        "Table",
        st.session_state.get(f"{prefix}_offered", known),
        index=None,
        accept_new_options=True,
        key=f"{prefix}_table",
        placeholder="Choose or type a name",
    )
    query = st.text_area("Or one SELECT", placeholder="SELECT ... FROM ... WHERE ...", key=f"{prefix}_query")
    name = f"{table}" if table and not query else "SELECT"
    return name, {"url": url, "table": None if query else table, "query": query}, secret


def _web(prefix: str, settings: Json) -> Filled:
    url = st.text_input("Address", placeholder="https://example.org/table.csv", key=f"{prefix}_url")
    if st.button("Look for tables on the page", icon=":material/search:", key=f"{prefix}_look"):
        with error_frame(), st.spinner("Looking at the page ..."):
            found = collect.web_tables(store(), url)
            st.session_state[f"{prefix}_offered"] = found
            if not found:
                st.info("It is a file, not a page: it is read as a whole.", icon=":material/draft:")
    offered, chosen = st.session_state.get(f"{prefix}_offered", ()), settings.get("table")
    if offered:
        labels = {t.number: f"{', '.join(t.first_row)} ({count(t.n_rows, 'row')})" for t in offered}
        chosen = st.selectbox("Table", list(labels), format_func=labels.__getitem__, key=f"{prefix}_choice")
    return _bare(url).rsplit("/", 1)[-1], {"url": url, "table": chosen}, ""


def _api(prefix: str, settings: Json) -> Filled:
    url = st.text_input("Address", placeholder="https://api.example.org/records", key=f"{prefix}_url")
    records = st.text_input(
        "Where the list of records is in the answer",
        placeholder="data.items",
        key=f"{prefix}_records",
        help="Names with dots between. Empty: the answer is the list.",
    )
    left, right = st.columns(2)
    header = left.text_input("Header for the token", key=f"{prefix}_header")
    with right:
        secret = _secret("Token", prefix, settings)
    left, right = st.columns(2)
    paging = left.selectbox(
        "How the next page is found", list(PAGING), format_func=PAGING.__getitem__, key=f"{prefix}_paging"
    )
    filled = {"url": url, "records": records, "header": header, "paging": paging}
    if paging == "next":
        filled["next"] = right.text_input("Where the link is in the answer", key=f"{prefix}_next")
    elif paging != "none":
        filled["parameter"] = right.text_input("Name of the parameter", placeholder=paging, key=f"{prefix}_parameter")
    return _bare(url).removeprefix("https://").removeprefix("http://"), filled, secret


def _sensor(prefix: str, settings: Json) -> Filled:
    left, right = st.columns(2)
    url = left.text_input("Broker", placeholder="mqtts://name@broker.example.org:8883", key=f"{prefix}_url")
    with right:
        secret = _secret("Password", prefix, settings)
    left, right = st.columns(2)
    topic = left.text_input(
        "Topic",
        placeholder="hall/+/temperature",
        key=f"{prefix}_topic",
        help="A + stands for any one level, a # at the end for all levels below.",
    )
    seconds = right.number_input("Collect for so many seconds", 1, 6 * 3600, step=10, key=f"{prefix}_seconds")
    left, right = st.columns(2, vertical_alignment="bottom")
    number = left.number_input(
        "Or until so many messages have come",
        0,
        1_000_000,
        step=100,
        key=f"{prefix}_messages",
        help="0: no matter how many.",
    )
    append = right.checkbox(
        "Add to the rows collected before", key=f"{prefix}_append", help="Else each time is a table of its own."
    )
    filled = {"url": url, "topic": topic, "seconds": seconds, "messages": number or None, "append": append or None}
    return topic, filled, secret


STARTS: Mapping[SourceKind, Json] = {
    "database": {"url": "", "table": None, "query": ""},
    "web": {"url": ""},
    "api": {
        "url": "",
        "records": "",
        "header": "Authorization",
        "paging": "none",
        "next": "next",
        "parameter": "",
    },
    "sensor": {"url": "", "topic": "", "seconds": 60, "messages": 0, "append": False},
}
FORMS: Mapping[SourceKind, Callable[[str, Json], Filled]] = {
    "database": _database,
    "web": _web,
    "api": _api,
    "sensor": _sensor,
}
