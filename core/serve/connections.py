"""Connections that send too slowly, or headers without end, are closed; everybody else never notices.

uvicorn gives up on idle connections between requests only. Here a request has some seconds to arrive, more for what has
arrived already, so a large body over a slow line is fine and a byte now and then is not.
"""

import asyncio

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

PATIENCE_S = 10.0
SLOWEST_PER_S = 50_000
"""Bytes."""
MOST_HEAD_BYTES = 65_536


class LimitedProtocol(HttpToolsProtocol):
    """uvicorn's protocol with a limit on how long and how large a request may come in. One timer a connection."""

    _since: float | None = None
    """When the request began that is coming in; also the connection itself, until the first."""
    _n_received = 0
    _is_head = True
    _timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to watch."""
        super().connection_made(transport)
        self._since = self.loop.time()
        self._timer = self.loop.call_later(PATIENCE_S, self._look)

    def connection_lost(self, exc: Exception | None) -> None:
        """End watching."""
        if self._timer is not None:
            self._timer.cancel()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Pass on what came, unless it is a head without end."""
        self._n_received += len(data)
        super().data_received(data)
        if self._is_head and self._since is not None and self._n_received > MOST_HEAD_BYTES:
            self.send_400_response("The headers are too large.")

    def on_message_begin(self) -> None:
        """Note that a request begins."""
        self._since, self._n_received, self._is_head = self.loop.time(), 0, True
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """Note that its head is there."""
        self._is_head = False
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """Note that all of it is there."""
        self._since = None
        super().on_message_complete()

    def _look(self) -> None:
        """Close the connection when its time is over; else look again when it may be."""
        if self.transport.is_closing():
            return
        left_s = PATIENCE_S if self._since is None else self._since + self._allowed_s() - self.loop.time()
        if left_s <= 0 and not self.flow.read_paused:
            self.transport.abort()
            return
        self._timer = self.loop.call_later(max(1.0, left_s), self._look)

    def _allowed_s(self) -> float:
        is_answered = self.cycle is not None and self.cycle.response_complete
        return PATIENCE_S if is_answered else PATIENCE_S + self._n_received / SLOWEST_PER_S
