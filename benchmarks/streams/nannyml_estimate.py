"""What NannyML estimates for the same windows; runs in an environment of its own: `python nannyml_estimate.py DIR`.

In: `reference.parquet` and `analysis.parquet` (inputs, `_truth`, `_answer`, of classes by their places, `_proba_0`,
`_proba_1` ..., and `_window`), `task.json`. Out: `estimates.json`, one number a window.
"""

import json
import sys
import warnings
from pathlib import Path
from typing import Any

import pandas as pd

warnings.filterwarnings("ignore")


def main(folder: Path) -> None:
    """Estimate each window and write what came out."""
    import nannyml

    task = json.loads((folder / "task.json").read_text())
    # LightGBM, which NannyML uses, takes no names with signs in them.
    short = {name: f"input_{number}" for number, name in enumerate(task["inputs"])}
    task["inputs"] = list(short.values())
    reference, analysis = (
        pd.read_parquet(folder / f"{name}.parquet").rename(columns=short) for name in ("reference", "analysis")
    )
    estimator, metric = make_estimator(task)
    estimator.fit(reference)
    found = []
    for _, window in analysis.groupby("_window", sort=True):
        estimator.chunker = nannyml.chunk.CountBasedChunker(1)
        table = estimator.estimate(window.reset_index(drop=True)).to_df()
        found.append(float(table[(metric, "value")].iloc[-1]))
    (folder / "estimates.json").write_text(json.dumps(found))


def make_estimator(task: dict[str, Any]) -> tuple[Any, str]:
    """Return the estimator for a task, and the metric it estimates."""
    import nannyml

    names = {"y_pred": "_answer", "y_true": "_truth", "chunk_number": 5}
    if task["task"] == "regression":
        return nannyml.DLE(feature_column_names=task["inputs"], metrics=["mae"], **names), "mae"
    columns = {place: f"_proba_{place}" for place in range(len(task["classes"]))}
    is_binary = task["task"] == "binary"
    estimator = nannyml.CBPE(
        y_pred_proba=columns[1] if is_binary else columns,
        metrics=["accuracy"],
        problem_type="classification_binary" if is_binary else "classification_multiclass",
        **names,
    )
    return estimator, "accuracy"


if __name__ == "__main__":
    main(Path(sys.argv[1]))
