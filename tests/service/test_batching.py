"""Requests to a slow model are scored together, each gets its own answers, and one that fails harms no other."""

import asyncio
from collections.abc import Sequence

import pytest

from core.deploy import Answers
from core.records import Json
from core.serve.batching import MOST_ROWS_TOGETHER, Batcher


class SlowModel:
    """Answers rows with their own number, 20 ms for any table; says which tables it got."""

    def __init__(self) -> None:
        self.sizes: list[int] = []

    async def score(self, rows: Sequence[Json]) -> Answers:
        self.sizes.append(len(rows))
        await asyncio.sleep(0.02)
        if any(row["number"] < 0 for row in rows):
            raise ValueError("a row the model cannot take")
        return Answers([row["number"] for row in rows], [{"yes": 0.5} for _ in rows])


def rows_of(*numbers: int) -> list[Json]:
    return [{"number": number} for number in numbers]


def test_many_requests_become_few_tables_and_each_gets_its_own_answers() -> None:
    async def ask() -> tuple[list[Answers], list[int]]:
        model = SlowModel()
        batcher = Batcher(model.score)
        return await asyncio.gather(*(batcher.score(rows_of(i, 100 + i)) for i in range(40))), model.sizes

    answers, sizes = asyncio.run(ask())
    assert [answer.predictions for answer in answers] == [[i, 100 + i] for i in range(40)]
    assert all(len(answer.probabilities or []) == 2 for answer in answers)
    assert sum(sizes) == 80
    assert len(sizes) <= 3


def test_a_request_that_fails_harms_no_other() -> None:
    async def ask() -> list[Answers | BaseException]:
        batcher = Batcher(SlowModel().score)
        return await asyncio.gather(*(batcher.score(rows_of(i)) for i in (1, -1, 3)), return_exceptions=True)

    first, bad, last = asyncio.run(ask())
    assert isinstance(bad, ValueError)
    assert isinstance(first, Answers)
    assert isinstance(last, Answers)
    assert (first.predictions, last.predictions) == ([1], [3])


def test_tables_stay_below_the_most_rows() -> None:
    async def ask() -> list[int]:
        model = SlowModel()
        batcher = Batcher(model.score)
        await asyncio.gather(*(batcher.score(rows_of(*range(400))) for _ in range(6)))
        return model.sizes

    assert max(asyncio.run(ask())) <= MOST_ROWS_TOGETHER


def test_a_caller_that_goes_away_leaves_the_others_their_answers() -> None:
    async def ask() -> Answers:
        batcher = Batcher(SlowModel().score)
        gone = asyncio.create_task(batcher.score(rows_of(1)))
        stays = asyncio.create_task(batcher.score(rows_of(2)))
        await asyncio.sleep(0.005)
        gone.cancel()
        with pytest.raises(asyncio.CancelledError):
            await gone
        return await stays

    assert asyncio.run(ask()).predictions == [2]
