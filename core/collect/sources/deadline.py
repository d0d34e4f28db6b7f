"""An end to all that takes too long, whatever the server at the other end does."""

import socket
import threading
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from core.errors import BadInputError


class Deadline:
    """Ends connections when the time is over, also those of a server that sends a byte now and then."""

    def __init__(self, seconds: float) -> None:
        self.is_over = False
        self._sockets: list[socket.socket] = []
        self._timer = threading.Timer(seconds, self.end)
        self._timer.daemon = True

    def __enter__(self) -> "Deadline":
        self._timer.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._timer.cancel()

    def watch(self, event: str, details: Mapping[str, Any]) -> None:
        """Take note of a connection as soon as it stands."""
        if event in ("connection.connect_tcp.complete", "connection.start_tls.complete"):
            self._sockets.append(details["return_value"].get_extra_info("socket"))
            if self.is_over:
                self.end()

    def raise_if_over(self) -> None:
        """Raise BadInputError when the time was over."""
        if self.is_over:
            raise BadInputError("The answer comes too slowly, and was given up.", "Try again later.")

    def end(self) -> None:
        """End what is connected, and what will be."""
        self.is_over = True
        for each in self._sockets:
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
