"""What can be chosen for one step of a recipe, in words; each kind of step has a few fields."""

from collections.abc import Callable, Mapping, Sequence

import streamlit as st

from core import prepare
from core.errors import LifecycleError
from core.records import Column, Json, Recipe, RecipeStep
from pages.ui.recipe_fields import Fields
from pages.ui.words import plain

PARTS = {
    "Year": ["year"],
    "Month": ["month"],
    "Day": ["day"],
    "Weekday": ["weekday"],
    "Hour": ["hour"],
    "Days since 1970": ["elapsed_days"],
    "Month, on a circle": ["month_sin", "month_cos"],
    "Weekday, on a circle": ["weekday_sin", "weekday_cos"],
    "Hour, on a circle": ["hour_sin", "hour_cos"],
}
DISTANCES = {"iqr": "Far from the middle half", "percentile": "Beyond a percentile"}
ODD_ROWS = {"iqr": "A number far from the middle half", "isolation_forest": "Easiest to tell apart (isolation forest)"}
OPERATIONS = {"ratio": "divided by", "difference": "minus", "product": "times"}
BINS = {"quantile": "Equally many rows in each", "width": "Of equal width", "borders": "Borders I type"}
FILLS = {
    "median": "The median",
    "mean": "The mean",
    "most_frequent": "The most frequent number",
    "constant": "A fixed number",
    "neighbors": "The most similar rows (nearest neighbours)",
}
LEVEL_FILLS = {"level": "A level of its own", "most_frequent": "The most frequent level", "constant": "A fixed level"}
SCALES = {"standard": "Mean and standard deviation", "robust": "Median and middle half (robust)", "none": "Not at all"}
ENCODINGS = {
    "one_hot": "A column of each level, rare ones grouped",
    "ordinal": "Its place in an order",
    "target": "What the target is like there (cross-fitted)",
}
ORDERS = {"frequency": "By how frequent a level is", "alphabet": "By alphabet", "given": "An order I type"}


def choose_options(recipe: Recipe, step: RecipeStep, token: str) -> Recipe:
    """Draw the fields of a step; return the recipe with what was chosen, or say why it cannot be so."""
    draw = FIELDS.get(step.key) or FIELDS.get(step.kind)
    if draw is None:
        return recipe
    options = draw(Fields(step, token), recipe)
    columns = options.pop("columns", None)
    same = columns is None or list(columns) == list(step.options.get("eligible", step.columns))
    if same and all(step.options.get(name, DEFAULTS.get(name)) == value for name, value in options.items()):
        return recipe
    try:
        return prepare.change_options(recipe, step.key, columns, **options)
    except LifecycleError as error:
        st.error(f"{plain(error.message)} {plain(error.hint or '')} It stays as it was.", icon=":material/error:")
        return recipe


DEFAULTS: Json = {"indicator": True, "by_column": {}, "since": {}, "since_day": {}, "fill_value": None}
"""What it means that a step does not say an option, for the comparison with what is on the screen."""


def columns_at(recipe: Recipe, step: RecipeStep, *kinds: str) -> list[str]:
    """Return the columns of some kinds that are there at a step."""
    found: Sequence[Column] = prepare.columns_before(recipe, step.key)
    return [column.name for column in found if column.kind in kinds]


def _columns(fields: Fields, recipe: Recipe, *kinds: str) -> list[str]:
    offered = dict.fromkeys([*columns_at(recipe, fields.step, *kinds), *fields.step.columns])
    return fields.several("columns", "Columns", list(offered), fields.step.options.get("eligible", fields.step.columns))


def _drop(fields: Fields, _recipe: Recipe) -> Json:
    names = fields.step.options.get("all", fields.step.options.get("eligible", fields.step.columns))
    chosen = fields.several("columns", "Columns to leave out", names, fields.step.columns)
    return {"columns": chosen, "all": list(names)} if chosen != list(fields.step.columns) else {}


def _dates(fields: Fields, _recipe: Recipe) -> Json:
    options = fields.step.options
    parts, since, days = {}, {}, {}
    names = fields.step.columns
    for number, name in enumerate(names):
        now = options.get("parts", {}).get(name, ["elapsed_days"])
        labels = [label for label, wanted in PARTS.items() if set(wanted) <= set(now)]
        chosen = fields.several(f"parts_{number}", f"Read off {plain(name)}", list(PARTS), labels)
        parts[name] = [part for label in chosen for part in PARTS[label]]
        others = [other for other in names if other != name]
        since[name] = (
            fields.several(f"since_{number}", "Days since", others, options.get("since", {}).get(name, ()))
            if others
            else []
        )
        key = fields.key(f"day_{number}", options.get("since_day", {}).get(name, ""))
        days[name] = st.text_input("Days since a fixed day", key=key, placeholder="2020-01-31").strip()
    chosen_since = {name: wanted for name, wanted in since.items() if wanted}
    same = {name: sorted(wanted) for name, wanted in parts.items()} == {
        name: sorted(options.get("parts", {}).get(name, ["elapsed_days"])) for name in names
    }
    changed: Json = {"since": chosen_since, "since_day": {name: day for name, day in days.items() if day}}
    return changed if same else changed | {"parts": options.get("parts", {}) | parts}


def _cap(fields: Fields, recipe: Recipe) -> Json:
    options = fields.step.options
    chosen: Json = {"columns": _columns(fields, recipe, "number")}
    chosen["method"] = fields.choose("method", "What is capped", DISTANCES, options["method"])
    return chosen | (_percentiles(fields) if chosen["method"] == "percentile" else _factor(fields))


def _percentiles(fields: Fields) -> Json:
    options = fields.step.options
    low = fields.number("low", "Lower percentile", float(options["low"]), 0.0, 50.0)
    return {"low": low, "high": fields.number("high", "Upper percentile", float(options["high"]), 50.0, 100.0)}


def _factor(fields: Fields) -> Json:
    label = "How far: times the width of the middle half (1.5 outside, 3 far out)"
    return {"factor": fields.number("factor", label, float(fields.step.options["factor"]), 0.1, 100.0)}


def _combine(fields: Fields, recipe: Recipe) -> Json:
    names = columns_at(recipe, fields.step, "number")
    left, right = fields.step.options["eligible"][0], fields.step.options["eligible"][-1]
    names = list(dict.fromkeys([*names, left, right]))
    first = st.selectbox("Column", names, key=fields.key("left", left))
    operation = fields.choose("operation", "What to do", OPERATIONS, fields.step.options["operation"])
    second = st.selectbox("With", names, key=fields.key("right", right))
    return {"columns": [first, second], "operation": operation}


def _bin(fields: Fields, recipe: Recipe) -> Json:
    options = fields.step.options
    chosen: Json = {"columns": _columns(fields, recipe, "number")}
    chosen["method"] = fields.choose("method", "Which bins", BINS, options["method"])
    if chosen["method"] == "borders":
        help_text = "Where one bin ends and the next begins, for example 18, 30, 65."
        return chosen | {"borders": fields.numbers("borders", "Borders", options["borders"], help_text)}
    return chosen | {"n_bins": int(fields.number("n_bins", "Number of bins", int(options["n_bins"]), 2, 50))}


def _look_back(fields: Fields, recipe: Recipe) -> Json:
    options = fields.step.options
    there = [column.name for column in recipe.columns if column.kind not in ("date", "text")]
    columns = fields.several("columns", "Columns", list(dict.fromkeys([*there, recipe.target])), options["eligible"])
    lags = fields.numbers("lags", "Earlier values", options["lags"], "1 is the moment before, 2 the one before that.")
    windows = fields.numbers("windows", "Means of so many before", options["windows"], "For example 3, 7. None: empty.")
    groups = [column.name for column in recipe.columns if column.name != recipe.target]
    key = fields.key("group", options.get("group_column"))
    group = st.selectbox("Only within the same", groups, index=None, key=key, placeholder="All rows together")
    return {"columns": columns, "lags": lags, "windows": windows, "group_column": group}


def _remove_rows(fields: Fields, recipe: Recipe) -> Json:
    chosen: Json = {"columns": _columns(fields, recipe, "number")}
    chosen["method"] = fields.choose("method", "Which rows", ODD_ROWS, fields.step.options["method"])
    if chosen["method"] == "iqr":
        return chosen | _factor(fields)
    share = fields.number("share", "Share of the rows (%)", 100 * float(fields.step.options["share"]), 0.01, 50.0)
    return chosen | {"share": round(share / 100, 6)}


def _otherwise(fields: Fields, choices: Mapping[str, str], name: str) -> dict[str, Json]:
    """Draw the choice of columns that are treated in another way than the rest."""
    own: dict[str, Json] = fields.step.options.get("by_column", {})
    columns = fields.several("own", "Columns to treat differently", fields.step.columns, list(own))
    if not columns:
        return {}
    first = next((options.get(name, "") for options in own.values()), list(choices)[-1])
    way = fields.choose("own_way", "How", choices, first)
    return own if columns == list(own) and way == first else {column: {name: way} for column in columns}


def _fill_numbers(fields: Fields, _recipe: Recipe) -> Json:
    options = fields.step.options
    chosen: Json = {"strategy": fields.choose("strategy", "What stands in", FILLS, options.get("strategy") or "median")}
    if chosen["strategy"] == "constant":
        key = fields.key("fill_value", float(options.get("fill_value") or 0.0))
        chosen["fill_value"] = st.number_input("This number", key=key)
    if chosen["strategy"] == "neighbors":
        n = fields.number("n_neighbors", "Similar rows", int(options.get("n_neighbors") or 5), 1, 50)
        chosen["n_neighbors"] = int(n)
    key = fields.key("indicator", bool(options.get("indicator", True)))
    chosen["indicator"] = st.checkbox("Mark in an extra column where a number was missing", key=key)
    own = _otherwise(fields, {way: FILLS[way] for way in FILLS if way not in ("constant",)}, "strategy")
    chosen["by_column"] = own
    return chosen if options.get("strategy") or chosen["strategy"] != "median" else _without(chosen, "strategy")


def _without(options: Json, name: str) -> Json:
    return {key: value for key, value in options.items() if key != name}


def _fill_categories(fields: Fields, _recipe: Recipe) -> Json:
    options = fields.step.options
    strategy = fields.choose("strategy", "What stands in", LEVEL_FILLS, options.get("strategy") or "level")
    if strategy == "constant":
        key = fields.key("fill_value", str(options.get("fill_value") or "unknown"))
        return {"strategy": strategy, "fill_value": st.text_input("This level", key=key)}
    return {} if strategy == (options.get("strategy") or "level") else {"strategy": strategy}


def _scale(fields: Fields, _recipe: Recipe) -> Json:
    now = fields.step.options.get("method") or "standard"
    method = fields.choose("method", "By", SCALES, now)
    own = _otherwise(fields, SCALES, "method")
    return {"by_column": own} | ({} if method == now else {"method": method})


def _encode(usual: str) -> Callable[[Fields, Recipe], Json]:
    def draw(fields: Fields, _recipe: Recipe) -> Json:
        options = fields.step.options
        now = options.get("method") or usual
        method = fields.choose("method", "Each level becomes", ENCODINGS, now)
        chosen: Json = {} if method == now else {"method": method}
        if method == "one_hot":
            rare = int(options.get("min_frequency") or 1)
            chosen["min_frequency"] = int(fields.number("rare", "Group levels with fewer rows than", rare, 1, 100_000))
            most = int(options.get("max_categories") or 40)
            chosen["max_categories"] = int(fields.number("most", "Columns at most", most, 2, 500))
        if method == "ordinal":
            chosen |= _order(fields)
        return chosen | {"by_column": _otherwise(fields, ENCODINGS, "method")}

    return draw


def _order(fields: Fields) -> Json:
    options = fields.step.options
    order = fields.choose("order", "In which order", ORDERS, options.get("order") or "frequency")
    if order != "given":
        return {"order": order}
    key = fields.key("levels", ", ".join(options.get("levels", ())))
    text = st.text_input("The levels, from low to high", key=key, placeholder="small, medium, large")
    return {"order": order, "levels": [part.strip() for part in text.split(",") if part.strip()]}


def _text(fields: Fields, _recipe: Recipe) -> Json:
    n = int(fields.step.options.get("n_components") or 20)
    return {"n_components": int(fields.number("n", "Numbers that sum a text up", n, 2, 200))}


FIELDS: Mapping[str, Callable[[Fields, Recipe], Json]] = {
    "drop": _drop,
    "dates": _dates,
    "cap": _cap,
    "combine": _combine,
    "bin": _bin,
    "look_back": _look_back,
    "remove_rows": _remove_rows,
    "impute_numbers": _fill_numbers,
    "impute_categories": _fill_categories,
    "scale": _scale,
    "encode_few": _encode("one_hot"),
    "encode_many": _encode("target"),
    "text": _text,
}
