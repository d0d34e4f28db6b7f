"""Checks of categories: one name spelled in several ways, likely typing mistakes, levels that hardly occur."""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterator

from core.collect.checks.table import CheckedTable, count, found, listing, name_list, not_applicable, passed
from core.records import CheckResult, Edit, Fix

MUCH = 0.01
"""From one row in a hundred on, split levels move what is learned."""
MAX_LEVELS_FOR_TYPOS = 200
MIN_LETTERS = 7
"""Shorter words are too often one letter apart by right: inland and island."""
RARE_ROWS, TIMES_MORE = 3, 20
"""A mistake is rare, and what was meant is frequent."""
FEW_ROWS = 5
SEPARATED = re.compile(r"(?<=[^\W\d_])[\s_\-./']+(?=[^\W\d_])")
Levels = dict[str, int]
Merge = tuple[str, str, int, str, int]


def spelling_key(level: str) -> str:
    """Return what is left of a word when capitals, accents, blanks and signs between letters do not count."""
    bare = unicodedata.normalize("NFKD", level)
    bare = "".join(sign for sign in bare if not unicodedata.combining(sign))
    return SEPARATED.sub(" ", " ".join(bare.casefold().split())).rstrip(".,;")


def find_variants(table: CheckedTable) -> CheckResult:
    """Look for levels that differ only in capitals, accents, blanks or signs between letters."""
    merges: list[Merge] = []
    for name, levels in table.levels.items():
        groups: dict[str, list[str]] = defaultdict(list)
        for level in sorted(levels, key=lambda one: (-levels[one], one)):
            if any(sign.isalnum() for sign in level):
                groups[spelling_key(level)].append(level)
        for first, *others in groups.values():
            merges += [(name, other, levels[other], first, levels[first]) for other in others]
    if not table.levels:
        return not_applicable("No column holds categories.")
    if not merges:
        return passed("No category is spelled in several ways.")
    much = sum(n for _, _, n, _, _ in merges) >= MUCH * table.n_rows or table.target in {name for name, *_ in merges}
    return _say_merges(merges, problem=much, what="differ from a more frequent one only in capitals, accents or signs")


def find_typos(table: CheckedTable) -> CheckResult:
    """Look for rare levels one letter away from a frequent one."""
    merges: list[Merge] = []
    for name, levels in table.levels.items():
        if len(levels) > MAX_LEVELS_FOR_TYPOS:
            continue
        merges += [(name, rare, levels[rare], meant, levels[meant]) for rare, meant in _typos(levels)]
    if not table.levels:
        return not_applicable("No column holds categories.")
    if not merges:
        return passed("No category looks like a mistyped one.")
    return _say_merges(merges, problem=False, what="are rare and one letter away from a frequent one")


def _typos(levels: Levels) -> Iterator[tuple[str, str]]:
    rare = [level for level, n in levels.items() if n <= RARE_ROWS and _in_words(level)]
    frequent = sorted((level for level in levels if level not in set(rare)), key=lambda level: -levels[level])
    for level in sorted(rare):
        key = spelling_key(level)
        for meant in frequent:
            if levels[meant] < TIMES_MORE * levels[level]:
                break
            if one_letter_apart(key, spelling_key(meant)):
                yield level, meant
                break


def one_letter_apart(first: str, second: str) -> bool:
    """Whether two words become equal by one letter put in, taken out or changed, or two neighbours swapped.

    Only letters count, in words of at least `MIN_LETTERS`: "item 1" and "item 2" are different things. A letter more
    or less at the end is no mistake but another form (Dominica, Dominican; book, books).
    """
    if first == second or abs(len(first) - len(second)) > 1:
        return False
    start = next((at for at, (a, b) in enumerate(zip(first, second, strict=False)) if a != b), None)
    if start is None:
        return False
    rest, other = first[start:], second[start:]
    swapped = rest[:2] == other[:2][::-1] and rest[2:] == other[2:]
    if not (rest[1:] == other[1:] or rest[1:] == other or rest == other[1:] or swapped):
        return False
    changed = {first[start], second[start]} if rest[1:] == other[1:] else {rest[0] if rest[1:] == other else other[0]}
    words = _word_at(first, start), _word_at(second, start)
    return all(len(word) >= MIN_LETTERS and word.isalpha() for word in words) and all(c.isalpha() for c in changed)


def _in_words(level: str) -> bool:
    """Whether capitals stand as in words: "Christian" and "USA", but not codes such as "MonWedFri"."""
    return all(word[1:].islower() or word.isupper() or len(word) == 1 for word in re.findall(r"[^\W\d_]+", level))


def _word_at(text: str, at: int) -> str:
    """Return the word in which a position lies."""
    start, end = text.rfind(" ", 0, at) + 1, text.find(" ", at)
    return text[start : end if end >= 0 else len(text)]


def _say_merges(merges: list[Merge], *, problem: bool, what: str) -> CheckResult:
    names = list(dict.fromkeys(name for name, *_ in merges))
    n_rows = sum(n for _, _, n, _, _ in merges)
    fixes = []
    for name in names:
        mapping = {level: meant for column, level, _, meant, _ in merges if column == name}
        edit = Edit("merge_levels", f"Spellings of '{name}' were made one.", (name,), {"mapping": mapping})
        told = ", ".join(f"'{level}' becomes '{meant}'" for level, meant in list(mapping.items())[:5])
        more = f" and {len(mapping) - 5:,} more" if len(mapping) > 5 else ""
        label = f"Unify {count(len(mapping), 'spelling')} of '{name}'"
        fixes.append(Fix("edit", label, f"{told}{more}.", edit=edit))
    rows = [(name, level, n, meant, n_meant) for name, level, n, meant, n_meant in merges]
    return found(
        f"{name_list(names)}: {count(len(merges), 'level')} in {count(n_rows, 'row')} {what}.",
        problem=problem,
        columns=names,
        n_affected=n_rows,
        evidence=listing(("Column", "Written", "Rows", "Most frequent", "Its rows"), rows),
        fixes=fixes,
    )


def find_rare_levels(table: CheckedTable) -> CheckResult:
    """Look for categories that hardly occur."""
    rows: list[tuple[str, int, int, str]] = []
    for name, levels in table.levels.items():
        if name == table.target:
            continue
        rare = sorted((level for level, n in levels.items() if n < FEW_ROWS), key=lambda level: (levels[level], level))
        # Where most levels are rare, the column holds names rather than categories.
        if rare and 2 * len(rare) <= len(levels):
            rows.append((name, len(rare), sum(levels[level] for level in rare), ", ".join(rare[:5])))
    if not table.levels:
        return not_applicable("No column holds categories.")
    if not rows:
        return passed(f"No category occurs in fewer than {FEW_ROWS} rows.")
    names = [name for name, *_ in rows]
    n_levels, n_rows = sum(row[1] for row in rows), sum(row[2] for row in rows)
    return found(
        f"{name_list(names)}: {count(n_levels, 'level')} with fewer than {FEW_ROWS} rows each. So few teach nothing "
        "about a level.",
        problem=False,
        columns=names,
        n_affected=n_rows,
        evidence=listing(("Column", "Rare levels", "Rows", "For example"), rows),
        fixes=[
            Fix(
                "group_rare",
                "Group these levels",
                f"The recipe treats all levels of a column with fewer than {FEW_ROWS} rows as one.",
                tuple(names),
                {"min_frequency": FEW_ROWS},
            )
        ],
    )
