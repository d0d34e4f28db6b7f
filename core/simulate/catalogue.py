"""The kinds of faults in words: what each is called, which columns it wants, what its severity means."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from core.errors import BadInputError
from core.records import ColumnKind, Fault, FaultKind, FaultPattern, Prototype, Task

Amount = Literal["deviations", "share"]
MOST_DEVIATIONS = 20.0
EVERY_KIND: tuple[ColumnKind, ...] = ("number", "category", "boolean", "date", "text")
UNIT_WORDS: Mapping[str, str] = MappingProxyType(
    {
        "fahrenheit": "Fahrenheit instead of Celsius",
        "thousand": "a thousand times the value, as grams instead of kilograms",
        "thousandth": "a thousandth of the value, as kilometres instead of metres",
    }
)
PATTERNS: Mapping[FaultPattern, str] = MappingProxyType(
    {
        "sudden": "at once, and stays",
        "gradual": "little by little",
        "seasonal": "comes and goes like a wave",
        "recurring": "on and off",
    }
)


@dataclass(frozen=True)
class FaultInfo:
    """A kind of fault. `why` is how it comes about; `n_columns` are the least and the most it takes, of `kinds`.

    `amount` is the unit of the severity: standard deviations, or the share of the rows that are met. For labels of
    regression it is always deviations.
    """

    title: str
    why: str
    n_columns: tuple[int, int]
    kinds: tuple[ColumnKind, ...] = EVERY_KIND
    amount: Amount = "share"
    of_labels: bool = False

    def unit_for(self, task: Task) -> Amount:
        """Return the unit of the severity in a project of this task."""
        return "deviations" if self.of_labels and task == "regression" else self.amount


FAULTS: Mapping[FaultKind, FaultInfo] = MappingProxyType(
    {
        "shift": FaultInfo(
            "A number moves", "The world changes, or a sensor is mounted anew.", (1, 9), ("number",), "deviations"
        ),
        "unit_change": FaultInfo("A number comes in another unit", "Somebody changed the sender.", (1, 9), ("number",)),
        "stuck": FaultInfo("A sensor is stuck", "It says the same value again and again.", (1, 1)),
        "missing": FaultInfo("A sensor is missing", "Its column stays empty.", (1, 9)),
        "new_category": FaultInfo("A new category appears", "Something nobody knew of.", (1, 1), ("category",)),
        "swapped": FaultInfo("Two columns are swapped", "Somebody mixed up two cables.", (2, 2)),
        "duplicated": FaultInfo("Questions are sent twice", "A sender repeats what was answered.", (0, 0)),
        "concept_change": FaultInfo(
            "The same rows get another truth", "What was learnt holds no longer.", (0, 1), of_labels=True
        ),
        "label_noise": FaultInfo("Labels are wrong by chance", "Whoever writes them tires.", (0, 0), of_labels=True),
        "outage": FaultInfo(
            "No questions come",
            "The sender is down. Silence is only noticed where questions usually come at this time of day, and after "
            "as long as the rule 'Nobody asks any more' waits.",
            (0, 0),
        ),
        "malformed": FaultInfo("Questions are malformed", "The service refuses them.", (0, 0)),
    }
)


def check_fault(fault: Fault, prototype: Prototype, n_rows: int) -> None:
    """Raise BadInputError when a fault cannot happen in a play of `n_rows` rows of this model."""
    info = FAULTS[fault.kind]
    least, most = info.n_columns
    if not least <= len(fault.columns) <= most:
        wanted = f"{least}" if least == most else f"{least} to {most}"
        raise BadInputError(f"'{info.title}' needs {wanted} columns, not {len(fault.columns)}.", "Choose its columns.")
    kinds = {column.name: column.kind for column in prototype.columns}
    for name in fault.columns:
        if name not in kinds:
            raise BadInputError(f"The live model has no column '{name}'.", "Choose one of its inputs.")
        if kinds[name] not in info.kinds:
            raise BadInputError(
                f"'{info.title}' cannot happen to '{name}', which is a {kinds[name]}.", "Choose another column."
            )
    if fault.kind == "swapped" and kinds[fault.columns[0]] != kinds[fault.columns[1]]:
        raise BadInputError("Columns of different kinds cannot be swapped.", "Choose two of one kind.")
    _check_span(fault, n_rows)
    _check_amount(fault, info.unit_for(prototype.task))


def _check_span(fault: Fault, n_rows: int) -> None:
    title = FAULTS[fault.kind].title
    if not 0 <= fault.first_row < fault.last_row <= n_rows:
        raise BadInputError(
            f"'{title}' does not fall within the {n_rows:,} rows that are played.", "Let it begin earlier."
        )
    if fault.pattern in ("seasonal", "recurring") and fault.period_rows < 2:
        raise BadInputError(f"'{title}' needs a period of at least 2 rows.", "Choose a longer one.")


def _check_amount(fault: Fault, unit: Amount) -> None:
    if unit == "share" and not 0 < fault.severity <= 1:
        raise BadInputError("A share of rows lies above 0 and is at most all of them.", "Choose 1 to 100 %.")
    if unit == "deviations" and not 0 < abs(fault.severity) <= MOST_DEVIATIONS:
        hint = f"Choose up to {MOST_DEVIATIONS:.0f} standard deviations, up or down."
        raise BadInputError("A number cannot move by that much.", hint)
    if fault.kind == "unit_change" and fault.value not in UNIT_WORDS:
        raise BadInputError("That change of unit is not known.", f"Choose one of: {', '.join(UNIT_WORDS)}.")


def describe_fault(fault: Fault, task: Task) -> str:
    """Return what a fault does, in one sentence without its span: "'temp' reports Fahrenheit instead of Celsius"."""
    share = "" if fault.severity == 1 else f" in {fault.severity:.0%} of the rows"
    names = " and ".join(f"'{name}'" for name in fault.columns)
    plural = len(fault.columns) > 1
    where = _say_segment(fault)
    by_deviations = FAULTS[fault.kind].unit_for(task) == "deviations"
    moves = f"{'up' if fault.severity > 0 else 'down'} by {abs(fault.severity):g} standard deviations"
    sentences: dict[FaultKind, str] = {
        "shift": f"{names} {'move' if plural else 'moves'} {moves}",
        "unit_change": f"{names} {'report' if plural else 'reports'} "
        f"{UNIT_WORDS.get(str(fault.value), 'another unit')}{share}",
        "stuck": f"{names} {'are' if plural else 'is'} stuck{_say_value(fault)}{share}",
        "missing": f"{names} {'are' if plural else 'is'} missing{share}",
        "new_category": f"{names} says '{fault.value}', which nobody knew{share}",
        "swapped": f"{names} are swapped{share}",
        "duplicated": f"questions are sent twice{share}",
        "concept_change": f"the truth {'moves ' + moves if by_deviations else 'turns into the next class'}{where}"
        f"{'' if by_deviations else share}",
        "label_noise": f"labels are wrong by {abs(fault.severity):g} standard deviations"
        if by_deviations
        else f"labels are wrong by chance{share}",
        "outage": "no questions come" if fault.severity == 1 else f"questions stay away{share}",
        "malformed": f"questions are malformed{share}",
    }
    how = "" if fault.pattern == "sudden" else f", {PATTERNS[fault.pattern]}"
    return f"{sentences[fault.kind]}{how}"


def _say_value(fault: Fault) -> str:
    return (
        ""
        if fault.value is None
        else f" at {fault.value:g}"
        if isinstance(fault.value, float)
        else f" at '{fault.value}'"
    )


def _say_segment(fault: Fault) -> str:
    if not fault.columns:
        return ""
    if isinstance(fault.value, str | bool) or fault.value is None:
        return f" where '{fault.columns[0]}' is '{fault.value}'"
    return f" where '{fault.columns[0]}' is {fault.value:g} or more"
