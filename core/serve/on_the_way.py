"""Which predictions are not in the log yet, but are going to be: answered a moment ago, perhaps by another worker."""

import re
import time
from collections.abc import Sequence
from dataclasses import dataclass

from core.serve.journal import SUFFIX
from core.store import Store

OURS = re.compile(r"[0-9a-f]{24,40}")
TIME_DIGITS = 16
YOUNG_NS = 60_000_000_000
AHEAD_NS = 5_000_000_000
"""Clocks of several machines may differ by so much."""


@dataclass(frozen=True)
class Coming:
    """Ids of predictions that may come: those in a journal here will; young ones may be in one of another machine."""

    journalled: frozenset[str] = frozenset()
    young: frozenset[str] = frozenset()

    @property
    def any(self) -> bool:
        """Whether waiting may help."""
        return bool(self.journalled or self.young)


def find_coming(store: Store, ids: Sequence[str]) -> Coming:
    """Return which of some predictions that are not in the log may still come."""
    ours = [one for one in ids if OURS.fullmatch(one)]
    waiting = _waiting_entries(store) if ours else b""
    return Coming(
        frozenset(one for one in ours if b'"%b"' % one.encode() in waiting),
        frozenset(one for one in ours if is_young(one, time.time_ns())),
    )


def is_young(prediction_id: str, now_ns: int) -> bool:
    """Whether the time that an id begins with lies within the last minute."""
    made_at_ns = int(prediction_id[:TIME_DIGITS], 16)
    return now_ns - YOUNG_NS < made_at_ns < now_ns + AHEAD_NS


def _waiting_entries(store: Store) -> bytes:
    """Return the entries of all journals here that the store does not have."""
    found = []
    for path in store.files.journals.glob(f"*{SUFFIX}"):
        stored = store.log.journalled(path.stem)
        try:
            with path.open("rb") as file:
                file.seek(stored)
                found.append(file.read())
        except FileNotFoundError:  # Stored as a whole in the meantime.
            continue
    return b"".join(found)
