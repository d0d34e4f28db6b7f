"""What NannyML estimates for the same windows; runs in an environment of its own: `python nannyml_estimate.py DIR`.

In: `reference.parquet` and `analysis.parquet` (inputs, `_truth`, `_answer`, `_proba` of the positive class, `_window`),
`task.json`. Out: `estimates.json`, one number a window.
"""

import json
import sys
import warnings
from pathlib import Path

import pandas as pd

warnings.filterwarnings("ignore")


def main(folder: Path) -> None:
    """Estimate each window and write what came out."""
    import nannyml

    task = json.loads((folder / "task.json").read_text())
    reference, analysis = (pd.read_parquet(folder / f"{name}.parquet") for name in ("reference", "analysis"))
    if task["task"] == "regression":
        estimator = nannyml.DLE(
            feature_column_names=task["inputs"], y_pred="_answer", y_true="_truth", metrics=["mae"], chunk_number=5
        )
        column = "mae"
    else:
        estimator = nannyml.CBPE(
            y_pred_proba="_proba",
            y_pred="_answer",
            y_true="_truth",
            metrics=["accuracy"],
            problem_type="classification_binary",
            chunk_number=5,
        )
        column = "accuracy"
    estimator.fit(reference)
    found = []
    for _, window in analysis.groupby("_window", sort=True):
        estimator.chunker = nannyml.chunk.CountBasedChunker(1)
        table = estimator.estimate(window.reset_index(drop=True)).to_df()
        found.append(float(table[(column, "value")].iloc[-1]))
    answer = {"version": nannyml.__version__, "estimates": found}
    (folder / "estimates.json").write_text(json.dumps(answer))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
