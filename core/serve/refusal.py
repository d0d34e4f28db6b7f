"""The one shape in which the service says no."""

from collections.abc import Mapping
from typing import Self

from fastapi.responses import JSONResponse

from core.errors import LifecycleError


class RefusalError(LifecycleError):
    """A request that is not answered, and why.

    Neither message nor hint ever repeats what the caller sent.

    Parameters
    ----------
    status : int
        HTTP status.
    code : str
        Stable name of the reason, for programs.
    message, hint : str
        What is wrong, and what to do, for people.
    row : int, optional
        Which row, counted from 0.
    column : str, optional
        Which of the model's columns.
    """

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        hint: str = "",
        *,
        row: int | None = None,
        column: str | None = None,
    ) -> None:
        super().__init__(message, hint)
        self.status = status
        self.code = code
        self.row = row
        self.column = column
        self.headers: Mapping[str, str] = {}

    def with_header(self, name: str, value: str) -> Self:
        """Add an HTTP header to the answer; return this."""
        self.headers = {**self.headers, name: value}
        return self

    def to_response(self) -> JSONResponse:
        """Return the HTTP response."""
        error = {
            "code": self.code,
            "message": self.message,
            "hint": self.hint,
            "row": self.row,
            "column": self.column,
        }
        return JSONResponse({"error": error}, status_code=self.status, headers=dict(self.headers))
