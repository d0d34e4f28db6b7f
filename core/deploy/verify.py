"""`python -m core.deploy.verify FOLDER [DIGEST]`: prove in a process of its own that a model folder can be trusted.

Ends with 0 when it can; otherwise prints why not, and ends with 1. A damaged file may crash this process; it is not the
one that serves.
"""

import sys
import warnings
from pathlib import Path

from core.deploy.loading import open_model
from core.errors import LifecycleError


def main() -> int:
    """Verify the folder; return the exit code."""
    warnings.simplefilter("ignore")
    try:
        open_model(Path(sys.argv[1]), sys.argv[2] if len(sys.argv) > 2 else None)
    except LifecycleError as error:
        print(error.message)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
