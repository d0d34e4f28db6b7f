"""Records of what a model does not decide alone: the owner's rules, rows that a person answers, and what rules cost."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from core.records.base import Label, new_id, utc_now
from core.records.model import Curve

WhenUnusual = Literal["warn", "refuse"]
ReferralState = Literal["waiting", "answered", "handed_back", "expired"]


@dataclass(frozen=True)
class ServingRules:
    """What happens to rows that the model of a project should not decide alone. Saved anew at each change.

    `least_confidence` in (0, 1]: the model abstains when its most likely class has a lower probability.
    `unlike_share` in (0, 1): it abstains when a row is less like the training rows than all but this share of test
    rows. `needed_columns`: it abstains when one of them is missing. None or empty: that rule is off.
    `expire_after_hours`: how long a row waits for a person; None: for ever. `people_answer`: whether people are there
    who answer what the model does not; an exported folder has none.
    """

    project_id: str
    unknown_category: WhenUnusual = "warn"
    out_of_range: WhenUnusual = "warn"
    least_confidence: float | None = None
    unlike_share: float | None = None
    needed_columns: tuple[str, ...] = ()
    expire_after_hours: int | None = None
    people_answer: bool = True
    created_by: str = "someone"
    id: str = field(default_factory=new_id)
    created_at: datetime = field(default_factory=utc_now)

    @property
    def abstains(self) -> bool:
        """Whether any rule hands rows over to a person."""
        return bool(self.least_confidence is not None or self.unlike_share is not None or self.needed_columns)

    @property
    def refuses(self) -> bool:
        """Whether any rule refuses rows."""
        return "refuse" in (self.unknown_category, self.out_of_range)


@dataclass(frozen=True)
class Referral:
    """A row that the model did not answer and a person does. `id` is the prediction's; `rules_id` says by which rules.

    Whoever takes a row gets a `ticket`: only the newest one counts when the row is answered.
    """

    id: str
    project_id: str
    model_version_id: str
    rules_id: str
    reasons: tuple[str, ...]
    referred_at: datetime
    state: ReferralState = "waiting"
    ticket: str | None = None
    taken_by: str | None = None
    taken_at: datetime | None = None
    answer: Label | None = None
    closed_by: str | None = None
    closed_at: datetime | None = None


@dataclass(frozen=True)
class DryRun:
    """What a model did on test rows, as far as rules look at it: one entry a row, at most 2,000 rows, no values.

    `right` for classes, `errors` (absolute) for numbers; the other one is empty. `confidence` is the probability of
    the answer, None where the model gives none. `missing[column]` are positions of rows without a value there.
    """

    n_rows: int
    confidence: tuple[float | None, ...]
    right: tuple[bool, ...]
    errors: tuple[float, ...]
    surprise: tuple[float, ...]
    unknown_category: tuple[bool, ...]
    out_of_range: tuple[bool, ...]
    missing: dict[str, tuple[int, ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class RuleTrial:
    """What rules would have done with the test rows: `n_rows` = `n_refused` + `n_abstained` + answered ones.

    `before` and `after` are the share of right answers, or the mean absolute error, without and with the rules; None
    where nothing is answered. `sentences` say what each rule does by itself, `sentence` what all do together.
    `curve`: share of rows handed over (x) and share of right answers among the others (y) as the wanted confidence
    rises; None where the model does not say how sure it is.
    """

    n_rows: int
    n_refused: int
    n_abstained: int
    before: float | None
    after: float | None
    sentence: str
    sentences: tuple[str, ...]
    curve: Curve | None = None
