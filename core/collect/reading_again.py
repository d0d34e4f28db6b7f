"""Reading a file again, in the way a person chose: shown at once on its beginning, then stored as a new version."""

import tempfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq

from core.collect.beginning import ONLY_BEGINNING
from core.collect.frames import read_frame
from core.collect.reading import convert_file
from core.collect.versions import Draft, store_version
from core.errors import NotReadyError
from core.records import Column, ColumnKind, DatasetVersion, Reading, ReadingChoices
from core.store import Store

N_LINES = 12
MAX_LINE = 300


@dataclass(frozen=True)
class Difference:
    """What a reading changes against the stored version; rows and missing values only where the whole file was read.

    `kinds` holds (column, before, after), `missing` (column, missing cells before, after).
    """

    n_rows: tuple[int, int] | None
    new_columns: tuple[str, ...]
    gone_columns: tuple[str, ...]
    kinds: tuple[tuple[str, ColumnKind, ColumnKind], ...]
    missing: tuple[tuple[str, int, int], ...]

    @property
    def is_none(self) -> bool:
        """Whether nothing of this kind differs."""
        same_rows = self.n_rows is None or self.n_rows[0] == self.n_rows[1]
        return same_rows and not (self.new_columns or self.gone_columns or self.kinds or self.missing)


@dataclass(frozen=True)
class Preview:
    """What a file would become: first rows, how it was read, what differs; `is_part`: its beginning only was read."""

    frame: pd.DataFrame
    columns: tuple[Column, ...]
    reading: Reading
    difference: Difference
    is_part: bool


def version_with_original(store: Store, dataset_id: str) -> DatasetVersion | None:
    """Return the version itself or the nearest one it came from whose file is kept; None when there is none.

    Raises
    ------
    NotFoundError
        When there is no such version.
    """
    version = store.get(DatasetVersion, dataset_id)
    seen = {version.id}
    while version.reading is None or not _has_original(store, version):
        if version.parent_id is None or version.parent_id in seen or version.reading is not None:
            return None
        version = store.get(DatasetVersion, version.parent_id)
        seen.add(version.id)
    return version


def preview_reading(store: Store, dataset_id: str, choices: ReadingChoices, *, n_rows: int = 50) -> Preview:
    """Return what a version's file would be when read in another way; of a large file, by its beginning.

    Raises
    ------
    BadInputError
        When a choice cannot be followed, or the file is no table with it.
    NotReadyError
        When the file is not kept.
    """
    version, path = _original(store, dataset_id)
    with tempfile.TemporaryDirectory(dir=store.home / "uploads") as folder:
        target = Path(folder) / "preview.parquet"
        columns, reading = convert_file(path, version.filename, target, Path(folder), choices, only_beginning=True)
        is_part = ONLY_BEGINNING in reading.decisions
        difference = _compare(store, version, target, columns, is_part=is_part)
        return Preview(read_frame(target, columns, limit=n_rows), columns, reading, difference, is_part)


def read_again(
    store: Store,
    dataset_id: str,
    choices: ReadingChoices,
    *,
    by: str,
    before_storing: Callable[[], None] = lambda: None,
) -> DatasetVersion:
    """Read a version's file in another way and store that as the project's next version, the old one its parent.

    Raises
    ------
    BadInputError
        When a choice cannot be followed, or the file is no table with it; nothing is stored then.
    NotReadyError
        When the file is not kept.
    """
    version, path = _original(store, dataset_id)
    original_id = version.reading.original_id if version.reading else None

    def write(target: Path) -> tuple[tuple[Column, ...], Reading]:
        columns, reading = convert_file(path, version.filename, target, store.home / "uploads", choices)
        before_storing()
        return columns, replace(reading, original_id=original_id)

    note = f"Read again: {describe_choices(choices)}"
    draft = Draft(version.project_id, version.filename, by, version.source, parent_id=version.id, note=note)
    return store_version(store, draft, write)


def original_lines(store: Store, dataset_id: str) -> tuple[str, ...]:
    """Return the first lines of a version's file as they stand there; none when it is not text."""
    version, path = _original(store, dataset_id)
    if version.reading is None or version.reading.encoding is None:
        return ()
    with path.open("rb") as file:
        head = file.read(1 << 16)
    if head.startswith((b"PK", b"\x1f\x8b")):
        return ()
    text = head.decode(version.reading.encoding, errors="replace")
    return tuple(line[:MAX_LINE] for line in islice(text.splitlines(), N_LINES))


def original_bytes(store: Store, dataset_id: str) -> int:
    """Return the size of a version's file, in bytes."""
    return _original(store, dataset_id)[1].stat().st_size


def describe_choices(choices: ReadingChoices) -> str:
    """Say in a few words what was chosen."""
    words = {True: "yes", False: "no"}
    told = [
        ("encoding", choices.encoding),
        ("separator", choices.delimiter and f"'{choices.delimiter}'"),
        ("file of the archive", choices.member and f"'{choices.member}'"),
        ("sheet or list", choices.sheet and f"'{choices.sheet}'"),
        ("column names in the first row", None if choices.has_header is None else words[choices.has_header]),
        ("lines left out above", None if choices.n_preamble is None else str(choices.n_preamble)),
        ("lines left out below", None if choices.n_footer is None else str(choices.n_footer)),
        ("missing words", ", ".join(choices.missing_words) or None),
        ("real words", ", ".join(choices.kept_words) or None),
        ("decimal sign", None if choices.decimal_comma is None else "comma" if choices.decimal_comma else "point"),
        ("dates begin with", None if choices.day_first is None else "the day" if choices.day_first else "the month"),
        ("types chosen", ", ".join(f"{name} ({kind})" for name, kind in list(choices.kinds.items())[:5]) or None),
    ]
    return "; ".join(f"{what}: {value}" for what, value in told if value is not None) or "all as found"


def _has_original(store: Store, version: DatasetVersion) -> bool:
    original_id = version.reading.original_id if version.reading else None
    return original_id is not None and store.files.original(original_id).exists()


def _original(store: Store, dataset_id: str) -> tuple[DatasetVersion, Path]:
    version = store.get(DatasetVersion, dataset_id)
    if version.reading is None or version.reading.original_id is None or not _has_original(store, version):
        raise NotReadyError("The file of this table is not kept.", "Bring it again under 'A newer table'.")
    return version, store.files.original(version.reading.original_id)


def _compare(
    store: Store, version: DatasetVersion, path: Path, columns: tuple[Column, ...], *, is_part: bool
) -> Difference:
    before = {column.name: column.kind for column in version.columns}
    after = {column.name: column.kind for column in columns}
    both = [name for name in after if name in before]
    missing: tuple[tuple[str, int, int], ...] = ()
    n_rows = None
    if not is_part:
        n_rows = (version.n_rows, pq.read_metadata(path).num_rows)
        old, new = _count_missing(store.files.dataset(version.id)), _count_missing(path)
        missing = tuple((name, old[name], new[name]) for name in both if old[name] != new[name])
    return Difference(
        n_rows,
        tuple(name for name in after if name not in before),
        tuple(name for name in before if name not in after),
        tuple((name, before[name], after[name]) for name in both if before[name] != after[name]),
        missing,
    )


def _count_missing(path: Path) -> dict[str, int]:
    """Return the missing values of each column, as the file itself counts them."""
    with pq.ParquetFile(path) as file:
        names = file.schema_arrow.names
        groups = [file.metadata.row_group(number) for number in range(file.metadata.num_row_groups)]
    return {
        name: sum(group.column(place).statistics.null_count for group in groups if group.column(place).statistics)
        for place, name in enumerate(names)
    }
