"""Which rows the service refuses, and which the model does not answer: the owner's rules, made ready for each model.

The newest rules of each project are followed like keys. A project without rules costs one look into a dict.
"""

import logging
import threading
from collections.abc import Mapping, Sequence
from types import MappingProxyType

from sqlalchemy.exc import SQLAlchemyError

from core.deploy import UNLIKE_SHARES, Answers, LoadedModel, Surprise, unusual_in
from core.errors import LifecycleError
from core.records import Json, ServingRules
from core.serve.refusal import RefusalError
from core.store import Store

LOOK_INTERVAL_S = 0.25
REFUSED_HINT = "The owner of the model lets it answer only about what it has seen. GET the prototype to see that."
Abstained = Mapping[int, tuple[str, ...]]
"""By position among the rows of a request: why the model does not answer it, in words."""
NONE_ABSTAINED: Abstained = MappingProxyType({})
logger = logging.getLogger(__name__)


class RowRules:
    """The rules of a project for one model.

    Parameters
    ----------
    rules : ServingRules
        What the owner set.
    loaded : LoadedModel
        The model they are applied to.
    """

    def __init__(self, rules: ServingRules, loaded: LoadedModel) -> None:
        self.id = rules.id
        self.referred_by = rules.id if rules.people_answer else ""
        columns, classes = loaded.prototype.columns, loaded.prototype.classes
        refused = {True: rules.unknown_category == "refuse", False: rules.out_of_range == "refuse"}
        self._refused = [
            (column.name, column.kind == "category", unusual_in(column))
            for column in columns
            if refused[column.kind == "category"]
        ]
        names = {column.name for column in columns}
        self._needed = [name for name in rules.needed_columns if name in names]
        self._least = rules.least_confidence if classes else None
        self._most_surprise = most_surprise(rules, loaded)
        self._surprise = Surprise(loaded.reference) if self._most_surprise is not None else None
        self._abstains = bool(self._needed) or self._least is not None or self._surprise is not None

    @property
    def refused_categories(self) -> tuple[str, ...]:
        """The columns of which unknown categories are refused."""
        return tuple(name for name, by_name, _ in self._refused if by_name)

    @property
    def refused_ranges(self) -> tuple[str, ...]:
        """The columns of which values outside the training rows' range are refused."""
        return tuple(name for name, by_name, _ in self._refused if not by_name)

    def check(self, rows: Sequence[Json]) -> None:
        """Return if no row is to be refused.

        Raises
        ------
        RefusalError
            422 with row and column.
        """
        for name, by_name, unusual_in_column in self._refused:
            for position, row in enumerate(rows):
                if row[name] is not None and (unusual := unusual_in_column(row[name])):
                    raise _refuse(position, name, by_name, unusual)

    def find_abstained(self, rows: Sequence[Json], answers: Answers) -> Abstained:
        """Return the rows that the model does not answer, and why."""
        if not self._abstains:
            return NONE_ABSTAINED
        probabilities, said = answers.probabilities if self._least is not None else None, answers.predictions
        found: dict[int, tuple[str, ...]] = {}
        for position, row in enumerate(rows):
            unsure = probabilities is not None and probabilities[position][said[position]] < self._least  # type: ignore[index, operator]
            unlike = self._surprise is not None and self._surprise.of(row) > self._most_surprise  # type: ignore[operator]
            missing = [name for name in self._needed if row[name] is None]
            if unsure or unlike or missing:
                found[position] = self._say_why(row, missing, unsure=unsure, unlike=unlike)
        return found

    def _say_why(self, row: Json, missing: Sequence[str], *, unsure: bool, unlike: bool) -> tuple[str, ...]:
        reasons = [f"'{name}' is missing." for name in missing]
        if unsure:
            reasons.append(f"The model is less sure than {100 * (self._least or 0):.3g} of 100.")
        if unlike and self._surprise is not None:
            named = " and ".join(f"'{name}'" for name in self._surprise.strangest(row))
            reasons.append(f"The row is unlike those the model learned from, most of all in {named}.")
        return tuple(reasons)


def most_surprise(rules: ServingRules, loaded: LoadedModel) -> float | None:
    """Return the surprise above which a row counts as unlike the training rows; None where that rule does not apply."""
    if rules.unlike_share not in UNLIKE_SHARES or not loaded.reference.surprise:
        return None
    return loaded.reference.surprise[UNLIKE_SHARES.index(rules.unlike_share)]


def _refuse(position: int, name: str, by_name: bool, unusual: str) -> RefusalError:
    code = "unknown_category" if by_name else "out_of_range"
    return RefusalError(422, code, f"Row {position}, '{name}': {unusual}", REFUSED_HINT, row=position, column=name)


class RuleBook:
    """The rules of all projects, looked up several times a second; safe to use from many threads.

    While the store does not answer, the rules of the last look count.

    Parameters
    ----------
    store : Store
        Where they are.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._rules: Mapping[str, ServingRules] = {}
        self._ready: dict[str, RowRules] = {}
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._follow, name="rule-book", daemon=True)

    def start(self) -> None:
        """Look the rules up and begin to follow them."""
        self._try_to_refresh()
        self._thread.start()

    def stop(self) -> None:
        """Stop following."""
        self._stopping.set()

    def of(self, project_id: str, model_version_id: str, loaded: LoadedModel) -> RowRules | None:
        """Return the rules of a project, ready for one of its models; None when it has none."""
        rules = self._rules.get(project_id)
        if rules is None:
            return None
        ready = self._ready.get(model_version_id)
        if ready is None or ready.id != rules.id:
            ready = self._ready[model_version_id] = RowRules(rules, loaded)
        return ready

    def refresh(self) -> None:
        """Look up the rules.

        Raises
        ------
        SQLAlchemyError
            When the store does not answer.
        """
        # Oldest first, so the newest of each project remain.
        newest = {rules.project_id: rules for rules in self._store.find(ServingRules)}
        self._rules = {key: rules for key, rules in newest.items() if rules.abstains or rules.refuses}

    def _follow(self) -> None:
        while not self._stopping.wait(LOOK_INTERVAL_S):
            self._try_to_refresh()

    def _try_to_refresh(self) -> None:
        try:
            self.refresh()
        except (SQLAlchemyError, LifecycleError) as error:
            logger.warning("The rules could not be looked up: %s", error)
