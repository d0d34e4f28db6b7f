"""The owner's rules on what the model does not decide alone: set, and tried on the test rows before."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from core.deploy.loading import load_prototype
from core.deploy.surprise import UNLIKE_SHARES, threshold
from core.errors import BadInputError
from core.records import Curve, DryRun, RuleTrial, ServingRules
from core.store import Store

LONGEST_HOURS = 24 * 365
N_CURVE_POINTS = 41
FEWEST_ANSWERED = 10
"""The curve ends where fewer test rows would still be answered."""
Flags = NDArray[np.bool_]
Floats = NDArray[np.float64]


def current_rules(store: Store, project_id: str) -> ServingRules:
    """Return the rules of a project; all off when none were ever set."""
    return store.newest(ServingRules, project_id=project_id) or ServingRules(project_id)


def say_rules(rules: ServingRules, *, held_back: str) -> list[str]:
    """Return the rules that hold as sentences; none where it answers every row that it can read.

    Parameters
    ----------
    held_back : str
        How a sentence begins that says which rows the model does not answer: "A person decides".
    """
    said = []
    if rules.unknown_category == "refuse":
        said.append("Rows with a category it has never seen are refused.")
    if rules.out_of_range == "refuse":
        said.append("Rows with a number outside its training rows are refused.")
    if rules.least_confidence is not None:
        said.append(f"{held_back} when it is less than {100 * rules.least_confidence:.3g} of 100 sure.")
    if rules.unlike_share is not None:
        said.append(f"{held_back} when a row is as unusual as {say_unlike(rules.unlike_share)} test rows.")
    if rules.needed_columns:
        names = ", ".join(f"'{name}'" for name in rules.needed_columns)
        said.append(f"{held_back} when a value is missing in {names}.")
    return said


def say_unlike(share: float) -> str:
    """Return a share of usual rows in words: "1 of 100"."""
    return f"{100 * share:g} of 100" if share >= 0.01 else f"{1000 * share:g} of 1,000"


def set_rules(store: Store, rules: ServingRules, *, model_version_id: str) -> ServingRules:
    """Set the rules of a project; the service follows within about a second.

    Parameters
    ----------
    rules : ServingRules
        With a new id, and who sets them in `created_by`.
    model_version_id : str
        The version that is live, whose columns can be needed.

    Raises
    ------
    BadInputError
        When a rule makes no sense, or cannot work for the model.
    """
    prototype = load_prototype(store, model_version_id)
    if rules.least_confidence is not None and not prototype.classes:
        raise BadInputError(
            "The model gives numbers and does not say how sure it is.", "Leave the rule for unsure answers off."
        )
    if rules.least_confidence is not None and not 0 < rules.least_confidence <= 1:
        raise BadInputError("How sure the model must be is not between 0 and 1.", "Choose a share in between.")
    if rules.unlike_share is not None and rules.unlike_share not in UNLIKE_SHARES:
        raise BadInputError("That share of unusual rows cannot be chosen.", "Choose one of those offered.")
    unknown = set(rules.needed_columns) - {column.name for column in prototype.columns}
    if unknown:
        raise BadInputError(
            f"The model has no column {', '.join(map(repr, sorted(unknown)))}.", "Choose among its columns."
        )
    if rules.expire_after_hours is not None and not 1 <= rules.expire_after_hours <= LONGEST_HOURS:
        raise BadInputError(f"Rows can wait for 1 to {LONGEST_HOURS:,} hours.", "Choose a number in between.")
    return store.add(rules)


def try_rules(dry_run: DryRun, rules: ServingRules) -> RuleTrial:
    """Return what rules would have done with the test rows: how many go to a person, how right the others are."""
    quality = np.array(dry_run.errors or dry_run.right, dtype=float)
    refused, by_rule = _refused(dry_run, rules), _abstained(dry_run, rules)
    abstained = np.logical_or.reduce([*by_rule.values(), np.zeros(dry_run.n_rows, bool)]) & ~refused
    answered = ~refused & ~abstained
    before = float(quality.mean()) if quality.size else None
    after = float(quality[answered].mean()) if answered.any() else None
    trial = RuleTrial(
        n_rows=dry_run.n_rows,
        n_refused=int(refused.sum()),
        n_abstained=int(abstained.sum()),
        before=before,
        after=after,
        sentence="",
        sentences=tuple(_say_rule(words, flags) for words, flags in by_rule.items()),
        curve=risk_coverage(dry_run),
    )
    return replace(trial, sentence=_say(trial, numbers=bool(dry_run.errors)))


def _refused(dry_run: DryRun, rules: ServingRules) -> Flags:
    refused = np.zeros(dry_run.n_rows, bool)
    if rules.unknown_category == "refuse":
        refused |= np.array(dry_run.unknown_category, bool)
    if rules.out_of_range == "refuse":
        refused |= np.array(dry_run.out_of_range, bool)
    return refused


def _abstained(dry_run: DryRun, rules: ServingRules) -> dict[str, Flags]:
    """Return which test rows each rule hands over, by what the rule is about in words."""
    found: dict[str, Flags] = {}
    if rules.least_confidence is not None and None not in dry_run.confidence:
        confidence = np.array(dry_run.confidence, dtype=float)
        found[f"less than {100 * rules.least_confidence:.3g} of 100 sure"] = confidence < rules.least_confidence
    if rules.unlike_share is not None:
        most = threshold(dry_run.surprise, rules.unlike_share)
        if most is not None:
            found["unlike the training rows"] = np.array(dry_run.surprise) > most
    for name in rules.needed_columns:
        missing = np.zeros(dry_run.n_rows, bool)
        missing[list(dry_run.missing.get(name, ()))] = True
        found[f"without a value in '{name}'"] = missing
    return found


def _say_rule(words: str, flags: Flags) -> str:
    return f"{_out_of_100(flags.mean())} of 100 test rows: {words}."


def _out_of_100(share: float) -> str:
    return f"{100 * share:.0f}" if share >= 0.0995 else f"{100 * share:.2g}"


def _say(trial: RuleTrial, *, numbers: bool) -> str:
    """Return in words what all rules together would have done."""
    if trial.before is None:
        return "There are no test rows to try rules on."
    held = _out_of_100(trial.n_abstained / trial.n_rows)
    said = f"Of 100 test rows {held} would go to a person"
    if trial.n_refused:
        said += f" and {_out_of_100(trial.n_refused / trial.n_rows)} would be refused"
    if trial.after is None:
        return f"{said}: the model would answer none."
    if trial.n_abstained + trial.n_refused == 0:
        return f"{said}: the rules would change nothing. {_say_quality(trial.before, numbers=numbers)}"
    if numbers:
        return (
            f"{said}; in the others the answer would be {trial.after:,.4g} off on average "
            f"instead of {trial.before:,.4g}."
        )
    return f"{said}; of 100 answered, {100 * trial.after:.0f} would be right instead of {100 * trial.before:.0f}."


def _say_quality(value: float, *, numbers: bool) -> str:
    return (
        f"Its answers are {value:,.4g} off on average." if numbers else f"{100 * value:.0f} of 100 answers are right."
    )


def risk_coverage(dry_run: DryRun) -> Curve | None:
    """Return how right the answers are as less sure ones are handed over: x the share handed over, y right of the rest.

    None where the model does not say how sure it is.
    """
    if not dry_run.right or None in dry_run.confidence:
        return None
    confidence, right = np.array(dry_run.confidence, dtype=float), np.array(dry_run.right, dtype=float)
    order = np.argsort(confidence, kind="stable")
    remaining = np.arange(dry_run.n_rows, 0, -1)
    shares_right = np.cumsum(right[order][::-1])[::-1] / remaining
    last = max(dry_run.n_rows - FEWEST_ANSWERED, 0)
    places = np.unique(np.linspace(0, last, N_CURVE_POINTS).astype(int))
    return Curve(tuple((places / dry_run.n_rows).tolist()), tuple(shares_right[places].tolist()))
