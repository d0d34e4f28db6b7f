"""What checks of the data found and how the recipe stands to it: mended there, still open, or right so."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from core.collect import accepted_findings, current_dataset, known_checks
from core.errors import BadInputError, LifecycleError
from core.plan import current_objective
from core.prepare.layout import eligible, feature_columns
from core.prepare.making import make_step
from core.prepare.propose import propose_recipe
from core.prepare.recipe import (
    DROPPED_BY_PERSON,
    change_options,
    change_split,
    current_recipe,
    drop_columns,
    put_step,
    save_recipe,
    with_steps,
)
from core.records import AcceptedFinding, CheckReport, CheckResult, DatasetVersion, Fix, Recipe, Split
from core.store import Store

State = Literal["open", "in_recipe", "accepted"]


@dataclass(frozen=True)
class Finding:
    """A problem or note of a check, and whether the recipe or a person has settled it."""

    result: CheckResult
    state: State
    accepted: AcceptedFinding | None = None


def fitting_recipe(store: Store, project_id: str, *, by: str) -> Recipe:
    """Return the newest saved recipe if it is for the present table and target, else the proposed one, not saved.

    Raises
    ------
    NotReadyError
        When no target has been chosen.
    NoDataError
        When the project has no table yet.
    BadInputError
        When nothing can be learned from the target.
    """
    objective, saved = current_objective(store, project_id), current_recipe(store, project_id)
    fits = saved is not None and (saved.dataset_id, saved.target) == (
        current_dataset(store, project_id).id,
        objective.target,
    )
    if saved is not None and fits and objective.task in (None, saved.task):
        return saved
    return propose_recipe(store, project_id, by=by)


def apply_fix(recipe: Recipe, fix: Fix, *, code: str, columns: Sequence[str] | None = None) -> Recipe:
    """Return a copy of the recipe with a fix made, ready to be saved; the check's code stands in the step's reason.

    Parameters
    ----------
    fix : Fix
        Of any kind but "edit", which changes the table itself.
    columns : sequence of str, optional
        Those of the fix's columns that are meant; default all.

    Raises
    ------
    BadInputError
        When the recipe cannot be changed so.
    """
    names = [name for name in (fix.columns if columns is None else columns) if name != recipe.target]
    if fix.kind == "leave_out":
        return _leave_out(recipe, names, code)
    if fix.kind == "split":
        return change_split(recipe, replace(_plain_split(recipe), **fix.options))
    if fix.kind == "cap":
        present = {column.name for column in feature_columns(recipe) if column.kind == "number"}
        chosen = [name for name in names if name in present]
        if not chosen:
            raise BadInputError("None of these columns is among the inputs.", "There is nothing to cap.")
        return put_step(recipe, make_step(recipe, "cap", chosen, reason=f"{fix.sentence} ({code})", **fix.options))
    if fix.kind == "group_rare":
        return _group_rare(recipe, names, fix)
    raise BadInputError("This changes the table, not the recipe.", "Make it a recorded edit.")


def _plain_split(recipe: Recipe) -> Split:
    return Split(test_share=recipe.split.test_share, random_state=recipe.split.random_state)


def _leave_out(recipe: Recipe, names: Sequence[str], code: str) -> Recipe:
    before = [step for step in recipe.steps if step.key == DROPPED_BY_PERSON]
    already = [name for step in before for name in step.columns]
    reason = " ".join(dict.fromkeys([*(step.reason for step in before), f"A check of the data advises it ({code})."]))
    return drop_columns(recipe, list(dict.fromkeys([*already, *names])), reason)


def _group_rare(recipe: Recipe, names: Sequence[str], fix: Fix) -> Recipe:
    for step in recipe.steps:
        if step.kind == "encode" and "min_frequency" in step.options and set(eligible(step)) & set(names):
            recipe = change_options(recipe, step.key, **fix.options)
    return recipe


def follow_edit(store: Store, before_id: str, after: DatasetVersion, *, by: str) -> Recipe | None:
    """Save the recipe of a version for the one an edit made of it, and return it, so that what was chosen stays chosen.

    None when there was no recipe for the version before, or columns came or changed their type: then a new proposal
    fits better.
    """
    recipe = current_recipe(store, after.project_id)
    if recipe is None or recipe.dataset_id != before_id or after.id == before_id:
        return None
    kept = {column.name for column in after.columns}
    if recipe.target not in kept or not set(after.columns) <= set(recipe.columns):
        return None
    steps = [
        replace(
            step,
            columns=_only(step.columns, kept),
            options=step.options | {"eligible": list(_only(eligible(step), kept))},
        )
        for step in recipe.steps
    ]
    try:
        moved = replace(recipe, dataset_id=after.id, columns=after.columns, created_by=by)
        return save_recipe(store, with_steps(moved, [step for step in steps if eligible(step)]))
    except BadInputError:  # A step or the split needs what is gone.
        return None


def _only(names: Sequence[str], kept: set[str]) -> tuple[str, ...]:
    return tuple(name for name in names if name in kept)


def is_fixed(recipe: Recipe, result: CheckResult) -> bool:
    """Whether one of the fixes a check offers for the recipe is in it already."""
    return any(_is_made(recipe, fix) for fix in result.fixes)


def _is_made(recipe: Recipe, fix: Fix) -> bool:
    if fix.kind == "leave_out":
        return not {column.name for column in feature_columns(recipe)} & set(fix.columns)
    if fix.kind == "split":
        return all(getattr(recipe.split, name) == value for name, value in fix.options.items()) or (
            fix.options == {"kind": "random"} and recipe.split.kind == "stratified"
        )
    on = [step for step in recipe.steps if step.enabled]
    if fix.kind == "cap":
        return set(fix.columns) <= {name for step in on if step.kind == "cap" for name in step.columns}
    if fix.kind == "group_rare":
        least = fix.options["min_frequency"]
        grouped = [step for step in on if step.kind == "encode" and step.options.get("min_frequency", least) >= least]
        inputs = {column.name for column in feature_columns(recipe)}
        return set(fix.columns) & inputs <= {name for step in grouped for name in step.columns}
    return False


def review_findings(store: Store, project_id: str, report: CheckReport, recipe: Recipe | None) -> tuple[Finding, ...]:
    """Return the problems and notes of a report, each with what has become of it."""
    accepted = accepted_findings(store, project_id, report)
    found = (*report.ended("problem"), *report.ended("note"))
    return tuple(
        Finding(result, "accepted", accepted[result.code])
        if result.code in accepted
        else Finding(result, "in_recipe" if recipe is not None and is_fixed(recipe, result) else "open")
        for result in found
    )


def open_problems(store: Store, project_id: str) -> tuple[CheckResult, ...]:
    """Return the problems of the current table that are still open, as far as it has been checked; costs little."""
    try:
        dataset = current_dataset(store, project_id)
    except LifecycleError:
        return ()
    objective = current_objective(store, project_id)
    report = known_checks(store, dataset.id, target=objective.target, task=objective.task)
    recipe = current_recipe(store, project_id)
    if report is None:
        return ()
    fitting = recipe if recipe is not None and recipe.dataset_id == dataset.id else None
    findings = review_findings(store, project_id, report, fitting)
    return tuple(one.result for one in findings if one.state == "open" and one.result.outcome == "problem")
