"""`python -m benchmarks [--quick]`: every benchmark in turn, each in a process of its own."""

import pkgutil
import subprocess
import sys
from pathlib import Path

NOT_BENCHMARKS = ("__main__", "goals")


def main() -> int:
    """Run all benchmarks with the arguments given; return 1 when one of them did not end well."""
    found = (module.name for module in pkgutil.iter_modules([str(Path(__file__).parent)]))
    names = sorted(name for name in found if name not in NOT_BENCHMARKS)
    codes = []
    for name in names:
        print(f"== {name}", flush=True)
        codes.append(
            subprocess.run([sys.executable, "-m", f"benchmarks.{name}", *sys.argv[1:]], check=False).returncode
        )
    return int(any(codes))


if __name__ == "__main__":
    sys.exit(main())
