"""A name for each request: in its answer's header, in the log of predictions, in every line of the service's log."""

import logging
import re
from contextvars import ContextVar

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from core.records import new_id

HEADER = "X-Request-ID"
RAW_HEADER = HEADER.lower().encode()
LOG_FORMAT = "%(asctime)s %(levelname)s %(name)s [%(request_id)s]: %(message)s"
SANE = re.compile(rb"[A-Za-z0-9._-]{1,64}")
CURRENT: ContextVar[str] = ContextVar("request_id", default="-")


def current_request_id() -> str:
    """Return the name of the request that is being answered here; "-" outside of one."""
    return CURRENT.get()


class RequestIds:
    """Gives each request the name its caller sent, if it is a plain one of at most 64 characters, else a new one."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer the request under its name."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = _choose(scope)
        named = (RAW_HEADER, request_id.encode("ascii"))
        # Not set back: the server logs what went wrong after this has ended, in the same task.
        CURRENT.set(request_id)

        async def send_named(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], named]
            await send(message)

        await self._app(scope, receive, send_named)


def _choose(scope: Scope) -> str:
    for name, value in scope["headers"]:
        if name == RAW_HEADER and SANE.fullmatch(value):
            return str(value, "ascii")
    return new_id()


def add_request_id(record: logging.LogRecord) -> bool:
    """Write the request's name into a line of the log; a filter for handlers."""
    record.request_id = current_request_id()
    return True
