"""Everything that can go wrong in a way a person can mend, as one tree of exceptions.

Each carries a message (what is wrong, and where) and a hint (what to do next). Anything raised that is
not a `LifecycleError` is a bug in Full Circle.
"""


class LifecycleError(Exception):
    """A problem a person can understand and act on.

    Parameters
    ----------
    message : str
        What is wrong and where, as one or two plain sentences.
    hint : str
        What the person can do next; may be empty.
    """

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __reduce__(self) -> tuple[type["LifecycleError"], tuple[str, str]]:
        # The default would lose the hint when the error crosses a process border.
        return type(self), (self.message, self.hint)

    def __str__(self) -> str:
        return f"{self.message} {self.hint}".strip()


class NoDataError(LifecycleError):
    """There is nothing to work on yet: no table, no rows, no predictions."""


class BadInputError(LifecycleError):
    """What was handed in cannot be used as it is: a file, a value, a request."""


class NotReadyError(LifecycleError):
    """An earlier stage of the life cycle has to be finished first."""


class NotFoundError(LifecycleError):
    """The thing asked for does not exist, or no longer does."""


class ConflictError(LifecycleError):
    """Someone else changed the same thing in the meantime, or a rule forbids the change."""
