"""What is different between two versions of a table, in sentences."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from core.collect.cells import say_moment, say_number
from core.collect.column_values import Floats
from core.collect.twin_words import say_columns
from core.records import ColumnDifference, ColumnKind, VersionDifference

MODERATE, LARGE = 0.1, 0.2
KIND_WORDS: dict[ColumnKind, str] = {
    "number": "numbers",
    "category": "categories",
    "text": "texts",
    "date": "dates",
    "boolean": "yes or no",
}


def say_column(difference: ColumnDifference, numbers: tuple[Floats, Floats] | None) -> ColumnDifference:
    """Return a column's difference with its sentence; `numbers` are the values of both, for numbers and dates."""
    parts = [_say_size(difference.size)]
    if numbers and all(bool((~np.isnan(part)).any()) for part in numbers):
        say = say_moment if difference.kind == "date" else say_number
        old, new = (say(float(np.nanmedian(part))) for part in numbers)
        if old != new:
            parts.append(f"The value in the middle went from {old} to {new}.")
        old, new = (f"{say(float(np.nanmin(part)))} to {say(float(np.nanmax(part)))}" for part in numbers)
        if old != new:
            parts.append(f"It reached from {old}, and now from {new}.")
    parts += _say_words("New", difference.values_new, difference.n_values_new)
    parts += _say_words("Gone", difference.values_gone, difference.n_values_gone)
    old_missing, new_missing = difference.before[-1], difference.after[-1]
    if f"{100 * old_missing:.1f}" != f"{100 * new_missing:.1f}":
        parts.append(f"Missing in {100 * new_missing:.3g} of 100 rows instead of {100 * old_missing:.3g}.")
    return replace(difference, sentence=" ".join(part for part in parts if part) or "As before.")


def say_versions(difference: VersionDifference) -> VersionDifference:
    """Return the difference of two versions with its sentences."""
    kinds = [f"{name} held {KIND_WORDS[old]} and holds {KIND_WORDS[new]}" for name, old, new in difference.kind_changed]
    renamed = [f"{old} may be called {new} now: both hold the same" for old, new in difference.renamed]
    sentences = [
        _say_rows(difference),
        f"New: {say_columns(difference.columns_new)}." if difference.columns_new else "",
        f"Gone: {say_columns(difference.columns_gone)}." if difference.columns_gone else "",
        *(f"{sentence}." for sentence in (*renamed, *kinds)),
        _say_moved(difference),
    ]
    return replace(difference, sentences=tuple(sentence for sentence in sentences if sentence))


def _say_rows(difference: VersionDifference) -> str:
    now, before, same = difference.n_rows, difference.n_rows_before, difference.n_rows_same
    if now == before == same:
        return f"All {now:,} rows are as before, in the columns that both have."
    more = now - before
    size = f"{abs(more):,} {'more' if more > 0 else 'fewer'} than {before:,}" if more else "as many as before"
    return (
        f"{now:,} rows, {size}. {same:,} are the same in both (in the columns that both have), "
        f"{now - same:,} are new or changed, {before - same:,} are gone or were changed."
    )


def _say_moved(difference: VersionDifference) -> str:
    moved = [column.name for column in difference.columns if column.size > MODERATE]
    if not difference.columns:
        return ""
    if not moved:
        return "No column holds values that are spread clearly differently."
    verb = "are" if len(moved) > 1 else "is"
    return f"Spread differently {verb} {say_columns(moved)}."


def _say_size(size: float) -> str:
    if size > LARGE:
        return "Spread very differently."
    return "Spread differently." if size > MODERATE else ""


def _say_words(title: str, words: Sequence[str], n_words: int) -> list[str]:
    if not words:
        return []
    more = f" and {n_words - len(words):,} more" if n_words > len(words) else ""
    return [f"{title}: {', '.join(words)}{more}."]
