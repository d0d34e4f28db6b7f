"""How much memory a process holds."""

import re
from pathlib import Path

import psutil


def peak_memory_mb() -> float:
    """Return the most that this process has held so far, in MB.

    Read from Linux itself: `getrusage` counts what the parent held when it started the process, too.
    """
    found = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())
    assert found is not None
    return int(found.group(1)) / 1024


def memory_mb(pid: int) -> float:
    """Return what a process holds now, in MB."""
    return float(psutil.Process(pid).memory_info().rss) / (1 << 20)
