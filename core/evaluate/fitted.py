"""Candidates fitted to the whole training part, kept as files so that nobody has to fit them again."""

from collections.abc import Callable

from sklearn.pipeline import Pipeline

from core.errors import NotReadyError
from core.evaluate.model_folder import check_folder, read_model, write_manifest, write_model
from core.records import Candidate
from core.store import Store
from core.train import fit_candidate


def load_fitted(store: Store, candidate_id: str) -> Pipeline:
    """Return the fitted pipeline of an evaluated candidate.

    Raises
    ------
    NotReadyError
        When the candidate has not been evaluated.
    BadInputError
        When the files are damaged.
    """
    folder = store.files.candidate(candidate_id)
    if not folder.is_dir():
        raise NotReadyError("This candidate has not been evaluated yet.", "Evaluate it first.")
    check_folder(folder)
    return read_model(folder)


def fit_and_keep(
    store: Store, candidate: Candidate, *, scheduler_address: str, stop_requested: Callable[[], bool]
) -> Pipeline:
    """Return a candidate's pipeline fitted to the whole training part; read from its files when it was fitted before.

    Raises
    ------
    StoppedError
        When the person stopped the work.
    BadInputError
        When the files are damaged, or the model contains what may not be stored.
    """
    folder = store.files.candidate(candidate.id)
    if folder.is_dir():
        return load_fitted(store, candidate.id)
    pipeline = fit_candidate(store, candidate.id, scheduler_address=scheduler_address, stop_requested=stop_requested)
    with store.files.write_folder(folder) as temporary:
        write_model(pipeline, temporary)
        write_manifest(temporary)
    return pipeline
