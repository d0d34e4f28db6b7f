"""`python -m benchmarks.faults [NAME ...] [--quick]`: real faults, and whether the service's promises hold.

Names: kills, races, damage, releases, locks, disk, slow, large; all unless some are given. `--quick` does each a few
times only. The last line is JSON with all goals.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType

from benchmarks.faults import damage, disk, kills, large, locks, races, releases, slow
from benchmarks.faults.worlds import make
from benchmarks.goals import print_goals, print_versions
from core.records import Json

FAULTS: Mapping[str, Callable[..., Json]] = MappingProxyType(
    {
        "kills": kills.measure,
        "races": races.measure,
        "damage": damage.measure,
        "releases": releases.measure,
        "locks": locks.measure,
        "disk": disk.measure,
        "slow": slow.measure,
        "large": large.measure,
    }
)


def main() -> int:
    """Run the command; return 0 when it got through."""
    parser = argparse.ArgumentParser(prog="benchmarks.faults", description="The prediction service under fire.")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"{', '.join(FAULTS)} (default: all)")
    parser.add_argument("--quick", action="store_true", help="each fault a few times only")
    options = parser.parse_args()
    if unknown := set(options.names) - FAULTS.keys():
        parser.error(f"no fault is called {', '.join(sorted(unknown))}; there are {', '.join(FAULTS)}")
    print_versions("scikit-learn", "onnxruntime", "fastapi", "uvicorn")
    goals: Json = {}
    with tempfile.TemporaryDirectory(prefix="full-circle-faults-") as name:
        made = make(Path(name))
        for fault in options.names or FAULTS:
            print(f"{fault}:", flush=True)
            folder = Path(name) / fault
            folder.mkdir()
            began_at = time.monotonic()
            goals |= FAULTS[fault](made, folder, quick=options.quick)
            print(f"  took {time.monotonic() - began_at:.0f} s", flush=True)
    print_goals(goals, quick=options.quick)
    return 0


if __name__ == "__main__":
    sys.exit(main())
