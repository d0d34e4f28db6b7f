"""Freed memory goes back to the system: the C library of most Linux systems keeps pieces of it for good otherwise."""

import asyncio
import ctypes
import sys

from anyio.to_thread import run_sync

INTERVAL_S = 60.0


def give_back() -> bool:
    """Give freed memory back; return whether this system can do so."""
    if sys.platform != "linux":
        return False
    # Other C libraries than glibc have no such function, and no need of it.
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)
    return trim is not None


async def give_back_regularly() -> None:
    """Do so every minute, on another thread, until cancelled."""
    while True:
        await asyncio.sleep(INTERVAL_S)
        await run_sync(give_back)
