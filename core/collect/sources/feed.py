"""A sensor feed: messages of an MQTT broker, collected for a time or up to a number, as a table."""

import json
import tempfile
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit

from core.collect.reading import convert_file
from core.collect.sources.broker import PORTS, AwayError, Broker
from core.collect.sources.messages import MessageLog, Received
from core.collect.sources.watch import Throttle, Watch
from core.errors import BadInputError
from core.records import Column, Decision, Json, Reading, utc_now
from core.store import StoppedError, record_to_json

MAX_SECONDS = 6 * 3600
MAX_MESSAGES = 1_000_000
MAX_BYTES = 200_000_000
MAX_TOPIC_BYTES = 1_000
FIRST_SECONDS = 60
RETRY_S = 1.0
SHOW_INTERVAL_S = 0.5


def check_feed(given: Json) -> tuple[Json, str]:
    """Return the settings of a feed that are fit to be saved, and the password its address held.

    Raises
    ------
    BadInputError
        When the address is none of a broker, the topic is no filter, or time and count are out of range.
    """
    given["url"], password = _check_broker(given["url"])
    topic = str(given.get("topic", "")).strip()
    levels = topic.split("/")
    wrong = any(("+" in level or "#" in level) and len(level) > 1 for level in levels) or "#" in levels[:-1]
    if not topic or wrong or "\0" in topic or len(topic.encode(errors="ignore")) > MAX_TOPIC_BYTES:
        message = f"'{topic}' is not a topic." if topic else "No topic is given."
        raise BadInputError(message, "It looks like site/+/temperature (any one level) or site/# (all below).")
    given["topic"] = topic
    given["seconds"] = _check_number(given.get("seconds", FIRST_SECONDS), "seconds", MAX_SECONDS)
    if "messages" in given:
        given["messages"] = _check_number(given["messages"], "messages", MAX_MESSAGES)
    return given, password


def _check_broker(url: str) -> tuple[str, str]:
    hint = "It looks like mqtt://host:1883, or mqtts://name@host:8883 where it is encrypted."
    try:
        place = urlsplit(url if "://" in url else f"mqtt://{url}")
        host, port = place.hostname, place.port
    except ValueError as error:
        raise BadInputError("This is not the address of a broker.", hint) from error
    rest = (place.path.strip("/"), place.query, place.fragment)
    # Blanks and the like have no place in a host, and would look like another one in a message.
    if place.scheme not in PORTS or not host or any(rest) or not host.isprintable() or set(host) & set(" \\%?#/"):
        raise BadInputError("This is not the address of a broker.", hint)
    name = f"{quote(unquote(place.username), safe='')}@" if place.username else ""
    shown = f"[{host}]" if ":" in host else host
    return f"{place.scheme}://{name}{shown}:{port or PORTS[place.scheme]}", unquote(place.password or "")


def _check_number(value: object, noun: str, highest: int) -> int:
    number = int(value) if isinstance(value, int | float | str) and str(value).isdecimal() else 0
    if not 1 <= number <= highest:
        raise BadInputError(f"The number of {noun} is not possible.", f"Choose 1 to {highest:,}.")
    return number


def read_feed(
    settings: Json, secret: str, target: Path, workspace: Path, watch: Watch
) -> tuple[tuple[Column, ...], Reading]:
    """Collect messages and write them as typed Parquet; return the columns and how it went.

    A stop ends the collecting, and what has arrived is kept. So it is where the process dies: the messages stand in
    the workspace under the watch's id, and the next process goes on until the time is over.

    Parameters
    ----------
    settings : dict
        `url`, `topic`, `seconds`, and `messages` where it is to end at a number.
    """
    path = workspace / f"{watch.id}.feed"
    log = MessageLog(path, watch.started_at, settings["seconds"])
    collecting = _Collecting(settings, log, watch)
    try:
        collecting.run(secret)
    finally:
        log.close()
    if watch.left:
        raise StoppedError
    watch.say(f"Reading {log.arrival.n_rows:,} rows", 1.0)
    try:
        columns, reading = _convert(log, collecting, target, workspace)
    finally:
        path.unlink(missing_ok=True)
    return columns, reading


def _convert(
    log: MessageLog, collecting: "_Collecting", target: Path, workspace: Path
) -> tuple[tuple[Column, ...], Reading]:
    if not log.arrival.n_rows:
        raise collecting.explain_nothing()
    with tempfile.TemporaryDirectory(dir=workspace) as folder:
        records = Path(folder) / "messages.jsonl"
        with records.open("w", encoding="utf-8") as file:
            file.writelines(json.dumps(row) + "\n" for row in log.rows())
        columns, reading = convert_file(records, "Sensor feed", target, workspace)
    return columns, replace(
        reading, format="Sensor feed", encoding=None, decisions=(*collecting.decisions(), *reading.decisions)
    )


@dataclass
class _Outage:
    """A time without connection: whether the broker kept what was sent meanwhile, as far as it said."""

    began_at: datetime
    ended_at: datetime | None = None
    kept: bool = False

    def say(self) -> str:
        until = f"{self.ended_at:%H:%M:%S}" if self.ended_at else "the end"
        return f"{self.began_at:%H:%M:%S} to {until} UTC"


@dataclass
class _Collecting:
    """One collection at work."""

    settings: Json
    log: MessageLog
    watch: Watch
    outages: list[_Outage] = field(default_factory=list)
    cut: str = ""
    throttle: Throttle = field(default_factory=lambda: Throttle(SHOW_INTERVAL_S))

    def run(self, secret: str) -> None:
        """Collect until time or number is reached, or nobody wants more."""
        broker = Broker(self.settings["url"], self.settings["topic"], secret, f"fc{self.watch.id[-20:]}", self._take)
        self._connect_first(broker)
        try:
            while not self._is_over(broker):
                if not broker.loop():
                    self.outages.append(_Outage(utc_now()))
                    self._reconnect(broker)
                self._show()
        finally:
            self._show(force=True)
            broker.close(come_back=self.watch.left)

    def decisions(self) -> list[Decision]:
        """Say what arrived, and what was left out, is missing or came twice, as far as that can be known."""
        log, arrival = self.log, self.log.arrival
        told = [Decision("messages", f"Messages arrived on {_count(len(log.topics), 'topic')}.", arrival.n_messages)]
        if arrival.n_malformed:
            words = "Messages that are no JSON object, list of objects or number were left out."
            told.append(Decision("malformed", words, arrival.n_malformed, tuple(log.malformed)))
        if log.n_retained:
            words = "Values the broker had from before were left out: nobody knows when they were measured."
            told.append(Decision("retained", words, log.n_retained))
        if log.n_again:
            words = "Messages the broker sent again, which had arrived, were left out."
            told.append(Decision("sent_again", words, log.n_again))
        for kept, words in (
            (True, "The connection was away; the broker says that it kept what was sent to us meanwhile."),
            (False, "The connection was away, and the broker kept nothing for us: what was sent meanwhile is missing."),
        ):
            found = [outage.say() for outage in self.outages if outage.kept is kept]
            if found:
                told.append(Decision("outage_kept" if kept else "outage", words, len(found), tuple(found)))
        if self.cut:
            told.append(Decision("cut", self.cut, arrival.n_messages))
        return told

    def explain_nothing(self) -> BadInputError:
        """Return the error for a collection without a single row."""
        arrival, topic = self.log.arrival, self.settings["topic"]
        if arrival.n_malformed:
            message = f"{_count(arrival.n_malformed, 'message')} arrived, none of them a JSON object or number."
            return BadInputError(message, f"The first: {self.log.malformed[0]}")
        more = (
            f" ({_count(self.log.n_retained, 'value')} from before, which are not taken.)"
            if self.log.n_retained
            else ""
        )
        return BadInputError(
            f"No message arrived on '{topic}'.{more}", "Check the topic, or collect for a longer time."
        )

    def _take(self, received: Received) -> None:
        if self.log.arrival.n_messages < self._n_wanted:
            self.log.add(received, utc_now())

    @property
    def _n_wanted(self) -> int:
        return int(self.settings.get("messages") or MAX_MESSAGES)

    def _is_over(self, broker: Broker) -> bool:
        """Whether it is enough, or nobody wants more; what was cut is noted."""
        if self.watch.stopped:
            self.cut = "It was stopped before its time; what had arrived was kept."
        elif self.log.arrival.n_messages >= self._n_wanted:
            if not self.settings.get("messages"):
                self.cut = f"More than {MAX_MESSAGES:,} messages are not taken in at once."
            return True
        elif max(self.log.n_bytes, broker.n_bytes) > MAX_BYTES:
            self.cut = f"More than {MAX_BYTES / 1e6:,.0f} MB are not taken in at once."
        return bool(self.cut) or self._seconds_left() <= 0

    def _seconds_left(self) -> float:
        ends_at = self.watch.started_at + timedelta(seconds=self.settings["seconds"])
        return (ends_at - utc_now()).total_seconds()

    def _connect_first(self, broker: Broker) -> None:
        """Connect; where a process that is gone had begun, the time in between was an outage."""
        if self.log.is_new:
            broker.connect()
            return
        last = self.log.arrival.last
        self.outages.append(_Outage(last[0].arrived_at if last else self.watch.started_at))
        self._reconnect(broker)

    def _reconnect(self, broker: Broker) -> None:
        """Try until the broker is back, the time is over or nobody wants more."""
        outage = self.outages[-1]
        while not self._is_over(broker):
            try:
                outage.kept = broker.connect()
            except AwayError:
                self._show(force=True, connected=False)
                self.watch.pause(min(RETRY_S, max(self._seconds_left(), 0.0)))
            else:
                outage.ended_at = utc_now()
                return

    def _show(self, *, force: bool = False, connected: bool = True) -> None:
        if not (self.throttle.ready() or force):
            return
        arrival = self.log.arrival
        self.watch.live = json.loads(record_to_json(replace(arrival, connected=connected)))
        shares = [1 - self._seconds_left() / self.settings["seconds"]]
        if self.settings.get("messages"):
            shares.append(arrival.n_messages / self.settings["messages"])
        words = f"{_count(arrival.n_messages, 'message')} so far, {max(self._seconds_left(), 0):,.0f} seconds left"
        self.watch.say(words if connected else f"{words}; the broker is away, trying again", min(max(*shares, 0), 1))


def _count(n: int, noun: str) -> str:
    return f"{n:,} {noun}" if n == 1 else f"{n:,} {noun}s"
