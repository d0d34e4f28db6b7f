"""`python -m core.deploy.convert FOLDER ROWS.parquet`: prove a folder's model, and convert it to ONNX if that is sound.

Runs in a process of its own, because a conversion can take long or fail hard, and because a model proves itself only
where it was not made. Prints engine and reason as JSON, or what is wrong with the model.
"""

import json
import sys
import warnings
from pathlib import Path

import pandas as pd

from core.deploy.answers import PipelineScorer
from core.deploy.engine import choose_engine
from core.deploy.golden import check_golden
from core.errors import LifecycleError
from core.evaluate.model_folder import read_model


def main() -> int:
    """Prove, convert, print the outcome; return the exit code."""
    warnings.simplefilter("ignore")
    folder = Path(sys.argv[1])
    try:
        pipeline = read_model(folder)
        check_golden(folder, PipelineScorer(pipeline))
    except LifecycleError as error:
        print(json.dumps({"error": error.message}))
        return 1
    engine, reason = choose_engine(pipeline, folder, pd.read_parquet(sys.argv[2]))
    print(json.dumps({"engine": engine, "reason": reason}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
