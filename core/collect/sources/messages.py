"""What arrives from a sensor feed: messages become rows, and stand on disk as soon as they are taken in."""

import json
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from core.records import Arrival, Message

ARRIVED_AT = "arrived_at"
TOPIC = "topic"
VALUE = "value"
N_SHOWN = 5
N_SLOTS = 60
N_REMEMBERED = 1_000
MAX_SHOWN_LENGTH = 120


def parse_payload(payload: bytes) -> list[dict[str, Any]] | None:
    """Return the rows of a message: one of an object or a bare number, several of a list of objects; else None."""
    try:
        content = json.loads(payload)
        # As it will be written: half characters, infinity and numbers of thousands of digits are found here.
        json.dumps(content, ensure_ascii=False, allow_nan=False).encode()
    except (ValueError, RecursionError):
        return None
    if isinstance(content, int | float) and not isinstance(content, bool):
        return [{VALUE: content}]
    rows = content if isinstance(content, list) else [content]
    return rows if rows and all(isinstance(row, dict) and row for row in rows) else None


@dataclass(frozen=True)
class Received:
    """A message as the broker gives it: `retained` is what it had from before, `again` what it sends once more."""

    message_id: int
    topic: str
    payload: bytes
    retained: bool = False
    again: bool = False
    at_least_once: bool = False


class MessageLog:
    """The messages of one collection, in a file, a line each; one that is there already is gone on with.

    Parameters
    ----------
    path : Path
        The file.
    started_at : datetime
        When the collection began.
    seconds : float
        How long it is to last.
    """

    def __init__(self, path: Path, started_at: datetime, seconds: float) -> None:
        self.path = path
        self.arrival = Arrival(started_at, slot_s=max(seconds / N_SLOTS, 1.0))
        self.n_retained = self.n_again = self.n_bytes = 0
        self.topics: set[str] = set()
        self.malformed: list[str] = []
        self._recent: OrderedDict[tuple[int, str, bytes], None] = OrderedDict()
        self.is_new = not path.exists()
        if not self.is_new:
            self._take_up()
        self._file = path.open("a", encoding="utf-8", buffering=1)

    def close(self) -> None:
        """Close the file; it stays."""
        self._file.close()

    def add(self, received: Received, now: datetime) -> None:
        """Take a message in: as rows, or as one that is none, was there before or came twice."""
        if received.retained:
            self.n_retained += 1
            return
        if received.at_least_once and self._came_before(received):
            self.n_again += 1
            return
        line: dict[str, Any] = {"at": now.isoformat(), "topic": received.topic}
        rows, shown = parse_payload(received.payload), received.payload.decode("utf-8", errors="replace")
        line |= {"malformed": shown[:MAX_SHOWN_LENGTH]} if rows is None else {"rows": rows}
        self._file.write(json.dumps(line) + "\n")
        self.n_bytes += len(received.payload)
        self._count(line, shown)

    def rows(self) -> Iterator[dict[str, Any]]:
        """Yield the rows of all messages: when each arrived, on which topic, and what it held."""
        for line in self._lines():
            for row in line.get("rows", ()):
                named = {f"payload.{key}" if key in (ARRIVED_AT, TOPIC) else key: value for key, value in row.items()}
                arrived_at = datetime.fromisoformat(line["at"]).astimezone(UTC).replace(tzinfo=None)
                yield {ARRIVED_AT: arrived_at.isoformat(" "), TOPIC: line["topic"], **named}

    def _lines(self) -> Iterator[dict[str, Any]]:
        with self.path.open(encoding="utf-8") as file:
            yield from (json.loads(line) for line in file)

    def _take_up(self) -> None:
        """Count what a process that is gone took in; a line it could not end is cut off."""
        content = self.path.read_bytes()
        whole = content[: content.rfind(b"\n") + 1]
        self.path.write_bytes(whole)
        self.n_bytes = len(whole)
        for line in self._lines():
            self._count(line, line.get("malformed") or json.dumps(line["rows"][0]))

    def _came_before(self, received: Received) -> bool:
        key = (received.message_id, received.topic, received.payload)
        known = key in self._recent
        self._recent[key] = None
        if len(self._recent) > N_REMEMBERED:
            self._recent.popitem(last=False)
        return known and received.again

    def _count(self, line: dict[str, Any], shown: str) -> None:
        arrival, at = self.arrival, datetime.fromisoformat(line["at"])
        slot = max(int((at - arrival.started_at) / timedelta(seconds=arrival.slot_s)), 0)
        counts = [*arrival.per_slot, *[0] * (slot + 1 - len(arrival.per_slot))]
        counts[slot] += 1
        self.topics.add(line["topic"])
        is_malformed = "malformed" in line
        if is_malformed and len(self.malformed) < N_SHOWN:
            self.malformed.append(f"{line['topic']}: {shown[:MAX_SHOWN_LENGTH]}")
        newest = Message(at, line["topic"], shown[:MAX_SHOWN_LENGTH])
        self.arrival = replace(
            arrival,
            n_messages=arrival.n_messages + 1,
            n_rows=arrival.n_rows + len(line.get("rows", ())),
            n_malformed=arrival.n_malformed + is_malformed,
            per_slot=tuple(counts),
            last=(newest, *arrival.last[: N_SHOWN - 1]),
        )
