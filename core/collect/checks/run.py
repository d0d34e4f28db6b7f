"""Run all checks on a dataset version, once for each target: the report is kept beside the profile."""

import functools
import hashlib
import tempfile
from dataclasses import replace
from importlib.resources import files
from pathlib import Path

from pydantic import ValidationError

from core.collect.checks.registry import CHECKS, Check
from core.collect.checks.table import CheckedTable
from core.collect.profile import profile_dataset
from core.collect.samples import SAMPLES
from core.collect.staging import open_for_stored
from core.collect.target_relations import relate_to_target
from core.collect.twins import find_twins
from core.collect.typed_source import numbered_relation
from core.errors import BadInputError
from core.records import CheckReport, CheckResult, DatasetVersion, Project, Task
from core.store import Store, record_from_json, record_to_json


def run_checks(store: Store, dataset_id: str, *, target: str | None = None, task: Task | None = None) -> CheckReport:
    """Return how each check of a dataset version ended; the first call computes it, over all rows.

    Parameters
    ----------
    target, task : str, optional
        What is to be predicted; without it, checks about the target are not applicable.

    Raises
    ------
    NotFoundError
        When there is no such version.
    BadInputError
        When the target is no column of it.
    """
    if known := known_checks(store, dataset_id, target=target, task=task):
        return known
    dataset = store.get(DatasetVersion, dataset_id)
    if target is not None and target not in dataset.column_names:
        raise BadInputError(f"The table has no column '{target}'.", "Choose the target among its columns.")
    report = CheckReport(dataset_id, target, task, _run(store, dataset, target, task))
    with store.files.write_file(_path(store, report)) as temporary:
        temporary.write_text(record_to_json(report), encoding="utf-8")
    return report


def known_checks(
    store: Store, dataset_id: str, *, target: str | None = None, task: Task | None = None
) -> CheckReport | None:
    """Return the report of an earlier run; None when there is none, which costs nothing to find out."""
    path = _path(store, CheckReport(dataset_id, target, task, ()))
    try:
        return record_from_json(CheckReport, path.read_text(encoding="utf-8")) if path.exists() else None
    except ValidationError:
        return None


def _run(store: Store, dataset: DatasetVersion, target: str | None, task: Task | None) -> tuple[CheckResult, ...]:
    profile = profile_dataset(store, dataset.id)
    with (
        tempfile.TemporaryDirectory(dir=store.home / "uploads") as folder,
        open_for_stored(Path(folder)) as connection,
    ):
        relation = numbered_relation(store.files.dataset(dataset.id))
        relate = functools.cache(functools.partial(relate_to_target, store, dataset.id, target or ""))
        twins = functools.partial(find_twins, store, dataset.id)
        leaks = _known_leaks(store, dataset)
        table = CheckedTable(connection, relation, dataset, profile, target, task, relate, twins, leaks)
        before = known_checks(store, dataset.id) if target is not None else None
        return tuple(
            before.result(check.code)
            if before is not None and not check.about_target
            else _signed(check, check.run(table))
            for check in CHECKS
        )


def _signed(check: Check, result: CheckResult) -> CheckResult:
    """Put the check's code and words into its result, and its code into the edits it offers."""
    fixes = tuple(
        replace(fix, edit=replace(fix.edit, check_code=check.code)) if fix.edit else fix for fix in result.fixes
    )
    return replace(result, code=check.code, title=check.title, why=check.why, fixes=fixes)


def _known_leaks(store: Store, dataset: DatasetVersion) -> tuple[str, ...]:
    sample = store.get(Project, dataset.project_id).sample
    return next((tuple(one.known_leaks) for one in SAMPLES if one.key == sample), ())


def _path(store: Store, report: CheckReport) -> Path:
    key = hashlib.sha256(f"{code_version()}\n{report.target}\n{report.task}".encode()).hexdigest()[:16]
    return store.files.finding(report.dataset_id, f"checks-{key}")


@functools.cache
def code_version() -> str:
    """Return a hash of the checks' own source: a report made by other code is not taken for this one's."""
    sources = [source for source in files(__package__ or "").iterdir() if source.name.endswith(".py")]
    sources.sort(key=lambda source: source.name)
    return hashlib.sha256(b"".join(source.read_bytes() for source in sources)).hexdigest()
