"""Reading what a process that died left in its journal, from where the store has it already."""

import logging
import time
from collections.abc import Iterator
from functools import cache

from sqlalchemy.exc import SQLAlchemyError

from core.deploy import load_reference
from core.errors import LifecycleError
from core.serve.journal import Segment
from core.serve.log_entry import LogEntry, entry_from_line
from core.store import JournalPlace, Store

RETRY_INTERVAL_S = 1.0
logger = logging.getLogger(__name__)


def read_batches(store: Store, segment: Segment, n_rows: int) -> Iterator[tuple[list[LogEntry], JournalPlace]]:
    """Yield the entries of a segment that the store does not have, about `n_rows` rows at a time, each with its place.

    An entry whose model was deleted, with its project, has no place to go any more; it is skipped and said in the log.
    """
    find_reference = cache(lambda model_version_id: load_reference(store, model_version_id))
    batch: list[LogEntry] = []
    n_waiting = end = 0
    for line, end in segment.lines_after(_known_bytes(store, segment)):
        try:
            batch.append(entry_from_line(line, find_reference))
        except (ValueError, TypeError, OSError, LifecycleError) as error:
            logger.warning("An entry of journal %s is skipped: %s", segment.id, error)
            continue
        n_waiting += max(1, len(batch[-1].rows))
        if n_waiting >= n_rows:
            yield batch, JournalPlace(segment.id, end)
            batch, n_waiting = [], 0
    if batch:
        yield batch, JournalPlace(segment.id, end)


def _known_bytes(store: Store, segment: Segment) -> int:
    """Return up to where the store has the segment, as soon as it answers."""
    while True:
        try:
            return store.log.journalled(segment.id)
        except SQLAlchemyError as error:
            logger.warning("What is left in journal %s waits: %s", segment.id, error)
            time.sleep(RETRY_INTERVAL_S)
