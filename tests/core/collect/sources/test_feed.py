"""A sensor feed from a real MQTT broker: what arrives becomes rows, what goes wrong is said."""

import json
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from paho.mqtt import client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

from core import collect
from core.collect import sources
from core.collect.sources import feed
from core.collect.sources.messages import MessageLog, Received, parse_payload
from core.collect.sources.refreshing import run_refresh, start_refresh
from core.errors import BadInputError
from core.records import DatasetVersion, Job, Source, utc_now
from core.store import JobHandle, StoppedError, Store
from tests.certificates import certify_good_example
from tests.mqtt_broker import BrokerProcess, Mosquitto
from tests.waiting import wait_for

SECRET = "s3cret-of-the-feed"  # noqa: S105


class Sensor:
    """Publishes to a broker, at least once."""

    def __init__(self, broker: BrokerProcess, **named: str) -> None:
        self.broker = broker
        self.client = mqtt.Client(CallbackAPIVersion.VERSION2)
        if named:
            self.client.username_pw_set(named["name"], named["password"])
        self.client.reconnect_delay_set(1, 1)
        self.client.connect("127.0.0.1", broker.port)
        self.client.loop_start()

    def send(self, topic: str, content: object, *, retain: bool = False) -> None:
        payload = content if isinstance(content, bytes) else json.dumps(content)
        self.client.publish(topic, payload, qos=1, retain=retain).wait_for_publish(10)

    def close(self) -> None:
        self.client.disconnect()
        self.client.loop_stop()


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BrokerProcess]:
    started = BrokerProcess(tmp_path_factory.mktemp("broker")).start()
    yield started
    started.kill()


@pytest.fixture
def sensor(broker: BrokerProcess) -> Iterator[Sensor]:
    opened = Sensor(broker)
    yield opened
    opened.close()


def save(
    store: Store, project_id: str, broker: BrokerProcess, topic: str, secret: str = "", **settings: object
) -> Source:
    return sources.save_source(
        store,
        project_id,
        kind="sensor",
        name="Hall",
        settings={"url": f"mqtt://{broker.address}", "topic": topic, "seconds": 20, **settings},
        secret=secret,
        by="ann",
    )


class Collection:
    """A collection as the job runner does it, in a thread; `failed` is what it raised."""

    def __init__(self, store: Store, source: Source, handle: type[JobHandle] = JobHandle) -> None:
        self.store = store
        self.job = store.jobs.claim(utc_now()) if start_refresh(store, source.id, by="bob") else None
        assert self.job is not None
        self.failed: BaseException | None = None
        self.thread = threading.Thread(target=self._run, args=(handle(store, self.job),))
        self.thread.start()

    def _run(self, handle: JobHandle) -> None:
        try:
            result = run_refresh(handle)
            self.store.update(self.job, status="done", result=result)
        except BaseException as error:  # noqa: BLE001
            self.failed = error
            self.store.update(self.job, status="failed")

    @property
    def arrival(self) -> collect.sources.refreshing.Arrival | None:
        return sources.arrival_of(self.store.get(Job, self.job.id))

    def wait_until_connected(self) -> "Collection":
        wait_for(lambda: self.arrival is not None, 20)
        return self

    def end(self) -> DatasetVersion:
        self.thread.join(40)
        assert not self.thread.is_alive()
        if self.failed:
            raise self.failed
        return self.store.get(DatasetVersion, self.store.get(Job, self.job.id).result["dataset_id"])


def codes(version: DatasetVersion) -> dict[str, int]:
    assert version.reading is not None
    return {decision.code: decision.count for decision in version.reading.decisions}


def test_messages_become_rows_with_the_time_they_arrived_and_their_topic(
    store: Store, project_id: str, broker: BrokerProcess, sensor: Sensor, private_allowed: None
) -> None:
    sensor.send("hall/old", {"celsius": 99}, retain=True)
    collection = Collection(store, save(store, project_id, broker, "hall/+", messages=5)).wait_until_connected()
    before = utc_now()
    sensor.send("hall/1", {"at": "2026-11-24T07:00:00", "celsius": 20.5, "where": {"floor": 2}})
    sensor.send("hall/2", [{"celsius": 21.5, "topic": "mine"}, {"celsius": 22.5}])
    sensor.send("hall/1", 7)
    sensor.send("hall/1", b"\xff\xfe not json")
    sensor.send("elsewhere/1", {"celsius": 1})
    sensor.send("hall/2", b"ON")
    version = collection.end()
    frame = collect.load_frame(store, version.id)
    assert frame["topic"].tolist() == ["hall/1", "hall/2", "hall/2", "hall/1"]
    assert frame["celsius"].tolist()[:3] == [20.5, 21.5, 22.5]
    assert frame["value"].tolist()[3] == 7
    assert frame["where.floor"].tolist()[0] == 2
    assert frame["payload.topic"].tolist()[1] == "mine"
    kinds = {column.name: column.kind for column in version.columns}
    assert (kinds["arrived_at"], kinds["at"], kinds["celsius"]) == ("date", "date", "number")
    arrived = frame["arrived_at"].dt.tz_localize(UTC)
    assert before - timedelta(seconds=1) < arrived.min() <= arrived.max() < utc_now()
    assert {"messages": 5, "malformed": 2, "retained": 1}.items() <= codes(version).items()
    assert (version.source, version.created_by, version.reading.format) == ("sensor", "bob", "Sensor feed")
    told = next(decision for decision in version.reading.decisions if decision.code == "malformed")
    assert "hall/2: ON" in told.examples
    assert list((store.home / "uploads").iterdir()) == []


def test_what_has_arrived_can_be_seen_while_it_arrives_and_is_kept_when_it_is_stopped(
    store: Store, project_id: str, broker: BrokerProcess, sensor: Sensor, private_allowed: None
) -> None:
    collection = Collection(store, save(store, project_id, broker, "live/#", seconds=600)).wait_until_connected()
    for n in range(30):
        sensor.send("live/a/b", {"n": n})
    wait_for(lambda: collection.arrival.n_messages == 30, 10)
    arrival = collection.arrival
    assert sum(arrival.per_slot) == arrival.n_rows == 30
    assert [message.content for message in arrival.last] == [f'{{"n": {n}}}' for n in range(29, 24, -1)]
    wait_for(lambda: "30 messages so far" in store.get(Job, collection.job.id).message, 10)
    job = store.get(Job, collection.job.id)
    asked_at = time.monotonic()
    store.jobs.request_stop(job.id, utc_now())
    version = collection.end()
    assert time.monotonic() - asked_at < 60
    assert collect.load_frame(store, version.id)["n"].tolist() == list(range(30))
    assert "cut" in codes(version)


def test_a_stop_before_anything_arrived_leaves_nothing_behind(
    store: Store, project_id: str, broker: BrokerProcess, private_allowed: None
) -> None:
    collection = Collection(store, save(store, project_id, broker, "silent/#", seconds=600)).wait_until_connected()
    store.jobs.request_stop(collection.job.id, utc_now())
    with pytest.raises(StoppedError):
        collection.end()
    assert collect.list_datasets(store, project_id) == []
    assert list((store.home / "uploads").iterdir()) == []


def test_collecting_again_gives_a_table_of_its_own_or_appends_to_the_earlier_rows(
    store: Store, project_id: str, broker: BrokerProcess, sensor: Sensor, private_allowed: None
) -> None:
    def collect_again(source: Source, *contents: object) -> DatasetVersion:
        collection = Collection(store, source).wait_until_connected()
        for content in contents:
            sensor.send("again/x", content)
        return collection.end()

    own = save(store, project_id, broker, "again/x", messages=2)
    first = collect_again(own, {"a": 1}, {"a": 2})
    second = collect_again(own, {"a": 3}, {"a": 4})
    assert collect.load_frame(store, second.id)["a"].tolist() == [3, 4]
    assert second.parent_id == first.id
    appending = sources.change_source(store, own.id, settings={**own.settings, "append": True})
    third = collect_again(appending, {"a": 5.5, "b": "new"}, {"a": 6})
    frame = collect.load_frame(store, third.id)
    assert frame["a"].tolist() == [3, 4, 5.5, 6]
    assert frame["b"].tolist()[2] == "new"
    assert third.reading is not None
    assert (third.reading.n_rows_in, third.reading.n_rows_kept) == (4, 4)
    assert codes(third)["appended"] == 2
    assert store.get(Source, own.id).last_change == "Version 3: 2 rows more; new: 'b' (4 rows now)."


def test_a_broker_that_goes_away_and_comes_back_is_found_again_and_what_is_missing_is_said(
    store: Store, project_id: str, tmp_path: Path, private_allowed: None
) -> None:
    broker = BrokerProcess(tmp_path).start()
    try:
        collection = Collection(store, save(store, project_id, broker, "t", seconds=60, messages=2))
        collection.wait_until_connected()
        sensor = Sensor(broker)
        sensor.send("t", {"n": 1})
        wait_for(lambda: collection.arrival.n_messages == 1, 10)
        broker.kill()
        wait_for(lambda: not collection.arrival.connected, 15)
        assert "the broker is away" in store.get(Job, collection.job.id).message
        broker.start()
        wait_for(lambda: collection.arrival.connected, 15)
        wait_for(sensor.client.is_connected, 15)
        sensor.send("t", {"n": 2})
        version = collection.end()
        sensor.close()
    finally:
        broker.kill()
    assert collect.load_frame(store, version.id)["n"].tolist() == [1, 2]
    assert codes(version)["outage"] == 1


@pytest.mark.parametrize(
    "keeping", [pytest.param(False, marks=pytest.mark.slow, id="amqtt"), pytest.param(True, id="mosquitto")]
)
def test_a_collection_whose_runner_died_goes_on_and_says_whether_the_broker_kept_what_came_meanwhile(
    store: Store, project_id: str, broker: BrokerProcess, tmp_path: Path, private_allowed: None, keeping: bool
) -> None:
    if keeping and not Mosquitto.command():
        pytest.skip("Mosquitto is not installed here: a broker that keeps messages is untested.")
    broker = Mosquitto(tmp_path).start() if keeping else broker
    sensor = Sensor(broker)

    class Dying(BaseException): ...

    class DyingHandle(JobHandle):
        dying = threading.Event()

        @property
        def stop_requested(self) -> bool:
            if self.dying.is_set():
                raise Dying
            return False

    source = save(store, project_id, broker, "kept/x", messages=3 if keeping else 2, seconds=60)
    first = Collection(store, source, DyingHandle).wait_until_connected()
    sensor.send("kept/x", {"n": 1})
    wait_for(lambda: first.arrival.n_messages == 1, 10)
    DyingHandle.dying.set()
    with pytest.raises(Dying):
        first.end()
    for thread in threading.enumerate():
        if thread.name == "reading":
            thread.join(10)
    sensor.send("kept/x", {"n": 2})
    job = store.update(store.get(Job, first.job.id), status="running")
    next_runner = threading.Thread(target=run_refresh, args=(JobHandle(store, job),))
    next_runner.start()
    wait_for(lambda: any(thread.name == "reading" for thread in threading.enumerate()), 10)
    time.sleep(1.5)  # Nothing tells a broker's other clients that one of them has subscribed.
    sensor.send("kept/x", {"n": 3})
    next_runner.join(30)
    sensor.close()
    if keeping:
        broker.kill()
    version = collect.current_dataset(store, project_id)
    assert collect.load_frame(store, version.id)["n"].tolist() == ([1, 2, 3] if keeping else [1, 3])
    # amqtt may say that it kept something, and then gives it as a value from before.
    assert codes(version).keys() & ({"outage_kept"} if keeping else {"outage", "outage_kept"})


@pytest.mark.parametrize("name", ["", "ann", pytest.param("bob", marks=pytest.mark.slow)])
def test_a_broker_that_does_not_let_us_in_says_so_without_the_password(
    store: Store, project_id: str, tmp_path: Path, private_allowed: None, name: str
) -> None:
    broker = BrokerProcess(tmp_path, {"ann": "right"}).start()
    try:
        url = f"mqtt://{name}:{SECRET}@{broker.address}" if name else f"mqtt://{broker.address}"
        source = save(store, project_id, broker, "t", url=url)
        with pytest.raises(BadInputError, match=r"let us in|lets us in") as caught:
            sources.refresh_source(store, source.id, by="ann")
    finally:
        broker.kill()
    assert "name and the password" in caught.value.hint
    assert SECRET not in str(caught.value) + caught.value.hint
    assert "let" in store.get(Source, source.id).problem


def test_a_name_and_password_let_us_in(store: Store, project_id: str, tmp_path: Path, private_allowed: None) -> None:
    broker = BrokerProcess(tmp_path, {"ann": SECRET}).start()
    try:
        source = save(store, project_id, broker, "t", SECRET, url=f"mqtt://ann@{broker.address}", messages=1)
        collection = Collection(store, source).wait_until_connected()
        sensor = Sensor(broker, name="ann", password=SECRET)
        sensor.send("t", {"n": 1})
        assert collection.end().n_rows == 1
        sensor.close()
    finally:
        broker.kill()
    assert SECRET not in repr(store.find(Source)) + repr(store.find(Job))
    assert b"".join(path.read_bytes() for path in store.home.glob("store.db*")).count(SECRET.encode()) == 0


def test_a_broker_that_is_not_there_is_said(
    store: Store, project_id: str, tmp_path: Path, private_allowed: None
) -> None:
    source = save(store, project_id, BrokerProcess(tmp_path), "t")
    with pytest.raises(BadInputError, match="No broker answers at"):
        sources.refresh_source(store, source.id, by="ann")


def test_nothing_that_arrives_and_nothing_that_can_be_read_are_said(
    store: Store, project_id: str, broker: BrokerProcess, sensor: Sensor, private_allowed: None
) -> None:
    with pytest.raises(BadInputError, match="No message arrived on 'quiet'"):
        sources.refresh_source(store, save(store, project_id, broker, "quiet", seconds=1).id, by="ann")
    collection = Collection(store, save(store, project_id, broker, "words", messages=1)).wait_until_connected()
    sensor.send("words", b"ON")
    with pytest.raises(BadInputError, match="none of them a JSON object") as caught:
        collection.end()
    assert caught.value.hint == "The first: words: ON"


def test_more_bytes_than_can_be_taken_in_end_it_with_what_was_there(
    store: Store,
    project_id: str,
    broker: BrokerProcess,
    sensor: Sensor,
    private_allowed: None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(feed, "MAX_BYTES", 5_000)
    collection = Collection(store, save(store, project_id, broker, "much", seconds=60)).wait_until_connected()
    for n in range(12):
        sensor.send("much", {"n": n, "filling": "x" * 500})
    version = collection.end()
    assert 5 < version.n_rows <= 12
    assert "MB are not taken in" in next(d.sentence for d in version.reading.decisions if d.code == "cut")


@pytest.mark.parametrize(
    ("payload", "rows"),
    [
        (b'{"a": 1}', [{"a": 1}]),
        (b'[{"a": 1}, {"b": 2}]', [{"a": 1}, {"b": 2}]),
        (b" 21.5\n", [{"value": 21.5}]),
        (b"true", None),
        (b"null", None),
        (b'"ON"', None),
        (b"{}", None),
        (b"[]", None),
        (b"[1, 2]", None),
        (b"NaN", None),
        (b'{"a": 1e999}', None),
        (b'{"a": "\\ud800"}', None),
        (b"[" * 100_000, None),
        (b"9" * 10_000, None),
        (b"", None),
        (b"\xff", None),
    ],
)
def test_a_message_is_an_object_a_list_of_them_or_a_number(payload: bytes, rows: object) -> None:
    assert parse_payload(payload) == rows


def test_a_message_that_is_sent_again_is_taken_once_and_equal_values_are_not(tmp_path: Path) -> None:
    log = MessageLog(tmp_path / "log", datetime(2026, 1, 1, tzinfo=UTC), 60)
    at = datetime(2026, 1, 1, 0, 0, 5, tzinfo=UTC)
    for message_id, again in ((1, False), (1, True), (2, False), (3, True)):
        log.add(Received(message_id, "t", b"5", again=again, at_least_once=True), at)
    log.close()
    assert (log.arrival.n_messages, log.n_again) == (3, 1)
    assert log.arrival.per_slot == (0, 0, 0, 0, 0, 3)


def test_messages_that_a_dying_process_wrote_are_taken_up_whole(tmp_path: Path) -> None:
    path, started_at = tmp_path / "log", datetime(2026, 1, 1, tzinfo=UTC)
    log = MessageLog(path, started_at, 60)
    for payload in (b'{"n": 1}', b"no"):
        log.add(Received(1, "t", payload), started_at)
    log.close()
    path.write_text(path.read_text() + '{"at": "2026-01-01T00:0')
    taken_up = MessageLog(path, started_at, 60)
    taken_up.add(Received(2, "t", b'{"n": 2}'), started_at)
    taken_up.close()
    assert (taken_up.arrival.n_messages, taken_up.arrival.n_malformed) == (3, 1)
    assert [row["n"] for row in taken_up.rows()] == [1, 2]


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"topic": ""}, "No topic"),
        ({"topic": "a/#/b"}, "not a topic"),
        ({"topic": "a/b+"}, "not a topic"),
        ({"topic": "x" * 2_000}, "not a topic"),
        ({"topic": "a\0b"}, "not a topic"),
        ({"seconds": 0}, "seconds"),
        ({"seconds": 10**6}, "seconds"),
        ({"seconds": "soon"}, "seconds"),
        ({"messages": 10**9}, "messages"),
    ],
)
def test_settings_of_a_feed_that_cannot_be_are_refused(settings: dict[str, object], words: str) -> None:
    with pytest.raises(BadInputError, match=words):
        feed.check_feed({"url": "mqtt://broker.example", "topic": "t", **settings})


def test_an_address_without_a_scheme_or_port_gets_the_usual_ones() -> None:
    assert feed.check_feed({"url": "broker.example", "topic": "t"})[0]["url"] == "mqtt://broker.example:1883"
    given, password = feed.check_feed({"url": "mqtts://a%40b:p%3Aw@broker.example", "topic": "t"})
    assert (given["url"], password) == ("mqtts://a%40b@broker.example:8883", "p:w")


@pytest.fixture
def certificate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A PEM file with a key and a certificate for good.example, which is trusted; every such name leads to us."""
    return certify_good_example(tmp_path, monkeypatch)


def test_a_broker_over_tls_proves_itself_by_its_name(
    store: Store, project_id: str, tmp_path: Path, private_allowed: None, certificate: Path
) -> None:
    broker = BrokerProcess(tmp_path, certificate=certificate).start()
    try:
        good = save(store, project_id, broker, "t", url=f"mqtts://good.example:{broker.port}", seconds=1)
        with pytest.raises(BadInputError, match="No message arrived"):
            sources.refresh_source(store, good.id, by="ann")
        evil = save(store, project_id, broker, "t", url=f"mqtts://evil.example:{broker.port}", seconds=1)
        with pytest.raises(BadInputError, match=r"evil\.example does not prove that it is this host"):
            sources.refresh_source(store, evil.id, by="ann")
        plain = save(store, project_id, broker, "t", url=f"mqtt://good.example:{broker.port}", seconds=1)
        with pytest.raises(BadInputError, match="ends the connection"):
            sources.refresh_source(store, plain.id, by="ann")
    finally:
        broker.kill()


def test_a_broker_without_tls_is_told_when_it_is_asked_for(
    store: Store, project_id: str, broker: BrokerProcess, private_allowed: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.collect.sources.broker.CONNECT_SECONDS", 1)
    source = save(store, project_id, broker, "t", url=f"mqtts://{broker.address}", seconds=1)
    with pytest.raises(BadInputError, match="No broker that speaks TLS answers"):
        sources.refresh_source(store, source.id, by="ann")
