"""Saved sources: what they are, their secrets apart, and a refresh that makes a new version when something changed."""

import hashlib
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from core.collect.sources.api import PAGING, read_api
from core.collect.sources.database import check_select, list_tables, read_database, split_url
from core.collect.sources.guard import check_url
from core.collect.sources.web import PageTable, look_at_page, read_web
from core.collect.versions import Draft, store_version
from core.errors import BadInputError, NotFoundError
from core.records import Column, DatasetVersion, Json, Project, Reading, Source, SourceKind, utc_now
from core.store import Store

Reader = Callable[[Json, str, Path, Path], tuple[tuple[Column, ...], Reading]]
READERS: Mapping[SourceKind, Reader] = {"database": read_database, "web": read_web, "api": read_api}
SETTINGS: Mapping[SourceKind, frozenset[str]] = {
    "database": frozenset(("url", "table", "query")),
    "web": frozenset(("url", "table")),
    "api": frozenset(("url", "records", "header", "paging", "next", "parameter", "first", "max_pages")),
}
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
    """Save a source; a password within a database's address is taken out and kept apart, as the secret is.

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
    if kind == "database":
        given["url"], within = split_url(given["url"])
        if given.get("query"):
            given["query"] = check_select(given["query"])
        return given, secret or within
    given["url"] = str(check_url(given["url"]))
    if given.get("paging", "none") not in PAGING:
        raise BadInputError("This way to follow pages is not known.", f"Use one of: {', '.join(PAGING)}.")
    if not str(given.get("header", "x")).replace("-", "").isalnum():
        raise BadInputError("This is not the name of a header.", "It is usually 'Authorization'.")
    return given, secret


def list_sources(store: Store, project_id: str) -> list[Source]:
    """Return the saved sources of a project, oldest first."""
    return store.find(Source, project_id=project_id)


def remove_source(store: Store, source_id: str) -> None:
    """Forget a source and its secret; the versions read from it stay."""
    store.files.remove_secret(source_id)
    store.remove(Source, id=source_id)


def database_tables(store: Store, url: str, secret: str = "") -> tuple[str, ...]:
    """Return the tables a database offers."""
    settings, secret = check_settings("database", {"url": url}, secret)
    return list_tables(settings, secret, store.home)


def web_tables(store: Store, url: str) -> tuple[PageTable, ...]:
    """Return the tables a web page offers; none when the address is that of a file."""
    return look_at_page(url, store.home / "uploads")


def refresh_source(store: Store, source_id: str, *, by: str) -> Refreshed:
    """Read a source again; where anything changed it becomes the project's next version.

    Raises
    ------
    NotFoundError
        When the source is gone.
    BadInputError
        When it cannot be read: why, and what to do.
    """
    source = store.get(Source, source_id)
    before = _version_before(store, source)
    with tempfile.TemporaryDirectory(dir=store.home / "uploads") as folder:
        table = Path(folder) / "table.parquet"
        secret = store.files.secret(source.id)
        columns, reading = READERS[source.kind](source.settings, secret, table, store.home / "uploads")
        if before is not None and _sha256(table) == before.sha256 and columns == before.columns:
            refreshed = Refreshed(before, False, "Nothing has changed since the last time; no new version was made.")
        else:
            parent = before.id if before else None
            draft = Draft(source.project_id, source.name, by, source.kind, parent_id=parent)

            def write(target: Path) -> tuple[tuple[Column, ...], Reading]:
                table.replace(target)
                return columns, reading

            version = store_version(store, draft, write)
            refreshed = Refreshed(version, True, describe_change(before, version))
    store.update(source, dataset_id=refreshed.version.id, last_read_at=utc_now(), last_change=refreshed.sentence)
    return refreshed


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
