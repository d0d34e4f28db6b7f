"""The recipe as a record: save it, find it, switch its steps. A saved recipe never changes; a change is a new one."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from core.errors import BadInputError, NotFoundError
from core.prepare.checking import check_look_back, check_step
from core.prepare.layout import STAGES, eligible, given_columns, walk
from core.prepare.making import name_step
from core.records import DatasetVersion, Recipe, RecipeStep, Split, new_id, utc_now
from core.store import Store

DROPPED_BY_PERSON = "drop_chosen"


def save_recipe(store: Store, recipe: Recipe) -> Recipe:
    """Check a recipe against its table, save it as the project's newest and return it.

    Raises
    ------
    BadInputError
        When the target or the column to split by is no column of the table, the shares are impossible, or a step looks
        back while the split is not by time.
    ConflictError
        When this very recipe is saved already.
    """
    names = store.get(DatasetVersion, recipe.dataset_id).column_names
    if recipe.target not in names:
        raise BadInputError(f"The table has no column '{recipe.target}'.", "Choose the target among its columns.")
    check_split(recipe, recipe.split)
    check_look_back(recipe)
    return store.add(recipe)


def current_recipe(store: Store, project_id: str) -> Recipe | None:
    """Return the newest saved recipe of a project; None when there is none."""
    return store.newest(Recipe, project_id=project_id)


def switch_step(recipe: Recipe, key: str, enabled: bool) -> Recipe:
    """Return a copy of the recipe with one step switched on or off, ready to be saved.

    Raises
    ------
    NotFoundError
        When the recipe has no step of that key.
    """
    find_step(recipe, key)
    return with_steps(recipe, [replace(step, enabled=enabled) if step.key == key else step for step in recipe.steps])


def put_step(recipe: Recipe, step: RecipeStep) -> Recipe:
    """Return a copy of the recipe with a step added, or in the place of the one with its key, ready to be saved.

    A new step comes last of those that may stand in any order with it. `prepare.make_step` makes one in words.

    Raises
    ------
    BadInputError
        When the step cannot work on this table: says which column or option is wrong.
    """
    keys = [one.key for one in recipe.steps]
    step = replace(step, options=step.options | {"eligible": list(eligible(step))})
    steps = (
        [step if one.key == step.key else one for one in recipe.steps] if step.key in keys else [*recipe.steps, step]
    )
    changed = with_steps(recipe, steps)
    check_step(changed, step.key)
    return changed


def change_options(recipe: Recipe, key: str, columns: Sequence[str] | None = None, **options: Any) -> Recipe:
    """Return a copy of the recipe with some options of a step changed, and its columns when given, ready to be saved.

    Raises
    ------
    NotFoundError
        When the recipe has no step of that key.
    BadInputError
        When the step cannot work so.
    """
    step = find_step(recipe, key)
    chosen = eligible(step) if columns is None else tuple(columns)
    changed = replace(step, columns=chosen, options=step.options | options | {"eligible": list(chosen)})
    return put_step(recipe, name_step(changed))


def remove_step(recipe: Recipe, key: str) -> Recipe:
    """Return a copy of the recipe without a step, ready to be saved.

    Raises
    ------
    NotFoundError
        When the recipe has no step of that key.
    BadInputError
        When a later step works on what this one makes.
    """
    gone = find_step(recipe, key)
    changed = with_steps(recipe, [step for step in recipe.steps if step.key != key])
    _check_nothing_lost(recipe, changed, gone)
    return changed


def move_step(recipe: Recipe, key: str, by: int) -> Recipe:
    """Return a copy of the recipe with a step `by` places later (below 0: earlier), ready to be saved.

    Only steps that turn a table into a table, such as a ratio or bins, may change places; at the end of them it stays.

    Raises
    ------
    NotFoundError
        When the recipe has no step of that key.
    BadInputError
        When a step would come before the one that makes its columns.
    """
    moved = find_step(recipe, key)
    alike = [step for step in recipe.steps if STAGES[step.kind] == STAGES[moved.kind]]
    others = [step for step in alike if step.key != key]
    place = min(max(alike.index(moved) + by, 0), len(others))
    order = [*others[:place], moved, *others[place:]]
    changed = with_steps(recipe, [*order, *(step for step in recipe.steps if step not in alike)])
    _check_nothing_lost(recipe, changed, moved)
    return changed


def find_step(recipe: Recipe, key: str) -> RecipeStep:
    """Return the step of a recipe with a key.

    Raises
    ------
    NotFoundError
        When there is none.
    """
    for step in recipe.steps:
        if step.key == key:
            return step
    raise NotFoundError("The recipe has no such step.", "Load the page again.")


def _check_nothing_lost(before: Recipe, after: Recipe, changed: RecipeStep) -> None:
    """Raise BadInputError when a step that makes columns has lost one it works on."""
    kept = {step.key: step for step in after.steps}
    for step in before.steps:
        if step.kind in ("combine", "bin", "cap") and step.key in kept:
            lost = set(step.columns) - set(kept[step.key].columns)
            if lost and step.enabled:
                raise BadInputError(
                    f"'{step.title}' works on '{min(lost)}', which would not be there then.",
                    f"Change or remove that step first, then '{changed.title}'.",
                )


def drop_columns(recipe: Recipe, columns: Sequence[str], reason: str) -> Recipe:
    """Return a copy of the recipe that also leaves out the given columns, ready to be saved.

    Raises
    ------
    BadInputError
        When one of them is the target or no column of the table.
    """
    if recipe.target in columns:
        raise BadInputError(f"'{recipe.target}' is the target; it is never among the inputs anyway.", "Leave it out.")
    known = {column.name for column in recipe.columns}
    unknown = [name for name in columns if name not in known]
    if unknown:
        raise BadInputError(f"The table has no column '{unknown[0]}'.", "Choose among its columns.")
    others = [step for step in recipe.steps if step.key != DROPPED_BY_PERSON]
    if not columns:
        return with_steps(recipe, others)
    chosen = RecipeStep(DROPPED_BY_PERSON, "drop", "Leave out columns you chose", reason, tuple(columns))
    return with_steps(recipe, [chosen, *others])


def change_split(recipe: Recipe, split: Split) -> Recipe:
    """Return a copy of the recipe with another split, ready to be saved.

    Raises
    ------
    BadInputError
        When the split is impossible for this table.
    """
    check_split(recipe, split)
    return replace(recipe, split=split, id=new_id(), created_at=utc_now())


def check_split(recipe: Recipe, split: Split) -> None:
    """Raise BadInputError when a split cannot be made: a share outside 0 to 1, a column without order."""
    if not 0 < split.test_share < 1:
        raise BadInputError("The test part has to be a share between 0 and 1.", "0.2 is a good start.")
    sortable = {column.name for column in recipe.columns if column.kind in ("date", "number")}
    if split.kind == "time" and split.time_column is not None and split.time_column not in sortable:
        raise BadInputError("A split by time needs a column with dates.", "Choose one, or split at random.")
    if split.kind == "group" and split.group_column not in {column.name for column in recipe.columns} - {recipe.target}:
        raise BadInputError(
            "A split by group needs a column that says what belongs together.", "Choose one, or split at random."
        )
    if split.kind == "newest" and not split.n_newest:
        raise BadInputError("It is not said how many of the newest rows to test on.", "Give a number of rows above 0.")
    if split.kind == "stratified" and recipe.task == "regression":
        raise BadInputError("A number cannot be split by class.", "Split at random or by time.")


def with_steps(recipe: Recipe, steps: Sequence[RecipeStep]) -> Recipe:
    """Return a copy with these steps in their order, each naming only columns that are there when it is its turn."""
    ordered = sorted(steps, key=lambda step: STAGES[step.kind])
    dropped = {name for step in ordered if step.enabled and step.kind == "drop" for name in eligible(step)}
    placed = replace(recipe, steps=tuple(ordered), id=new_id(), created_at=utc_now())
    there = {place.step.key: place.names for place in walk(given_columns(placed), ordered)}
    return replace(placed, steps=tuple(_settle(step, there.get(step.key), dropped) for step in ordered))


def _settle(step: RecipeStep, there: tuple[str, ...] | None, dropped: set[str]) -> RecipeStep:
    """`options["eligible"]` keeps all columns a step would handle, so that a dropped one can come back."""
    if step.kind in ("drop", "look_back"):
        return step
    names = tuple(name for name in eligible(step) if name not in dropped) if there is None else there
    return replace(step, columns=names)
