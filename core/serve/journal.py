"""The journal: what was answered and may not be in the store yet, in files that outlive the process that answered.

An entry is one line, written by one call before the answer is sent. From then on the operating system has it, whatever
happens to the process; only when the whole machine stops at once can it be lost, as nothing waits for the disk. A
process holds a lock on the segment it writes, which ends with it: a segment that can be locked gets no more entries.
"""

import logging
import os
import sys
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from core.records import new_id

SEGMENT_BYTES = 4_000_000
SEGMENT_S = 60.0
"""A segment takes no more entries after so many bytes or seconds, so that it can be removed once they are stored."""
SUFFIX = ".jsonl"
N_ATTEMPTS = 5
READ_BYTES = 1_000_000
logger = logging.getLogger(__name__)


@dataclass
class Segment:
    """A file of the journal: where it is open, since when, and how long it is, in bytes."""

    path: Path
    descriptor: int
    began_at: float
    size: int = 0

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

    def read_lines(self, start: int) -> list[bytes]:
        """Return whole lines after the first `start` bytes, about a megabyte of them; half a line is no entry."""
        os.lseek(self.descriptor, start, os.SEEK_SET)
        read = b""
        while more := os.read(self.descriptor, READ_BYTES):
            read += more
            if b"\n" in more:
                break
        return [line for line in read.splitlines(keepends=True) if line.endswith(b"\n")]

    def is_ended(self) -> bool:
        """Whether the process that wrote it has let go of it, or died; it is ours from then on."""
        return _lock(self.descriptor)

    def is_gone(self) -> bool:
        """Whether another process has removed the file."""
        return os.fstat(self.descriptor).st_nlink == 0

    def let_go(self) -> None:
        """Close the file; whoever looks for segments without a process may have it now."""
        os.close(self.descriptor)

    def remove(self) -> None:
        """Delete the file and let go of it, in this order: nobody else may take it for left over in between."""
        if sys.platform == "win32":  # An open file cannot be deleted there; and one process serves alone.
            os.close(self.descriptor)
            self.path.unlink(missing_ok=True)
        else:
            self.path.unlink(missing_ok=True)
            os.close(self.descriptor)


class Journal:
    """What one process writes, segment by segment. Its methods belong under one lock; none of them raises.

    Parameters
    ----------
    folder : Path
        Where the segments of all processes are.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.trouble = ""
        self._current: Segment | None = None

    def append(self, line: bytes) -> bool:
        """Write an entry; return whether it could be written. If not, `trouble` says why."""
        try:
            self.turn_over()
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
            return False
        self.trouble = ""
        return True

    def turn_over(self) -> None:
        """Let go of a segment that is full or old."""
        if self._current is not None and self._current.is_full:
            self.finish()

    def finish(self) -> None:
        """Let go of the segment; the next entry begins another."""
        if self._current is not None:
            self._current.let_go()
        self._current = None


def sizes(folder: Path) -> dict[str, int]:
    """Return how many bytes each segment of all processes has, by its id."""
    found = {}
    for path in folder.glob(f"*{SUFFIX}"):
        with suppress(OSError):  # It has just been removed.
            found[path.stem] = path.stat().st_size
    return found


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


def open_segment(path: Path) -> Segment | None:
    """Return a segment of any process, to be read; None when it has just been removed."""
    try:
        return Segment(path, os.open(path, os.O_RDWR), time.monotonic())
    except OSError:
        return None


class Turn:
    """Sees to it that one process at a time moves a folder's journals to the store.

    Parameters
    ----------
    path : Path
        The file that is locked.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._descriptor: int | None = None

    def take(self) -> bool:
        """Whether it is our turn; the system takes it back from a process that dies."""
        if self._descriptor is None:
            descriptor = os.open(self._path, os.O_CREAT | os.O_RDWR, 0o600)
            if not _lock(descriptor):
                os.close(descriptor)
                return False
            self._descriptor = descriptor
        return True

    def give_back(self) -> None:
        """Let another process have it."""
        if self._descriptor is not None:
            os.close(self._descriptor)
        self._descriptor = None


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
