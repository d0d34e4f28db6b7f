"""Records from an API that answers in JSON, page after page."""

import json
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

from core.collect.reading import convert_file
from core.collect.sources.guard import BusyError, fetch, same_origin
from core.collect.sources.keys import with_parameter
from core.collect.sources.watch import Watch
from core.errors import BadInputError
from core.records import Column, Decision, Json, Reading

MAX_PAGES = 1_000
MAX_RECORDS = 1_000_000
MAX_PAGE_BYTES = 50 << 20
MAX_SECONDS = 300.0
MAX_WAITS = 3
MAX_WAIT_SECONDS = 30.0
PAGING = ("none", "next", "page", "offset")
"""How further pages are found: not at all, by a link in the answer, by a page number, by how many came before."""


@dataclass
class _Count:
    """What was taken in so far, and why it ended early."""

    n_records: int = 0
    n_pages: int = 0
    cut: str = ""
    last: list[Any] = field(default_factory=list)


def read_api(
    settings: Json, secret: str, target: Path, workspace: Path, watch: Watch
) -> tuple[tuple[Column, ...], Reading]:
    """Write the records of an API as typed Parquet; return the columns and how they were read.

    Parameters
    ----------
    settings : dict
        `url`; `records`, the dotted path to the list of records (empty: the answer is the list); `header`, the name
        of the header that carries the secret, or `key`, that of the address's parameter; `paging`, one of `PAGING`;
        `next`, the dotted path to the next link; `parameter`, the name of the page number or offset; `first`, the
        number of the first page; `max_pages`.
    """
    with tempfile.TemporaryDirectory(dir=workspace) as folder:
        gathered, count = Path(folder) / "records.jsonl", _Count()
        with gathered.open("w", encoding="utf-8") as file:
            for record in _records(settings, secret, Path(folder) / "answer", count, watch):
                file.write(json.dumps(record) + "\n")
        watch.say(f"Reading {count.n_records:,} records", 1.0)
        if not count.n_records:
            raise BadInputError(
                "The API answered without any record.", "Check the address and the path to the records."
            )
        columns, reading = convert_file(gathered, "API", target, workspace)
    decisions = [Decision("pages", "Pages were asked for.", count.n_pages)]
    if count.cut:
        decisions.append(Decision("cut", count.cut, count.n_records))
    return columns, replace(reading, format="API", encoding=None, decisions=(*decisions, *reading.decisions))


def _records(settings: Json, secret: str, path: Path, count: _Count, watch: Watch) -> Iterator[Any]:
    """Yield the records of all pages, up to the caps."""
    max_pages = min(int(settings.get("max_pages") or MAX_PAGES), MAX_PAGES)
    url: str | None = _first_url(settings)
    asked: set[str] = set()
    deadline = time.monotonic() + MAX_SECONDS
    while url is not None:
        if count.n_pages >= max_pages or time.monotonic() > deadline:
            count.cut = "There are more pages; only as many as pages and time allow were asked for."
            return
        if url in asked:
            count.cut = "The pages lead in a circle, which was left."
            return
        asked.add(url)
        answer, records = _ask(settings, url, path, secret, watch, count)
        if records and records == count.last and _counts_pages(settings):
            count.cut = "The same page came again and again; it was taken once."
            return
        count.n_pages, count.last = count.n_pages + 1, records
        for record in records:
            if count.n_records >= MAX_RECORDS:
                count.cut = f"There are more records; the first {MAX_RECORDS:,} were read."
                return
            count.n_records += 1
            yield record
        watch.say(f"{count.n_pages:,} pages, {count.n_records:,} records so far")
        url = _next_url(settings, url, answer, len(records), count)


def _counts_pages(settings: Json) -> bool:
    """Whether pages are asked for by number: a server that does not know the parameter gives its first one always."""
    return settings.get("paging") in ("page", "offset")


def _ask(settings: Json, url: str, path: Path, secret: str, watch: Watch, count: _Count) -> tuple[Any, list[Any]]:
    """Return one page's answer and the records in it; what is wrong names the page."""
    try:
        _fetch_patiently(settings, url, path, secret, watch)
        answer = _parse(path)
        records = _follow(answer, settings.get("records") or "")
        if not isinstance(records, list):
            raise BadInputError(
                "There is no list of records in the answer where it was looked for.",
                f"The answer has: {', '.join(list(answer)[:8])}." if isinstance(answer, dict) else "Check the path.",
            )
    except BadInputError as error:
        if not count.n_pages:
            raise
        read = f"The {count.n_records:,} records before it were not kept."
        raise BadInputError(f"Page {count.n_pages + 1}: {error.message}", f"{error.hint} {read}") from error
    return answer, records


def _fetch_patiently(settings: Json, url: str, path: Path, secret: str, watch: Watch) -> None:
    """Ask for a page; a server that is busy is asked again when it says, unless that is too late."""
    headers = {"Accept": "application/json"}
    if secret and same_origin(url, settings["url"]):
        if settings.get("key"):
            url = with_parameter(url, settings["key"], secret)
        else:
            headers[settings.get("header") or "Authorization"] = secret
    for _ in range(MAX_WAITS):
        try:
            fetch(url, path, headers=headers, max_bytes=MAX_PAGE_BYTES, watch=watch)
        except BusyError as error:
            if error.wait_s is None or error.wait_s > MAX_WAIT_SECONDS:
                raise
            watch.say(f"The server asks to be left alone for {error.wait_s:,.0f} seconds")
            watch.pause(error.wait_s)
            watch.raise_if_stopped()
        else:
            return
    fetch(url, path, headers=headers, max_bytes=MAX_PAGE_BYTES, watch=watch)


def _parse(path: Path) -> Any:
    try:
        return json.loads(path.read_bytes())
    except (ValueError, RecursionError) as error:
        raise BadInputError("The API did not answer in JSON.", "Use 'A file on the web' for other files.") from error


def _follow(answer: Any, dotted: str) -> Any:
    for key in filter(None, dotted.split(".")):
        answer = answer.get(key) if isinstance(answer, dict) else None
    return answer


def _first_url(settings: Json) -> str:
    if settings.get("paging") == "page":
        return with_parameter(settings["url"], settings.get("parameter") or "page", int(settings.get("first", 1)))
    if settings.get("paging") == "offset":
        return with_parameter(settings["url"], settings.get("parameter") or "offset", 0)
    return str(settings["url"])


def _next_url(settings: Json, url: str, answer: Any, n_records: int, count: _Count) -> str | None:
    paging = settings.get("paging") or "none"
    if paging == "next":
        link = _follow(answer, settings.get("next") or "next")
        return urljoin(url, link) if isinstance(link, str) and link else None
    if paging == "none" or not n_records:
        return None
    if paging == "page":
        number = int(settings.get("first", 1)) + count.n_pages
        return with_parameter(settings["url"], settings.get("parameter") or "page", number)
    return with_parameter(settings["url"], settings.get("parameter") or "offset", count.n_records)
