"""Records of the decision threshold: what it is chosen by, and what was chosen."""

from dataclasses import dataclass

LIKELIER_CLASS = 0.5
"""The decision threshold of a model that simply gives the likelier of two classes."""


@dataclass(frozen=True)
class OutOfFold:
    """What cross-validation said about training rows while a model had not learned from them, counted by chance.

    `positives[i]` of the rows that are `positive_label`, and `negatives[i]` of all others, were given a chance of it of
    i thousandths, rounded down; both have 1,001 entries.
    """

    positive_label: str
    positives: tuple[int, ...]
    negatives: tuple[int, ...]


@dataclass(frozen=True)
class DecisionThreshold:
    """The chance of `positive_label` from which on a model of two classes answers it, in (0, 1).

    `chosen_by` is the person who chose it; empty where the costs on Plan did, or nothing spoke for another one than
    the likelier class. `reason` says in words why it is this one.
    """

    value: float
    positive_label: str
    reason: str = ""
    chosen_by: str = ""

    @property
    def is_likelier_class(self) -> bool:
        """Whether the answer is simply the likelier class."""
        return self.value == LIKELIER_CLASS

    @property
    def sentence(self) -> str:
        """The threshold in a sentence: "It says 'yes' from a chance of 9.1 % on."."""
        how = "It gives the likelier class, so" if self.is_likelier_class else "It says"
        return f"{how} '{self.positive_label}' from a chance of {100 * self.value:.3g} % on."
