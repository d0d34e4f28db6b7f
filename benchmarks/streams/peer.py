"""NannyML beside: the same windows, estimated in an environment of its own."""

import json
import os
import subprocess
import venv
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.streams.world import Stream, plain_label
from core import deploy, prepare

INSTALL_TIMEOUT_S = 900
PACKAGES = ("nannyml", "pandas<3", "pyarrow", "statsmodels")
ESTIMATE_TIMEOUT_S = 300
NO_TELEMETRY = {"NML_DISABLE_USAGE_LOGGING": "1"}
"""NannyML else reports each use over the network, and its failure to do so hides why an estimate failed."""
SCRIPT = Path(__file__).with_name("nannyml_estimate.py")


@dataclass(frozen=True)
class PeerEstimates:
    """What NannyML estimates for each window, in the metric's natural sign; `problem` says why it could not."""

    values: tuple[float, ...] = ()
    problem: str = ""


def make_environment(folder: Path) -> Path | None:
    """Return an environment with NannyML, made unless it is there; None when it cannot be made, which is said."""
    python = folder / "bin/python"
    if (folder / "ready").exists():
        return python
    print("NannyML's environment is made; this takes a few minutes, once.", flush=True)
    command = [str(python), "-m", "pip", "install", "--quiet", *PACKAGES]
    try:
        venv.create(folder, with_pip=True)
        subprocess.run(command, check=True, timeout=INSTALL_TIMEOUT_S, capture_output=True, text=True)
    except (OSError, subprocess.SubprocessError) as error:
        print(f"NannyML could not be installed, so nothing is compared with it: {say_failure(error)}", flush=True)
        return None
    (folder / "ready").touch()
    return python


def say_failure(error: Exception) -> str:
    """Return why a command failed: the last line it wrote, else the error itself."""
    written = str(getattr(error, "stderr", None) or "").strip()
    return written.splitlines()[-1] if written else str(error)


def estimate_by_peer(stream: Stream, python: Path, folder: Path) -> PeerEstimates:
    """Return NannyML's estimates of a stream's windows, or why it gave up."""
    prototype = deploy.load_prototype(stream.store, stream.model.id)
    folder.mkdir(parents=True)
    inputs = [column.name for column in prototype.columns if column.kind in ("number", "category", "boolean")]
    ends = np.cumsum([window.n_rows for window in stream.windows])
    test, rest = stream.test[stream.test[stream.target].notna()], stream.rest.iloc[: ends[-1]]
    _as_peer(stream, test, inputs).to_parquet(folder / "reference.parquet")
    analysis = _as_peer(stream, rest, inputs)
    analysis["_window"] = np.searchsorted(ends, np.arange(len(rest)), side="right")
    analysis.to_parquet(folder / "analysis.parquet")
    classes = [str(label) for label in prototype.classes]
    task = {"task": prototype.task, "inputs": inputs, "classes": classes}
    (folder / "task.json").write_text(json.dumps(task))
    command, quietly = [str(python), str(SCRIPT), str(folder)], os.environ | NO_TELEMETRY
    try:
        subprocess.run(command, check=True, timeout=ESTIMATE_TIMEOUT_S, capture_output=True, text=True, env=quietly)
    except subprocess.SubprocessError as error:
        return PeerEstimates(problem=say_failure(error))
    return PeerEstimates(tuple(json.loads((folder / "estimates.json").read_text())))


def _as_peer(stream: Stream, rows: pd.DataFrame, inputs: list[str]) -> pd.DataFrame:
    """Return rows as NannyML wants them: inputs, truth, answer, and the probability of each class."""
    answers = deploy.load_model(stream.store, stream.model.id).predict(rows)
    table = rows[inputs].copy()
    for name in inputs:
        if not pd.api.types.is_numeric_dtype(table[name]):
            table[name] = table[name].astype("str")
    if stream.lower_is_better:
        return table.assign(_truth=rows[stream.target].astype(float), _answer=answers.predictions)
    classes = [str(label) for label in deploy.load_prototype(stream.store, stream.model.id).classes]
    places = {label: place for place, label in enumerate(classes)}
    truth = [places.get(prepare.label_text(plain_label(value)), -1) for value in rows[stream.target]]
    said = [places[prepare.label_text(one)] for one in answers.predictions]
    probabilities = answers.probabilities or ()
    proba = {f"_proba_{place}": [one[label] for one in probabilities] for label, place in places.items()}
    return table.assign(_truth=truth, _answer=said, **proba)
