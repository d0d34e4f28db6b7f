"""`python -m benchmarks [--quick]`: every benchmark in turn, each in a process of its own."""

import subprocess
import sys
from pathlib import Path

NOT_BENCHMARKS = ("__init__", "__main__", "goals")


def main() -> int:
    """Run all benchmarks with the arguments given; return 1 when one of them did not end well."""
    names = sorted(path.stem for path in Path(__file__).parent.glob("*.py") if path.stem not in NOT_BENCHMARKS)
    codes = []
    for name in names:
        print(f"== {name}", flush=True)
        codes.append(
            subprocess.run([sys.executable, "-m", f"benchmarks.{name}", *sys.argv[1:]], check=False).returncode
        )
    return int(any(codes))


if __name__ == "__main__":
    sys.exit(main())
