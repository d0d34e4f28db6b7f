"""All checks, each with a code that never changes its meaning. `docs/checks.md` says the same in more words."""

from collections.abc import Callable
from dataclasses import dataclass

from core.collect.checks import columns, impossible, leaks, moments, privacy, rows, spellings, target, values
from core.collect.checks.table import CheckedTable
from core.records import CheckResult


@dataclass(frozen=True)
class Check:
    """Something looked for in a table.

    `question` is what it answers, `why` why it matters; `about_target` says that it depends on what is to be predicted.
    """

    code: str
    title: str
    question: str
    why: str
    run: Callable[[CheckedTable], CheckResult]
    about_target: bool = False


CHECKS = (
    Check(
        "FC101",
        "Empty rows",
        "Are there rows without a single value?",
        "They count as examples and teach nothing.",
        rows.find_empty_rows,
    ),
    Check(
        "FC102",
        "Repeated rows",
        "Are there rows that are the same as another in every column?",
        "A row that is both in the training and in the test part is a question whose answer was told beforehand, "
        "and a row that counts twice pulls twice.",
        rows.find_repeated_rows,
    ),
    Check(
        "FC103",
        "Rows repeated under another name",
        "Are there rows that are the same in all but what names the row?",
        "An entry made twice gets two numbers, but is one example.",
        rows.find_repeated_but_for_names,
        about_target=True,
    ),
    Check(
        "FC104",
        "Contradicting rows",
        "Are there rows with the same inputs and another answer?",
        "No model can be right about both. It is a limit to what can be reached, or a mistake in the answers.",
        rows.find_contradictions,
        about_target=True,
    ),
    Check(
        "FC105",
        "Too few rows",
        "Are there rows enough to learn from and to judge by?",
        "With few rows, luck decides which model looks best.",
        rows.find_too_few_rows,
        about_target=True,
    ),
    Check(
        "FC201",
        "Columns that name the row",
        "Are there numbers or codes that only tell rows apart?",
        "They can be learned by heart and say nothing about a new row; in a sorted table they give the answer away.",
        columns.find_row_names,
        about_target=True,
    ),
    Check(
        "FC202",
        "Columns that never change",
        "Are there columns with one value only?",
        "What is the same everywhere tells nothing.",
        columns.find_constants,
        about_target=True,
    ),
    Check(
        "FC203",
        "Empty columns",
        "Are there columns without any value?",
        "There is nothing in them to learn from.",
        columns.find_empty_columns,
        about_target=True,
    ),
    Check(
        "FC204",
        "Mostly missing columns",
        "Are there columns with more gaps than values?",
        "What is filled into the gaps outweighs what was observed. That a value is missing may tell something, though.",
        columns.find_mostly_missing,
        about_target=True,
    ),
    Check(
        "FC205",
        "Columns that say the same",
        "Are there columns that agree in every row?",
        "The second one adds nothing, and importance is divided between them.",
        columns.find_twin_columns,
        about_target=True,
    ),
    Check(
        "FC301",
        "Numbers or dates among words",
        "Are there columns of words that were meant to hold numbers or dates?",
        "Each number is then a name without size, and order and distance are lost.",
        values.find_mixed_types,
    ),
    Check(
        "FC302",
        "Values far from all others",
        "Are there numbers far beyond the rest of their column?",
        "A slip of the decimal point looks like this, and so does the most interesting case.",
        values.find_outliers,
    ),
    Check(
        "FC303",
        "Impossible values",
        "Are there values that cannot be true, such as an age of -1?",
        "Codes for a missing value are taken for measurements.",
        impossible.find_impossible,
        about_target=True,
    ),
    Check(
        "FC304",
        "One name in several spellings",
        "Are there categories that differ only in capitals, accents, blanks or signs?",
        "What belongs together is counted apart, and a new spelling is unknown to the model.",
        spellings.find_variants,
        about_target=True,
    ),
    Check(
        "FC305",
        "Likely typing mistakes",
        "Are there rare categories one letter away from a frequent one?",
        "A mistyped name becomes a category of its own.",
        spellings.find_typos,
        about_target=True,
    ),
    Check(
        "FC306",
        "Rare categories",
        "Are there categories with hardly any rows?",
        "Nothing can be learned about what was seen a few times, and it may turn up in the test part only.",
        spellings.find_rare_levels,
        about_target=True,
    ),
    Check(
        "FC401",
        "A target to learn from",
        "Can anything be learned from the column to predict?",
        "A column with one value, dates, or a different text in each row has no answer to look for.",
        target.find_unlearnable,
        about_target=True,
    ),
    Check(
        "FC402",
        "Rows without an answer",
        "Are there rows where the target is missing?",
        "They cannot be learned from. If answers are missing for a reason, the model learns about the others only.",
        target.find_target_missing,
        about_target=True,
    ),
    Check(
        "FC403",
        "Rare classes",
        "Are there answers with too few rows?",
        "A class of a handful of rows is missing in some folds and proves nothing in the test.",
        target.find_rare_classes,
        about_target=True,
    ),
    Check(
        "FC404",
        "One class outweighs all",
        "Is one answer so frequent that always giving it looks good?",
        "Accuracy then praises a model that never finds what is looked for.",
        target.find_imbalance,
        about_target=True,
    ),
    Check(
        "FC405",
        "Sorted by the answer",
        "Does the order of the rows give the answer away?",
        "Parts cut by position then differ in their answers, and anything that counts rows knows the answer.",
        target.find_sorted,
        about_target=True,
    ),
    Check(
        "FC406",
        "Columns that give the answer away",
        "Is there a column that tells the answer suspiciously well?",
        "What is known only after the answer is missing when it is asked for: the model looks brilliant, then fails.",
        leaks.find_leaks,
        about_target=True,
    ),
    Check(
        "FC501",
        "Gaps in time",
        "Are there stretches without rows where rows else come at one pace?",
        "Values of the row before, and sums over days, mean something else across a gap.",
        moments.find_gaps,
        about_target=True,
    ),
    Check(
        "FC502",
        "Rows in the order of time",
        "Is the table in the order of a date?",
        "Neighbours in time are alike: drawn at random, the test rows lie between training rows and look too easy.",
        moments.find_time_order,
        about_target=True,
    ),
    Check(
        "FC601",
        "Mail addresses",
        "Are there values that look like mail addresses?",
        "They name a person, teach nothing, and would be copied into every model's files and logs.",
        privacy.find_mail,
    ),
    Check(
        "FC602",
        "Telephone numbers",
        "Are there values that look like telephone numbers?",
        "They name a person, teach nothing, and would be copied into every model's files and logs.",
        privacy.find_phones,
    ),
    Check(
        "FC603",
        "Names of persons",
        "Are there values that look like names of persons?",
        "A model should not know people by name, and often it must not.",
        privacy.find_names,
    ),
    Check(
        "FC604",
        "Cards, accounts and internet addresses",
        "Are there values that look like card or account numbers or internet addresses?",
        "They lead to a person, and to money.",
        privacy.find_numbers_of_persons,
    ),
)
