"""What was found out about a dataset version is kept beside it: it never changes, and neither does the answer."""

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
