"""How far is a reading from outside, and how does it end when nobody wants it any more?"""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime

from core.records import Json, new_id, utc_now
from core.store import StoppedError


class Watch:
    """Held by the thread that reads, which says how far it is, and by the one that may stop it.

    Parameters
    ----------
    watch_id : str, optional
        Names what is kept on disk meanwhile, so that a reading that is taken up again finds it.
    started_at : datetime, optional
        When the reading began, perhaps in a process that is gone.
    """

    def __init__(self, watch_id: str = "", started_at: datetime | None = None) -> None:
        self.id = watch_id or new_id()
        self.started_at = started_at or utc_now()
        self.words = "Connecting"
        self.share = 0.0
        self.live: Json = {}
        self.left = False
        self._stopped = threading.Event()
        self._ends: list[Callable[[], object]] = []

    def say(self, words: str, share: float = 0.0) -> None:
        """Tell in words how far the reading is, and as a share (0 to 1) where that is known."""
        self.words, self.share = words, share

    @property
    def stopped(self) -> bool:
        """Whether the reading is not wanted any more."""
        return self._stopped.is_set()

    def raise_if_stopped(self) -> None:
        """Raise StoppedError when the reading is not wanted any more."""
        if self.stopped:
            raise StoppedError

    def pause(self, seconds: float) -> None:
        """Sleep, but not on when the reading is not wanted any more."""
        self._stopped.wait(seconds)

    @contextmanager
    def interrupting(self, end: Callable[[], object]) -> Iterator[None]:
        """While the block lasts, a stop calls `end`, from another thread, to end what the block waits for."""
        self._ends.append(end)
        try:
            self.raise_if_stopped()
            yield
        finally:
            self._ends.remove(end)

    def leave(self) -> None:
        """End the reading so that it can be gone on with: what is kept on disk stays there."""
        self.left = True
        self.stop()

    def stop(self) -> None:
        """End the reading: what it waits for is interrupted."""
        if self.stopped:
            return
        self._stopped.set()
        for end in list(self._ends):
            # In a thread each: a server that does not answer may not answer the request to stop, either.
            threading.Thread(target=end, daemon=True).start()


class Throttle:
    """Says yes at most so often.

    Parameters
    ----------
    interval_s : float
        Seconds between two times.
    """

    def __init__(self, interval_s: float) -> None:
        self._interval_s = interval_s
        self._last = 0.0

    def ready(self) -> bool:
        """Whether the last yes is long enough ago."""
        now = time.monotonic()
        if now - self._last < self._interval_s:
            return False
        self._last = now
        return True
