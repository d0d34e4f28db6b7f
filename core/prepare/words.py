"""What a step does with its present options, in a sentence or two for people who do not code."""

from collections.abc import Callable, Mapping

from core.prepare.features import MAX_LEVELS, N_NEIGHBORS, N_TEXT_NUMBERS
from core.prepare.layout import eligible
from core.records import Json, RecipeStep

FILLS: Mapping[str, str] = {
    "median": "The median stands in for a missing number",
    "mean": "The mean stands in for a missing number",
    "most_frequent": "The most frequent number stands in for a missing one",
    "neighbors": "The mean of the {n} most similar rows stands in for a missing number",
    "constant": "{value:g} stands in for a missing number",
}


def say_step(step: RecipeStep) -> str:
    """Return what a step does, as its options say."""
    says = SENTENCES.get(step.key) or SENTENCES.get(step.kind)
    sentence = says(step.options, step) if says else ""
    own = step.options.get("by_column", {})
    if own:
        names = ", ".join(f"'{name}'" for name in sorted(own)[:5])
        sentence += f" For {names}{' and others' if len(own) > 5 else ''} otherwise, see the options."
    return sentence


def _drop(_options: Json, _step: RecipeStep) -> str:
    return "The model does not get them."


def _dates(options: Json, _step: RecipeStep) -> str:
    parts = {part for wanted in options.get("parts", {}).values() for part in wanted}
    plain = sorted({part.removesuffix("_sin").removesuffix("_cos").replace("_", " ") for part in parts})
    spans = [f"{name} since {other}" for name, others in options.get("since", {}).items() for other in others]
    spans += [f"{name} since {day}" for name, day in options.get("since_day", {}).items() if day]
    said = [f"Read off: {', '.join(plain)}."] if plain else []
    if any(part.endswith("_sin") for part in parts):
        said.append("What comes round again is placed on a circle, so that 23 h lies beside 0 h.")
    return " ".join([*said, f"Days counted: {', '.join(spans)}."] if spans else said)


def _cap(options: Json, _step: RecipeStep) -> str:
    if options.get("method") == "percentile":
        return f"Values below percentile {options['low']:g} or above {options['high']:g} are set to that limit."
    return f"Values more than {_far(options)} the middle half are set to that limit."


def _far(options: Json) -> str:
    return f"{options.get('factor', 3.0):g} times the width of the middle half outside of"


def _combine(options: Json, step: RecipeStep) -> str:
    names = eligible(step)
    if options.get("operation") == "ratio":
        return f"{names[0]} divided by {names[-1]}; missing where {names[-1]} is 0."
    word = "minus" if options.get("operation") == "difference" else "times"
    return f"{names[0]} {word} {names[-1]}."


def _bin(options: Json, _step: RecipeStep) -> str:
    if options.get("method") == "borders":
        return f"A level for each stretch between {', '.join(f'{one:g}' for one in options.get('borders', ()))}."
    size = "with equally many rows" if options.get("method") == "quantile" else "of equal width"
    return f"A level for each of {options.get('n_bins', 5)} stretches {size}; the numbers stay, too."


def _look_back(options: Json, _step: RecipeStep) -> str:
    when = f"'{options['time_column']}'" if options.get("time_column") else "the order of the rows"
    group = options.get("group_column")
    kin = f", within the same '{group}'" if group else ""
    return (
        f"Each row gets values of strictly earlier moments, by {when}{kin}; rows of one moment do not see each other. "
        "Whoever asks the model later has to bring them along."
    )


def _remove_rows(options: Json, _step: RecipeStep) -> str:
    if options.get("method") == "isolation_forest":
        share = 100 * options.get("share", 0.01)
        found = f"At most {share:g} % of the rows, those easiest to tell apart from the rest, are"
    else:
        found = f"Rows with a number more than {_far(options)} the middle half are"
    return f"{found} not learned from. Rows to be predicted are never left out."


def _fill_numbers(options: Json, _step: RecipeStep) -> str:
    strategy = options.get("strategy") or "median"
    n, value = options.get("n_neighbors") or N_NEIGHBORS, float(options.get("fill_value") or 0)
    marked = " An extra column marks where it was missing." if options.get("indicator", True) else ""
    return f"{FILLS[strategy].format(n=n, value=value)}, for truth values the most frequent.{marked}"


def _fill_categories(options: Json, step: RecipeStep) -> str:
    strategy = options.get("strategy") or "level"
    if strategy == "level" and step.enabled:
        return "That a category is missing may itself tell something."
    if strategy == "constant" and step.enabled:
        return f"'{options.get('fill_value')}' stands in for a missing category."
    return "The most frequent level stands in for a missing category."


def _scale(options: Json, _step: RecipeStep) -> str:
    if options.get("method") == "robust":
        return "Median 0, and the middle half 1 wide, whatever the extremes are."
    return "Mean 0 and standard deviation 1."


def _encode(usual: str) -> Callable[[Json, RecipeStep], str]:
    def say(options: Json, _step: RecipeStep) -> str:
        method = options.get("method") or usual
        if method == "target":
            return "Each level is replaced by what the target is like there, each row's figure from other rows only."
        if method == "ordinal":
            return "Each level is replaced by its place in an order; one never seen before comes first."
        rare, most = options.get("min_frequency"), options.get("max_categories", MAX_LEVELS)
        few = f"Levels in fewer than {rare} rows, or beyond" if rare else "Levels beyond"
        return f"A column for each level: 1 where the row has it, else 0. {few} the {most} most frequent, are grouped."

    return say


def _text(options: Json, _step: RecipeStep) -> str:
    n = options.get("n_components") or N_TEXT_NUMBERS
    return f"Words are counted, telling words weigh more, and {n} numbers sum them up."


SENTENCES: Mapping[str, Callable[[Json, RecipeStep], str]] = {
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
