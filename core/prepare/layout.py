"""Which columns are there before and after each step of a recipe, and which must a row bring for that?"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from core.prepare.names import binned_name, combined_name, elapsed_names, looked_back_names, part_names
from core.records import Column, ColumnKind, Recipe, RecipeStep, StepKind

STAGES: Mapping[StepKind, int] = {
    "look_back": 0,
    "drop": 1,
    "dates": 1,
    "cap": 1,
    "combine": 1,
    "bin": 1,
    "impute": 2,
    "scale": 3,
    "encode": 4,
    "text": 5,
    "remove_rows": 6,
}
"""Steps of a lower stage come first; those of one stage stand in the order the person gives them."""
TABLE_STAGE = 1
"""Steps of this stage turn a table into a table, one after the other; later ones turn columns into numbers."""
STEP_OF_KIND: Mapping[ColumnKind, StepKind] = {"category": "encode", "date": "dates", "text": "text"}
"""Columns of these kinds are of no use unless a step turns them into numbers."""


@dataclass(frozen=True)
class Made:
    """A column that a step makes, and the columns it is made from."""

    column: Column
    sources: tuple[str, ...]


@dataclass(frozen=True)
class Place:
    """A table step in its place: the columns it works on (those it names that are there), and all before and after."""

    step: RecipeStep
    names: tuple[str, ...]
    before: tuple[Column, ...]
    after: tuple[Column, ...]
    made: tuple[Made, ...] = ()


def eligible(step: RecipeStep) -> tuple[str, ...]:
    """Return all columns a step would handle; `step.columns` are those that no other step leaves out."""
    return tuple(step.options.get("eligible", step.columns))


def given_columns(recipe: Recipe) -> tuple[Column, ...]:
    """Return the columns before the first table step: those of the table without the target, and earlier values."""
    given = {column.name: column for column in recipe.columns if column.name != recipe.target}
    given |= {column.name: column for column in looked_back_columns(recipe)}
    return tuple(given.values())


def looked_back_columns(recipe: Recipe) -> tuple[Column, ...]:
    """Return the columns of earlier values that the recipe's switched-on steps look back for."""
    kinds = source_kinds(recipe)
    return tuple(
        Column(name, "category", "string") if kinds[source] == "category" else Column(name, "number", "double")
        for step in recipe.steps
        if step.kind == "look_back" and step.enabled
        for source in step.columns
        if source in kinds
        for name in looked_back_names(source, step.options)
    )


def source_kinds(recipe: Recipe) -> dict[str, ColumnKind]:
    """Return what each column of the table holds when it is looked back at; the target as what is asked for."""
    kinds = {column.name: column.kind for column in recipe.columns}
    if recipe.task == "regression":
        return kinds | {recipe.target: "number"}
    return kinds | {
        recipe.target: kinds[recipe.target] if kinds[recipe.target] in ("number", "boolean") else "category"
    }


def walk(columns: Sequence[Column], steps: Sequence[RecipeStep]) -> Iterator[Place]:
    """Go through the table steps in order, beginning with these columns; a step switched off changes nothing."""
    present = {column.name: column for column in columns}
    for step in steps:
        if STAGES[step.kind] != TABLE_STAGE:
            continue
        before = tuple(present.values())
        names = _usable(step, present)
        removed, made = _effect(step, names, before) if step.enabled else (set(), ())
        present = {name: column for name, column in present.items() if name not in removed}
        present |= {one.column.name: one.column for one in made}
        yield Place(step, names, before, tuple(present.values()), tuple(made))


def _usable(step: RecipeStep, present: Mapping[str, Column]) -> tuple[str, ...]:
    names = tuple(name for name in eligible(step) if name in present)
    return () if step.kind == "combine" and len(names) < len(eligible(step)) else names


def _effect(step: RecipeStep, names: tuple[str, ...], before: Sequence[Column]) -> tuple[set[str], tuple[Made, ...]]:
    """Return the names of the columns a step removes, and the columns it makes."""
    if step.kind == "drop":
        return set(names), ()
    if step.kind == "dates":
        return {column.name for column in before if column.kind == "date"}, _dated(step, names, before)
    if step.kind == "combine" and names:
        return set(), (Made(Column(combined_name(step.options, names), "number", ""), names),)
    if step.kind == "bin":
        return set(), tuple(Made(Column(binned_name(name), "category", ""), (name,)) for name in names)
    return set(), ()


def _dated(step: RecipeStep, names: tuple[str, ...], before: Sequence[Column]) -> tuple[Made, ...]:
    dates = {column.name for column in before if column.kind == "date"}
    parts = [(part, (name,)) for name in names for part in part_names({name: date_parts(step, name)})]
    elapsed = [
        (name, (date, other) if other else (date,))
        for name, date, other, _ in elapsed_names(step.options, [name for name in names if name in dates])
        if other is None or other in dates
    ]
    return tuple(Made(Column(name, "number", ""), sources) for name, sources in [*parts, *elapsed])


def date_parts(step: RecipeStep, name: str) -> list[str]:
    """Return the parts that a step reads off a date column."""
    return list(step.options.get("parts", {}).get(name, ("elapsed_days",)))


def columns_at_end(recipe: Recipe) -> tuple[Column, ...]:
    """Return the columns that are there after the last table step, for a step to be added."""
    places = list(walk(given_columns(recipe), recipe.steps))
    return places[-1].after if places else given_columns(recipe)


def columns_before(recipe: Recipe, key: str) -> tuple[Column, ...]:
    """Return the columns that are there when it is a step's turn: those of the table, and what steps before it make."""
    places = list(walk(given_columns(recipe), recipe.steps))
    return next((place.before for place in places if place.step.key == key), given_columns(recipe))


def feature_columns(recipe: Recipe) -> tuple[Column, ...]:
    """Return the columns a recipe's model is given, without the target: those of the table it needs, in the table's
    order, then earlier values where a step looks back.

    A column that a step makes another from is needed even where a later step leaves it out.
    """
    given = given_columns(recipe)
    places = list(walk(given, recipe.steps))
    sources = {column.name: {column.name} for column in given}
    for place in places:
        for one in place.made:
            sources[one.column.name] = set().union(*(sources[name] for name in one.sources))
    needed = set().union(*(sources[column.name] for column in _left(recipe, given, places)))
    return tuple(column for column in given if column.name in needed)


def table_columns(recipe: Recipe) -> tuple[Column, ...]:
    """Return the columns after the last table step: numbers, categories and texts that will be turned into numbers."""
    return _left(recipe, feature_columns(recipe), table_places(recipe))


def dated_names(recipe: Recipe) -> set[str]:
    """Return the names of the columns that are read off dates."""
    return {one.column.name for place in table_places(recipe) if place.step.kind == "dates" for one in place.made}


def table_places(recipe: Recipe) -> list[Place]:
    """Return the table steps in their order, each with the columns it works on among those the model is given."""
    return list(walk(feature_columns(recipe), recipe.steps))


def _left(recipe: Recipe, given: Sequence[Column], places: Sequence[Place]) -> tuple[Column, ...]:
    """Return the columns at the end that some step turns into numbers. Those made by a step always are."""
    left = places[-1].after if places else given
    raw = {column.name for column in recipe.columns} - {column.name for column in looked_back_columns(recipe)}
    turned = {(step.kind, name) for step in recipe.steps if step.enabled for name in step.columns}
    return tuple(
        column
        for column in left
        if column.name not in raw
        or column.kind not in STEP_OF_KIND
        or (STEP_OF_KIND[column.kind], column.name) in turned
    )
