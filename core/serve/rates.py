"""How often a key may ask: a bucket of one minute's requests, refilled evenly, shared by all worker processes."""

import os
import struct
import sys
import time
from collections.abc import Callable
from pathlib import Path

MINUTE_S = 60.0
MOMENT = struct.Struct("d")
LOTS_A_MINUTE = 2_000
"""A process takes so small a part of a bucket at a time: the file is touched seldom, the limit stays exact."""
Change = Callable[[float], float | None]


class Rates:
    """Takes requests out of the keys' buckets. Belongs to the thread of the event loop.

    Kept is for each key the moment at which its bucket will be full again (the "generic cell rate algorithm", ITU-T
    I.371, which equals a token bucket). Several processes keep it in a small file for each key, under a lock that the
    operating system takes back from a process that dies.

    Parameters
    ----------
    folder : Path, optional
        Where processes share; None when there is only this one.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder
        self._full_at: dict[str, float] = {}
        self._files: dict[str, int] = {}
        self._in_hand: dict[str, int] = {}

    def take(self, key_id: str, per_minute: int, now: float | None = None) -> float:
        """Take one request out of a bucket of `per_minute`; return 0, or in how many seconds there will be one.

        Parameters
        ----------
        now : float, optional
            Seconds of `time.monotonic`, which all processes of a machine share.
        """
        now = time.monotonic() if now is None else now
        if self._in_hand.get(key_id, 0):
            self._in_hand[key_id] -= 1
            return 0.0
        n_wanted = max(1, per_minute // LOTS_A_MINUTE)
        waiting = self._take_some(key_id, per_minute, n_wanted, now)
        if not waiting:
            self._in_hand[key_id] = n_wanted - 1
        elif n_wanted > 1:  # So few are left that they are taken one by one.
            waiting = self._take_some(key_id, per_minute, 1, now)
        return waiting

    def _take_some(self, key_id: str, per_minute: int, n_wanted: int, now: float) -> float:
        waiting = 0.0

        def change(full_at: float) -> float | None:
            nonlocal waiting
            later = max(full_at, now) + n_wanted * MINUTE_S / per_minute
            waiting = max(0.0, later - now - MINUTE_S)
            return None if waiting > 1e-6 else later

        if self._folder is None or sys.platform == "win32":
            later = change(self._full_at.get(key_id, 0.0))
            if later is not None:
                self._full_at[key_id] = later
        else:
            self._change_shared(key_id, change)
        return waiting if waiting > 1e-6 else 0.0

    def _change_shared(self, key_id: str, change: Change) -> None:
        import fcntl

        file = self._file(key_id)
        fcntl.flock(file, fcntl.LOCK_EX)
        try:
            kept = os.pread(file, MOMENT.size, 0)
            later = change(MOMENT.unpack(kept)[0] if len(kept) == MOMENT.size else 0.0)
            if later is not None:
                os.pwrite(file, MOMENT.pack(later), 0)
        finally:
            fcntl.flock(file, fcntl.LOCK_UN)

    def _file(self, key_id: str) -> int:
        if key_id not in self._files:
            path = Path(self._folder or ".") / f"rate-{key_id}"
            self._files[key_id] = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        return self._files[key_id]

    def close(self) -> None:
        """Close the shared files."""
        while self._files:
            os.close(self._files.popitem()[1])
