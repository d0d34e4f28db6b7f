"""The recipe as a record: save it, find it, switch its steps. A saved recipe never changes; a change is a new one."""

from collections.abc import Sequence
from dataclasses import replace

from core.errors import BadInputError, NotFoundError
from core.records import DatasetVersion, Recipe, RecipeStep, Split, new_id, utc_now
from core.store import Store

DROPPED_BY_PERSON = "drop_chosen"


def save_recipe(store: Store, recipe: Recipe) -> Recipe:
    """Check a recipe against its table, save it as the project's newest and return it.

    Raises
    ------
    BadInputError
        When the target or the column to split by is no column of the table, or the shares are impossible.
    ConflictError
        When this very recipe is saved already.
    """
    names = store.get(DatasetVersion, recipe.dataset_id).column_names
    if recipe.target not in names:
        raise BadInputError(f"The table has no column '{recipe.target}'.", "Choose the target among its columns.")
    check_split(recipe, recipe.split)
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
    if key not in {step.key for step in recipe.steps}:
        raise NotFoundError("The recipe has no such step.", "Load the page again.")
    return with_steps(recipe, [replace(step, enabled=enabled) if step.key == key else step for step in recipe.steps])


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
    """Return a copy with these steps, each naming only columns that no switched-on step before it leaves out."""
    dropped = {name for step in steps if step.enabled and step.kind == "drop" for name in step.columns}
    settled = tuple(step if step.kind == "drop" else _without(step, dropped) for step in steps)
    return replace(recipe, steps=settled, id=new_id(), created_at=utc_now())


def _without(step: RecipeStep, dropped: set[str]) -> RecipeStep:
    """`options["eligible"]` keeps all columns a step would handle, so that a dropped one can come back."""
    return replace(step, columns=tuple(name for name in step.options["eligible"] if name not in dropped))
