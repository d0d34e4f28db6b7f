"""Saved sources: what they are, their secrets apart, and a refresh that makes a new version when something changed."""

import hashlib
import tempfile
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit

from core.collect.sources.api import PAGING, read_api
from core.collect.sources.database import check_select, list_tables, read_database, split_url
from core.collect.sources.feed import check_feed, read_feed
from core.collect.sources.guard import check_url
from core.collect.sources.keys import take_out_key
from core.collect.sources.later_rows import append_rows
from core.collect.sources.watch import Watch
from core.collect.sources.web import PageTable, look_at_page, read_web
from core.collect.versions import Draft, store_version
from core.errors import BadInputError, LifecycleError, NotFoundError
from core.records import Column, DatasetVersion, Job, Json, Project, Reading, Source, SourceKind, utc_now
from core.store import StoppedError, Store

T = TypeVar("T")
Read = tuple[tuple[Column, ...], Reading]
Reader = Callable[[Json, str, Path, Path, Watch], Read]
Run = Callable[[Callable[[Watch], Read]], Read]
READERS: Mapping[SourceKind, Reader] = {
    "database": read_database,
    "web": read_web,
    "api": read_api,
    "sensor": read_feed,
}
SETTINGS: Mapping[SourceKind, frozenset[str]] = {
    "database": frozenset(("url", "table", "query")),
    "web": frozenset(("url", "table", "key")),
    "api": frozenset(("url", "records", "header", "key", "paging", "next", "parameter", "first", "max_pages")),
    "sensor": frozenset(("url", "topic", "seconds", "messages", "append")),
}
MAX_EVERY_MINUTES = 31 * 24 * 60
MAX_NAMED = 5


@dataclass(frozen=True)
class Refreshed:
    """What reading a source gave: its newest version, whether it is new, and what changed, in a sentence."""

    version: DatasetVersion
    is_new: bool
    sentence: str


def save_source(  # noqa: PLR0913 - what a source is, each part named
    store: Store, project_id: str, *, kind: SourceKind, name: str, settings: Json, secret: str = "", by: str
) -> Source:
    """Save a source; a password or key within its address is taken out and kept apart, as the secret is.

    Raises
    ------
    BadInputError
        When the settings do not fit the kind.
    """
    store.get(Project, project_id)
    settings, secret = check_settings(kind, settings, secret)
    source = Source(project_id, kind, name.strip() or settings["url"], settings, created_by=by)
    if secret:
        store.files.save_secret(source.id, secret)
    return store.add(source)


def change_source(store: Store, source_id: str, *, settings: Json, secret: str = "") -> Source:
    """Give a source other settings; the secret stays as it is where none is given and the server is the same.

    Raises
    ------
    NotFoundError
        When the source is gone.
    BadInputError
        When the settings do not fit its kind, or the server is another one and the secret is not typed again.
    """
    source = store.get(Source, source_id)
    settings, secret = check_settings(source.kind, settings, secret)
    if secret:
        store.files.save_secret(source.id, secret)
    elif store.files.secret(source.id) and _place(settings["url"]) != _place(source.settings["url"]):
        # Else whoever may change an address could have the secret sent to a server of their own.
        raise BadInputError("The address leads to another server.", "Type the password or token for it.")
    return store.update(source, settings=settings, problem="")


def _place(url: str) -> str:
    return "//".join((urlsplit(url).scheme, urlsplit(url).netloc.lower()))


def schedule_source(store: Store, source_id: str, every_minutes: int | None) -> Source:
    """Have a source read again every so many minutes, or only when somebody asks for it (None).

    Raises
    ------
    BadInputError
        When it is more often than once a minute, or less than every 31 days.
    """
    if every_minutes is not None and not 1 <= every_minutes <= MAX_EVERY_MINUTES:
        raise BadInputError("A source can be read every 1 minute to every 31 days.", "Choose a time in between.")
    return store.update(store.get(Source, source_id), every_minutes=every_minutes, problem="")


def check_settings(kind: SourceKind, settings: Json, secret: str = "") -> tuple[Json, str]:
    """Return settings that are fit to be saved, and the secret they held or came with.

    Raises
    ------
    BadInputError
        When they do not fit the kind.
    """
    given = {key: value for key, value in settings.items() if key in SETTINGS[kind] and value not in (None, "")}
    given["url"] = str(given.get("url", "")).strip()
    if not (secret.isascii() and secret.isprintable()):
        raise BadInputError("The password or token has characters that cannot be sent.", "Type it again.")
    given, within = CHECKS[kind](given)
    if secret and within and secret != within:
        raise BadInputError("There are two secrets: one in the address and one beside it.", "Leave one out.")
    return given, secret or within


def _check_database(given: Json) -> tuple[Json, str]:
    given["url"], within = split_url(given["url"])
    if given.get("query"):
        given["query"] = check_select(given["query"])
    return given, within


def _check_web(given: Json) -> tuple[Json, str]:
    given["url"], key, within = take_out_key(str(check_url(given["url"])))
    if key:
        given["key"] = key
    if given.get("paging", "none") not in PAGING:
        raise BadInputError("This way to follow pages is not known.", f"Use one of: {', '.join(PAGING)}.")
    if not str(given.get("header", "x")).replace("-", "").isalnum():
        raise BadInputError("This is not the name of a header.", "It is usually 'Authorization'.")
    return given, within


CHECKS: Mapping[SourceKind, Callable[[Json], tuple[Json, str]]] = {
    "database": _check_database,
    "web": _check_web,
    "api": _check_web,
    "sensor": check_feed,
}


def list_sources(store: Store, project_id: str) -> list[Source]:
    """Return the saved sources of a project, oldest first."""
    return store.find(Source, project_id=project_id)


def remove_source(store: Store, source_id: str) -> None:
    """Forget a source and its secret, and stop reading it; the versions read from it stay."""
    for job in store.find(Job, kind="refresh", status="running") + store.find(Job, kind="refresh", status="queued"):
        if job.params.get("source_id") == source_id:
            store.jobs.request_stop(job.id, utc_now())
    store.files.remove_secret(source_id)
    store.remove(Source, id=source_id)


def database_tables(store: Store, url: str, secret: str = "") -> tuple[str, ...]:
    """Return the tables a database offers."""
    settings, secret = check_settings("database", {"url": url}, secret)
    return list_tables(settings, secret, store.home)


def web_tables(store: Store, url: str) -> tuple[PageTable, ...]:
    """Return the tables a web page offers; none when the address is that of a file."""
    return look_at_page(url, store.home / "uploads")


def at_once(read: Callable[[Watch], T]) -> T:
    """Run a reading here and now, with nobody to stop it."""
    return read(Watch())


def refresh_source(store: Store, source_id: str, *, by: str, run: Run = at_once) -> Refreshed:
    """Read a source again; where anything changed it becomes the project's next version.

    Parameters
    ----------
    run : function, optional
        Runs the part that waits for others, given a `Watch`; how a job watches and stops it.

    Raises
    ------
    NotFoundError
        When the source is gone.
    BadInputError
        When it cannot be read: why, and what to do. The source keeps that as its problem.
    """
    source = store.update(store.get(Source, source_id), last_tried_at=utc_now())
    try:
        refreshed = _refresh(store, source, by, run)
    except StoppedError:
        raise
    except LifecycleError as error:
        with suppress(NotFoundError):
            store.update(source, problem=f"{error.message} {error.hint}".strip())
        raise
    except Exception:
        # Its number is told by the job; here it counts as a failure, so that the schedule does not try it at once.
        with suppress(NotFoundError):
            store.update(source, problem="An unexpected error kept it from being read.")
        raise
    changed = {"dataset_id": refreshed.version.id, "last_read_at": utc_now(), "last_change": refreshed.sentence}
    store.update(source, problem="", **changed)
    return refreshed


def _refresh(store: Store, source: Source, by: str, run: Run) -> Refreshed:
    before, workspace = _version_before(store, source), store.home / "uploads"
    with tempfile.TemporaryDirectory(dir=workspace) as folder:
        table, secret = Path(folder) / "table.parquet", store.files.secret(source.id)
        columns, reading = run(partial(READERS[source.kind], source.settings, secret, table, workspace))
        if before is not None and source.settings.get("append"):
            columns, reading = append_rows(store.files.dataset(before.id), before, table, reading, Path(folder))
        if before is not None and _sha256(table) == before.sha256 and columns == before.columns:
            return Refreshed(before, False, "Nothing has changed since the last time; no new version was made.")
        store.get(Source, source.id)  # Nobody wants the rows of a source that was forgotten meanwhile.
        draft = Draft(source.project_id, source.name, by, source.kind, parent_id=before.id if before else None)

        def write(target: Path) -> tuple[tuple[Column, ...], Reading]:
            table.replace(target)
            return columns, reading

        version = store_version(store, draft, write)
    return Refreshed(version, True, describe_change(before, version))


def describe_change(before: DatasetVersion | None, after: DatasetVersion) -> str:
    """Say in a sentence what is different between two versions."""
    if before is None:
        return f"Read for the first time: {_count(after.n_rows, 'row')}, {_count(after.n_columns, 'column')}."
    difference = after.n_rows - before.n_rows
    parts = []
    if difference:
        parts.append(f"{_count(abs(difference), 'row')} {'more' if difference > 0 else 'fewer'}")
    for words, names in (
        ("new", [name for name in after.column_names if name not in before.column_names]),
        ("gone", [name for name in before.column_names if name not in after.column_names]),
    ):
        if names:
            more = " and others" if len(names) > MAX_NAMED else ""
            shown = ", ".join(f"'{name}'" for name in names[:MAX_NAMED])
            parts.append(f"{words}: {shown}{more}")
    what = "; ".join(parts) or "as many rows and the same columns, but other values"
    return f"Version {after.number}: {what} ({_count(after.n_rows, 'row')} now)."


def _version_before(store: Store, source: Source) -> DatasetVersion | None:
    if source.dataset_id is None:
        return None
    try:
        return store.get(DatasetVersion, source.dataset_id)
    except NotFoundError:
        return None


def _count(n: int, noun: str) -> str:
    return f"{n:,} {noun}" if n == 1 else f"{n:,} {noun}s"


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
