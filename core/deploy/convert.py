"""Proving a freshly written model and converting it to ONNX; both are called in a process of their own."""

from pathlib import Path

import pandas as pd

from core.deploy.answers import PipelineScorer
from core.deploy.golden import check_golden
from core.evaluate.model_folder import read_model
from core.records import Engine


def prove_model(folder: Path) -> None:
    """Raise BadInputError unless the stored model gives the golden answers where it was not made."""
    check_golden(folder, PipelineScorer(read_model(folder)))


def convert_folder(folder: Path, rows: pd.DataFrame) -> tuple[Engine, str]:
    """Write `model.onnx` if that changes no answer; return the engine that will serve, and why, in words."""
    # Imported here, because the converter takes a second to import and nobody else needs it.
    from core.deploy.engine import choose_engine

    return choose_engine(read_model(folder), folder, rows)
