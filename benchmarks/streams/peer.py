"""NannyML beside ours: the same reference, the same windows, in an environment of its own."""

import json
import subprocess
import venv
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.streams.world import Stream, answer_codes
from core import deploy

INSTALL_TIMEOUT_S = 900
PACKAGES = ("nannyml", "statsmodels")
ESTIMATE_TIMEOUT_S = 600
SCRIPT = Path(__file__).with_name("nannyml_estimate.py")


@dataclass(frozen=True)
class PeerEstimates:
    """What NannyML estimates for each window, in the metric's natural sign."""

    version: str
    values: list[float]


def make_environment(folder: Path) -> Path:
    """Return an environment with NannyML; made unless it is there already."""
    python = folder / "bin/python"
    if not (folder / "ready").exists():
        venv.create(folder, with_pip=True)
        command = [str(python), "-m", "pip", "install", "--quiet", *PACKAGES]
        subprocess.run(command, check=True, timeout=INSTALL_TIMEOUT_S)
        (folder / "ready").touch()
    return python


def estimate_by_peer(stream: Stream, python: Path, folder: Path) -> PeerEstimates | None:
    """Return NannyML's estimates of a stream's windows; None where it cannot: more than two classes."""
    prototype = deploy.load_prototype(stream.store, stream.model.id)
    if prototype.task == "multiclass":
        return None
    folder.mkdir(parents=True)
    inputs = [column.name for column in prototype.columns if column.kind in ("number", "category", "boolean")]
    ends = np.cumsum([window.n_rows for window in stream.windows])
    test, rest = stream.test[stream.test[stream.target].notna()], stream.rest.iloc[: ends[-1]]
    _as_peer(stream, test, inputs).to_parquet(folder / "reference.parquet")
    analysis = _as_peer(stream, rest, inputs)
    analysis["_window"] = np.searchsorted(ends, np.arange(len(rest)), side="right")
    analysis.to_parquet(folder / "analysis.parquet")
    (folder / "task.json").write_text(json.dumps({"task": prototype.task, "inputs": inputs}))
    subprocess.run([str(python), str(SCRIPT), str(folder)], check=True, timeout=ESTIMATE_TIMEOUT_S, capture_output=True)
    found = json.loads((folder / "estimates.json").read_text())
    return PeerEstimates(found["version"], found["estimates"])


def _as_peer(stream: Stream, rows: pd.DataFrame, inputs: list[str]) -> pd.DataFrame:
    """Return rows as NannyML wants them: inputs, truth, answer, and the probability of the positive class."""
    answers = deploy.load_model(stream.store, stream.model.id).predict(rows)
    table = rows[inputs].copy()
    for name in inputs:
        if not pd.api.types.is_numeric_dtype(table[name]):
            table[name] = table[name].astype("str")
    if stream.lower_is_better:
        return table.assign(_truth=rows[stream.target].astype(float), _answer=answers.predictions)
    positive = str(deploy.load_prototype(stream.store, stream.model.id).classes[-1])
    proba = [one[positive] for one in answers.probabilities or ()]
    truth, said = answer_codes(rows[stream.target], positive), [int(one == positive) for one in answers.predictions]
    return table.assign(_truth=truth, _answer=said, _proba=proba)
