"""What was found out about a dataset version is kept beside it: it never changes, and neither does the answer."""

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Protocol, TypeVar

from pydantic import ValidationError

from core.store import Store, record_from_json, record_to_json


class Finding(Protocol):
    """A record that says by which revision of our code it was computed."""

    @property
    def revision(self) -> int:
        """Number that grows whenever the same table would be answered about differently."""


F = TypeVar("F", bound=Finding)


def recall(store: Store, path: Path, record_type: type[F], revision: int, compute: Callable[[], F]) -> F:
    """Return what the file at `path` holds; compute and keep it when it is missing, broken or of another revision."""
    if path.exists():
        try:
            known = record_from_json(record_type, path.read_text(encoding="utf-8"))
        except ValidationError:
            known = None
        if known is not None and known.revision == revision:
            return known
    found = compute()
    with store.files.write_file(path) as temporary:
        temporary.write_text(record_to_json(found), encoding="utf-8")
    return found


def target_path(store: Store, dataset_id: str, target: str) -> Path:
    """Return where the relations of a dataset version's columns to a target are kept."""
    return store.files.finding(dataset_id, f"target-{hashlib.sha256(target.encode()).hexdigest()[:16]}")


def twins_path(store: Store, dataset_id: str) -> Path:
    """Return where the twins among a dataset version's columns are kept."""
    return store.files.finding(dataset_id, "twins")


def is_compared(store: Store, dataset_id: str, target: str | None) -> bool:
    """Whether the columns have been compared with each other, and with the target where there is one."""
    related = target is None or target_path(store, dataset_id, target).exists()
    return related and twins_path(store, dataset_id).exists()
