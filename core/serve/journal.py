"""The journal of a worker process: what was answered and is not in the store yet, in files that outlive the process.

An entry is one line, written by one call before the answer is sent. From then on the operating system has it, whatever
happens to the process; only when the whole machine stops at once can it be lost, as nothing waits for the disk. A
process holds a lock on each of its segments, which ends with it: a segment that can be locked is left over from one
that died.
"""

import logging
import os
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from core.records import new_id
from core.store import JournalPlace

SEGMENT_BYTES = 4_000_000
SEGMENT_S = 60.0
"""A segment takes no more entries after so many bytes or seconds, so that it can be removed once they are stored."""
SUFFIX = ".jsonl"
N_ATTEMPTS = 5
logger = logging.getLogger(__name__)


@dataclass
class Segment:
    """A file of the journal that this process holds: how long it is, and up to where the store has it, in bytes."""

    path: Path
    descriptor: int
    began_at: float
    size: int = 0
    stored: int = 0

    @property
    def id(self) -> str:
        """The name by which the store remembers how much of it was counted."""
        return self.path.stem

    @property
    def is_full(self) -> bool:
        """Whether the next entry goes into another segment."""
        return self.size >= SEGMENT_BYTES or time.monotonic() - self.began_at > SEGMENT_S

    def write(self, line: bytes) -> None:
        """Append a line whole or not at all; OSError when there is no room."""
        n_written = 0
        try:
            n_written = os.write(self.descriptor, line)
        finally:
            if 0 < n_written < len(line):
                os.ftruncate(self.descriptor, self.size)
        if n_written < len(line):
            raise OSError("no space for the whole entry")
        self.size += n_written

    def lines_after(self, start: int) -> Iterator[tuple[bytes, int]]:
        """Yield the whole lines after the first `start` bytes, each with where it ends; half a line is no entry."""
        end = start
        for line in self.path.read_bytes()[start:].splitlines(keepends=True):
            end += len(line)
            if line.endswith(b"\n"):
                yield line, end

    def remove(self) -> None:
        """Delete the file and let go of it, in this order: nobody else may take it for left over in between."""
        if sys.platform == "win32":  # An open file cannot be deleted there; and one process serves alone.
            os.close(self.descriptor)
            self.path.unlink(missing_ok=True)
        else:
            self.path.unlink(missing_ok=True)
            os.close(self.descriptor)


class Journal:
    """The segments of one process. `append` and `mark_stored` belong under one lock; nothing here raises.

    Parameters
    ----------
    folder : Path
        Where the segments of all processes are.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.trouble = ""
        self._current: Segment | None = None
        self._filled: list[Segment] = []

    def append(self, line: bytes) -> JournalPlace | None:
        """Write an entry and return its place; None when it could not be written, which `trouble` then says."""
        try:
            if self._current is not None and self._current.is_full:
                self._filled.append(self._current)
                self._current = None
            if self._current is None:
                self._current = _begin(self.folder)
            self._current.write(line)
        except OSError as error:
            if not self.trouble:
                logger.warning("The journal cannot be written: %s", error)
            self.trouble = (
                f"The journal of predictions cannot be written ({error.strerror or error}). Questions are answered, "
                "but what is not in the log yet is lost if the service dies. Free space on the disk."
            )
            return None
        self.trouble = ""
        return JournalPlace(self._current.id, self._current.size)

    def mark_stored(self, place: JournalPlace) -> list[Segment]:
        """Note up to where the store has a segment; return segments that nobody needs any more, to be removed."""
        for segment in [*self._filled, *([self._current] if self._current else [])]:
            if segment.id == place.segment:
                segment.stored = place.end
        done = [segment for segment in self._filled if segment.stored == segment.size]
        self._filled = [segment for segment in self._filled if segment.stored < segment.size]
        return done

    def finish(self) -> list[Segment]:
        """Let go of everything; return segments that are stored wholly, to be removed. The others stay for later."""
        held = [*self._filled, *([self._current] if self._current else [])]
        self._filled, self._current = [], None
        for segment in held:
            if segment.stored < segment.size:
                os.close(segment.descriptor)
        return [segment for segment in held if segment.stored == segment.size]


def _begin(folder: Path) -> Segment:
    """Return a new segment, locked; OSError when there is no room."""
    for _ in range(N_ATTEMPTS):
        path = folder / f"{new_id()}{SUFFIX}"
        descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR | os.O_APPEND, 0o600)
        # Between these two lines another process can take the empty file for left over; then we try again.
        if _lock(descriptor) and os.fstat(descriptor).st_nlink:
            return Segment(path, descriptor, time.monotonic())
        Segment(path, descriptor, 0.0).remove()
    raise OSError("no segment could be locked")


def find_left_over(folder: Path) -> Iterator[Segment]:
    """Yield the segments of processes that died, oldest first, each locked: no two processes get the same one."""
    for path in sorted(folder.glob(f"*{SUFFIX}")):
        try:
            descriptor = os.open(path, os.O_RDWR)
        except OSError:  # Its process has just removed it.
            continue
        if _lock(descriptor) and os.fstat(descriptor).st_nlink:
            yield Segment(path, descriptor, time.monotonic(), path.stat().st_size)
        else:
            os.close(descriptor)


if sys.platform == "win32":
    import msvcrt

    FAR_BEHIND = 2**31 - 2

    def _lock(descriptor: int) -> bool:
        """Whether nobody else holds the file, and now we do. The byte that is locked lies behind all entries."""
        with suppress(OSError):
            os.lseek(descriptor, FAR_BEHIND, os.SEEK_SET)
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
            return True
        return False

else:
    import fcntl

    def _lock(descriptor: int) -> bool:
        """Whether nobody else holds the file, and now we do."""
        with suppress(OSError):
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
        return False
