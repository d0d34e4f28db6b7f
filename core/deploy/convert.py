"""`python -m core.deploy.convert FOLDER ROWS.parquet`: convert the folder's model to ONNX where that changes no answer.

Runs in a process of its own, because a conversion can take long or fail hard. Prints engine and reason as JSON.
"""

import json
import sys
import warnings
from pathlib import Path

import pandas as pd

from core.deploy.engine import choose_engine


def main() -> int:
    """Convert, print the outcome, return 0."""
    warnings.simplefilter("ignore")
    engine, reason = choose_engine(Path(sys.argv[1]), pd.read_parquet(sys.argv[2]))
    print(json.dumps({"engine": engine, "reason": reason}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
