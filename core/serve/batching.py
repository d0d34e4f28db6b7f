"""Many small requests to a slow model become few large ones: scoring a table of 30 rows costs little more than one."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress

from core.deploy import Answers
from core.records import Json

GATHER_S = 0.002
"""How long requests are waited for, in seconds, while several clients ask; a client alone never waits."""
MOST_ROWS_TOGETHER = 1_000

Score = Callable[[Sequence[Json]], Awaitable[Answers]]
Waiting = tuple[list[Json], asyncio.Future[Answers]]


class Batcher:
    """Scores requests together. Those that come while the model works are its next table, in one go.

    All methods belong to one event loop.

    Parameters
    ----------
    score : callable
        Scores rows elsewhere than on the event loop, and raises what the model raises.
    """

    def __init__(self, score: Score) -> None:
        self._score = score
        self._waiting: list[Waiting] = []
        self._task: asyncio.Task[None] | None = None
        self._has_company = False

    async def score(self, rows: list[Json]) -> Answers:
        """Return the answers to the rows, computed together with those of other requests; raises as the model does."""
        future: asyncio.Future[Answers] = asyncio.get_running_loop().create_future()
        self._waiting.append((rows, future))
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._run())
        return await future

    async def _run(self) -> None:
        while self._waiting:
            if self._has_company:
                await asyncio.sleep(GATHER_S)
            batch = self._take()
            self._has_company = len(batch) > 1
            await self._answer(batch)

    def _take(self) -> list[Waiting]:
        batch: list[Waiting] = []
        n_rows = 0
        while self._waiting and (not batch or n_rows + len(self._waiting[0][0]) <= MOST_ROWS_TOGETHER):
            batch.append(self._waiting.pop(0))
            n_rows += len(batch[-1][0])
        return batch

    async def _answer(self, batch: list[Waiting]) -> None:
        try:
            together = await self._score([row for rows, _ in batch for row in rows])
        except Exception as error:  # noqa: BLE001 - whatever it is, it is handed to whoever asked
            await self._answer_alone(batch, error)
            return
        start = 0
        for rows, future in batch:
            if not future.done():
                future.set_result(together.part(start, start + len(rows)))
            start += len(rows)

    async def _answer_alone(self, batch: list[Waiting], error: Exception) -> None:
        """One request that fails must not make the others fail: each is scored by itself."""
        if len(batch) > 1:
            for one in batch:
                await self._answer([one])
            return
        with suppress(asyncio.InvalidStateError):
            batch[0][1].set_exception(error)
