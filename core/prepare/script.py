"""The recipe as a plain scikit-learn program."""

import re
import textwrap
from collections.abc import Mapping, Sequence
from types import MappingProxyType

from sklearn.compose import ColumnTransformer

from core.collect.program import Program, bracketed, comment, literal
from core.collect.script import table_program
from core.errors import BadInputError
from core.prepare.columns import MISSING_LEVEL
from core.prepare.estimator_code import EstimatorCode
from core.prepare.layout import feature_columns, source_kinds
from core.prepare.look_back import fill_in, look_back
from core.prepare.pipeline import build_features, find_remover
from core.prepare.rows import LearningPipeline
from core.prepare.split_script import split_code
from core.prepare.words import say_step
from core.records import Column, ColumnKind, Recipe
from core.store import Store

LISTS: Mapping[ColumnKind, str] = MappingProxyType(
    {"number": "NUMBERS", "boolean": "BOOLEANS", "date": "DATES", "category": "CATEGORIES", "text": "TEXTS"}
)
"""What the program calls the columns of each kind."""
STORED: Mapping[ColumnKind, tuple[str, ...]] = MappingProxyType(
    {
        "number": ("int64", "double"),
        "boolean": ("bool", "double"),
        "date": ("timestamp[us]",),
        "category": ("string",),
        "text": ("string",),
    }
)
"""How columns of a kind are stored that the program can take as they are."""
TIDY = "TidyColumns"
SWITCHED_OFF = re.compile(r"\s*Switched off,[^.]*\.")
"""What a reason says about the switch on the page, which a program does not have."""


def recipe_script(store: Store, recipe: Recipe, *, from_file: bool = False) -> str:
    """Return a program that goes from the table to the numbers a model learns from.

    Parameters
    ----------
    from_file : bool
        Whether it starts from the file as the person brought it, see `collect.table_script`.

    Raises
    ------
    BadInputError
        When the recipe leaves no column, or a column is stored in a way that has no plain code.
    """
    shown = [
        "matrix = recipe.fit_transform(X_train, y_train)",
        'print(f"{matrix.shape[0]:,} rows with {matrix.shape[1]} numbers each")',
    ]
    if find_remover(recipe) is not None:
        shown = [
            "# Rows with unusual numbers are left out of the learning, but never the last ones of a class.",
            "odd = remover.find(X_train)",
            "kept = ~odd | _last_of_their_class(y_train, odd)",
            "X_train, y_train = X_train[kept], y_train[kept]",
            *shown,
        ]
    program = recipe_program(store, recipe, "From the table to numbers a model can learn from", from_file=from_file)
    return program.then("The training rows, as a model gets them", "\n".join(shown)).text()


def recipe_program(store: Store, recipe: Recipe, title: str, *, from_file: bool = False) -> Program:
    """Return a program that makes `X_train, y_train, X_test, y_test` and the unfitted pipeline `recipe`.

    Where the recipe leaves rows out of the learning, `remover` finds them.
    """
    columns = feature_columns(recipe)
    _check_stored(columns)
    lists = {name: [one.name for one in columns if one.kind == kind] for kind, name in LISTS.items()}
    lists = {name: names for name, names in lists.items() if names}
    writer = EstimatorCode({tuple(names): name for name, names in lists.items()})
    made = _pipeline_code(recipe, writer)
    earlier = _earlier_code(recipe, writer)
    named = "\n".join(f"{name} = {literal(names)}" for name, names in lists.items())
    own = "\n\n\n".join(part for part in (named, _tidy_code(lists), writer.own.text()) if part)
    base = ("from sklearn.base import BaseEstimator", "from sklearn.base import TransformerMixin")
    split, *split_imports = split_code(store, recipe)
    needs = ("import numpy as np", "import pandas as pd", *base, *writer.needs())
    return (
        table_program(store, recipe.dataset_id, title, from_file=from_file)
        .then("The columns, and what scikit-learn does not have", own, *needs)
        .then("The answers, and the rows set aside for the test", "\n".join([*earlier, split]), *split_imports)
        .then("The recipe, as one pipeline", made, "from sklearn.pipeline import Pipeline")
    )


def _pipeline_code(recipe: Recipe, writer: EstimatorCode) -> str:
    pipeline = build_features(recipe)
    blocks, features = _features_code(pipeline["features"], writer)
    # The first step is written by hand, see `_tidy_code`.
    table_steps = [f"({literal(name)}, {writer.write(step)})" for name, step in pipeline.steps[1:-1]]
    steps = [f'("tidy", {TIDY}())', *table_steps, '("features", features)']
    code = [_say_steps(recipe), "", *blocks, "", features, bracketed("recipe = Pipeline([", steps, "])")]
    remover = find_remover(recipe)
    if remover is not None:
        writer.own.add(LearningPipeline)
        code.append(f"remover = {writer.write(remover)}")
    return "\n".join(code)


def _earlier_code(recipe: Recipe, writer: EstimatorCode) -> list[str]:
    """Return the lines that add earlier values to the table, where steps look back for them."""
    steps = [step for step in recipe.steps if step.kind == "look_back" and step.enabled and step.columns]
    if not steps:
        return []
    writer.own.add(look_back)
    writer.own.add(fill_in)
    writer.own.imports.add("from types import SimpleNamespace")
    kinds = source_kinds(recipe)
    code = ["# Earlier values are worked out from the whole table, before any row is left out."]
    for number, step in enumerate(steps, 1):
        options = {name: step.options.get(name) for name in ("lags", "windows", "time_column", "group_column")}
        options |= {name: list(options[name] or ()) for name in ("lags", "windows")}
        call = [f"columns={literal(list(step.columns))}", f"options={literal(options)}"]
        code.append(bracketed(f"wanted_{number} = SimpleNamespace(", call, ")"))
    kinds_code = literal({name: kinds[name] for step in steps for name in step.columns})
    parts = [f"look_back(table, wanted_{number}, {kinds_code})" for number in range(1, len(steps) + 1)]
    code.append(f"table = fill_in(table, pd.concat({bracketed('[', parts, ']')}, axis=1))")
    return [*code, ""]


def _features_code(features: ColumnTransformer, writer: EstimatorCode) -> tuple[list[str], str]:
    """Return a line for each different transformer, and the code that applies them to their columns."""
    names: dict[str, str] = {}
    parts = []
    for block, transformer, columns in features.transformers:
        code = writer.write(transformer)
        if code not in names:
            start = block.split()[0]
            n_alike = sum(re.fullmatch(rf"{start}(_\d+)?", name) is not None for name in names.values())
            names[code] = f"{start}_{n_alike + 1}" if n_alike else start
        parts.append(f"({literal(block)}, {names[code]}, {writer.write(columns)})")
    writer.imports.add("from sklearn.compose import ColumnTransformer")
    lines = "".join(textwrap.indent(f"{part},\n", "    ") for part in parts)
    called = [f"[\n{lines}]", "verbose_feature_names_out=False"]
    return [f"{name} = {code}" for code, name in names.items()], bracketed("features = ColumnTransformer(", called, ")")


def pipeline_code(recipe: Recipe) -> tuple[str, ...]:
    """Return the code of `with_recipe(model)`, which makes one pipeline of recipe and model, then the import lines."""
    steps = '[*recipe.steps, ("model", model)]'
    made = f"Pipeline({steps})" if find_remover(recipe) is None else f"LearningPipeline({steps}, remover=remover)"
    code = [
        "def with_recipe(model, sparse_threshold=0.3):",
        '    """Return the recipe and a model as one pipeline: all that is learned is learned from the same rows.',
        "",
        "    `sparse_threshold`: with 0 the model gets every number; else a table of mostly zeros is stored as such.",
        '    """',
        f"    pipeline = {made}",
        "    return clone(pipeline).set_params(features__sparse_threshold=sparse_threshold)",
    ]
    return "\n".join(code), "from sklearn.base import clone", "from sklearn.pipeline import Pipeline"


def _check_stored(columns: Sequence[Column]) -> None:
    for column in columns:
        if column.dtype and column.dtype not in STORED[column.kind]:
            raise BadInputError(
                f"Column '{column.name}' is stored as {column.dtype} and used as {column.kind}; that has no code.",
                "Leave the column out, or read the table anew on Collect.",
            )


def _tidy_code(lists: Mapping[str, list[str]]) -> str:
    """Return the class that does in the program what `CoerceColumns` does, for a table that has types already."""
    numeric = " + ".join(name for name in ("NUMBERS", "BOOLEANS") if name in lists)
    gaps = " + ".join(name for name in ("NUMBERS", "BOOLEANS", "DATES") if name in lists)
    body = [f"X = X[{' + '.join(lists)}].copy()"]
    if numeric:
        body.append(f'X[{numeric}] = X[{numeric}].astype("float64").replace([np.inf, -np.inf], np.nan)')
    if "CATEGORIES" in lists:
        body.append(f"X[CATEGORIES] = X[CATEGORIES].astype(object).fillna({literal(MISSING_LEVEL)})")
    if "TEXTS" in lists:
        body.append('X[TEXTS] = X[TEXTS].astype(object).fillna("")')
    if gaps:
        zero = "pd.Timestamp(0) if name in DATES else 0.0" if "DATES" in lists else "0.0"
        body += ["for name in self.empty_:", f"    X[name] = {zero}"]
    fit = f"self.empty_ = [name for name in {gaps} if X[name].isna().all()]" if gaps else "self.fitted_ = True"
    return "\n".join(
        [
            f"class {TIDY}(TransformerMixin, BaseEstimator):",
            '    """Bring the columns into one form: numbers as floats, a missing category as a level of its own.',
            "",
            "    A column without a single value in the rows learned from becomes 0: nothing can be learned from it.",
            '    """',
            "",
            "    def fit(self, X, y=None):",
            f"        {fit}",
            "        return self",
            "",
            "    def transform(self, X):",
            *(f"        {line}" for line in body),
            "        return X",
        ]
    )


def _say_steps(recipe: Recipe) -> str:
    """Return the recipe's steps in words, as comments."""
    steps = [step for step in recipe.steps if step.enabled and step.columns]
    reasons = {step.key: f"{say_step(step)} {SWITCHED_OFF.sub('', step.reason)}".strip() for step in steps}
    return "\n".join(comment(f"* {step.title}: {reasons[step.key]}", "  ") for step in steps)
