"""Records of data checks: what was looked for in a table, what was found, the rows that show it, and what mends it."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from core.records.base import Json, Task, new_id, utc_now
from core.records.data import Edit

CheckOutcome = Literal["problem", "note", "passed", "not_applicable"]
FixKind = Literal["edit", "leave_out", "cap", "group_rare", "split"]


@dataclass(frozen=True)
class Evidence:
    """A small table that shows what a check found.

    Rows of the checked table come with their number, from 1, under the first heading "Row". `n_more` are not shown.
    """

    headings: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    n_more: int = 0


@dataclass(frozen=True)
class Fix:
    """What one click does about a finding: a recorded edit of the table, or a change of the recipe.

    `label` is for the button, `sentence` says exactly what will happen. `edit` is for the kind "edit"; the others name
    the `columns` to leave out, or hold the fields of the split in `options`.
    """

    kind: FixKind
    label: str
    sentence: str
    columns: tuple[str, ...] = ()
    options: Json = field(default_factory=dict)
    edit: Edit | None = None


@dataclass(frozen=True)
class CheckResult:
    """How one check ended: a plain sentence, how many rows, cells or columns are concerned, evidence and fixes.

    `code` never changes its meaning. `why` says why it matters.
    """

    code: str
    title: str
    outcome: CheckOutcome
    sentence: str
    why: str = ""
    columns: tuple[str, ...] = ()
    n_affected: int = 0
    evidence: Evidence | None = None
    fixes: tuple[Fix, ...] = ()


@dataclass(frozen=True)
class CheckReport:
    """All checks of a dataset version, in the order of their codes; `target` is None when none was chosen then."""

    dataset_id: str
    target: str | None
    task: Task | None
    results: tuple[CheckResult, ...]

    def result(self, code: str) -> CheckResult:
        """Return the result of one check; KeyError when there is none of that code."""
        for result in self.results:
            if result.code == code:
                return result
        raise KeyError(code)

    def ended(self, outcome: CheckOutcome) -> tuple[CheckResult, ...]:
        """Return the results with this outcome."""
        return tuple(result for result in self.results if result.outcome == outcome)


@dataclass(frozen=True)
class AcceptedFinding:
    """What a check found is right so, says a person: not spoken of again while the same columns are concerned."""

    project_id: str
    code: str
    columns: tuple[str, ...]
    target: str | None = None
    created_by: str = "someone"
    id: str = field(default_factory=new_id)
    created_at: datetime = field(default_factory=utc_now)
