"""Golden rows: inputs with the answers the model gave when it was registered, to prove it still gives them."""

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq

from core.deploy.answers import PipelineScorer, Scorer, Scores
from core.deploy.prototype import request_rows
from core.errors import BadInputError
from core.records import Prototype

GOLDEN = "golden.parquet"
N_USUAL_ROWS = 40
N_ODD_ROWS = 10
MOST_BYTES = 200_000_000
TOLERANCE = 1e-6
"""Largest difference allowed from the answers at registration: of a probability, or of a number, relatively."""
ENGINE_TOLERANCE = 1e-4
"""Largest difference allowed between ONNX Runtime, which mostly computes in single precision, and scikit-learn."""
UNSEEN = "(never seen in training)"
INPUT, PREDICTION, PROBABILITY = "input ", "output prediction", "output probability "


def choose_rows(frame: pd.DataFrame, prototype: Prototype, *, random_state: int = 0) -> pd.DataFrame:
    """Return up to 50 rows: ordinary ones, and some with unseen categories and all that may be missing missing.

    Parameters
    ----------
    frame : DataFrame of shape (n, at least the prototype's columns)
        Rows as `collect.load_frame` gives them.
    """
    names = [column.name for column in prototype.columns]
    rows = frame[names].sample(min(len(frame), N_USUAL_ROWS), random_state=random_state)
    return pd.concat([rows, odd_rows(rows.head(N_ODD_ROWS), prototype)], ignore_index=True)


def odd_rows(rows: pd.DataFrame, prototype: Prototype) -> pd.DataFrame:
    """Return the rows with unseen categories, every second one also without any value that may be missing."""
    odd = rows.astype(object).reset_index(drop=True)
    for column in prototype.columns:
        if column.kind == "category":
            odd[column.name] = UNSEEN
        if not column.required:
            odd.loc[::2, column.name] = None
    return odd.astype(rows.dtypes.to_dict())


def write_golden(folder: Path, scorer: PipelineScorer, rows: pd.DataFrame) -> None:
    """Write the rows and the answers to them as `golden.parquet`."""
    predictions, proba = scorer.score(rows)
    table = rows.add_prefix(INPUT).assign(**{PREDICTION: predictions})
    if proba is not None:
        names = [f"{PROBABILITY}{position}" for position in range(proba.shape[1])]
        table = pd.concat([table, pd.DataFrame(proba, columns=names)], axis=1)
    table.to_parquet(folder / GOLDEN)


def _read(folder: Path) -> pd.DataFrame:
    """Return the rows and answers; BadInputError for a file that would unpack to far more than golden rows take."""
    facts = pq.ParquetFile(folder / GOLDEN).metadata
    n_bytes = sum(facts.row_group(number).total_byte_size for number in range(facts.num_row_groups))
    if facts.num_rows > N_USUAL_ROWS + N_ODD_ROWS or n_bytes > MOST_BYTES:
        raise BadInputError("The golden rows are far more than they can be.", "Nothing was loaded.")
    return pd.read_parquet(folder / GOLDEN)


def read_rows(folder: Path) -> pd.DataFrame:
    """Return the golden rows without the answers."""
    table = _read(folder)
    inputs = [name for name in table.columns if name.startswith(INPUT)]
    return table[inputs].rename(columns=lambda name: name.removeprefix(INPUT))


def check_golden(folder: Path, scorer: Scorer, *, tolerance: float = TOLERANCE) -> None:
    """Raise BadInputError unless the model answers the golden rows as it did when it was registered."""
    _compare(_read(folder), scorer.score(read_rows(folder)), tolerance)


def check_golden_rows(folder: Path, scorer: Scorer, prototype: Prototype, *, tolerance: float = TOLERANCE) -> None:
    """Raise BadInputError unless it does so, too, when the rows come as a request holds them."""
    rows = request_rows(prototype, read_rows(folder))
    _compare(_read(folder), scorer.score_rows(rows), tolerance)


def _compare(table: pd.DataFrame, scores: Scores, tolerance: float) -> None:
    predictions, proba = scores
    expected = table[PREDICTION].to_numpy()
    if pd.api.types.is_numeric_dtype(table[PREDICTION]):
        scale = tolerance * max(1.0, float(np.std(expected)))
        same = np.allclose(predictions, expected, rtol=tolerance, atol=scale)
    else:
        same = bool((predictions == expected).all())
    if proba is not None:
        names = [f"{PROBABILITY}{position}" for position in range(proba.shape[1])]
        same = same and np.allclose(proba, table[names].to_numpy(), rtol=0, atol=tolerance)
    if not same:
        raise BadInputError(
            "The model does not give the answers it gave when it was registered.",
            "Nothing was loaded. Another version of a library may be installed; register the candidate again.",
        )
