"""Health: the same counts as the windows hold, told apart by version and by key."""

from datetime import timedelta

from core import charts, deploy, monitor, plan
from core.records import LATENCY_EDGES_MS, ModelVersion, Window, refusal_key
from core.store import Store
from tests.core.monitor.conftest import START


def latency(**counts: int) -> tuple[int, ...]:
    return tuple(counts.get(f"ms_{edge:g}".replace(".", "_"), 0) for edge in (*LATENCY_EDGES_MS, 0.0))


def test_health_is_told_by_version_and_by_key(store: Store) -> None:
    project = plan.create_project(store, "Live", by="Anna")
    key = deploy.create_key(store, project.id, name="Till", scopes=["predict"], per_minute=60, by="Anna").key
    first, second = (
        store.add(ModelVersion(project.id, n, "c", "e", "d", "r", "linear", "0", "onnx", "", "approved", id=f"m{n}"))
        for n in (1, 2)
    )
    refusals = {refusal_key("wrong_type", "age", key.id): 3, refusal_key("bad_json"): 1}
    store.log.append(
        [],
        [
            Window(project.id, first.id, START, n_requests=100, n_rows=100, latency=latency(ms_2=100)),
            Window(
                project.id,
                second.id,
                START + timedelta(minutes=1),
                n_requests=100,
                n_rows=90,
                n_refused=4,
                n_errors=1,
                n_abstained=7,
                latency=latency(ms_10=97, ms_1000=3),
                refusals=refusals,
            ),
        ],
    )
    report = monitor.health(store, project.id)
    assert [(part.name, part.n_requests, part.n_errors) for part in report.versions] == [
        ("Version 2", 100, 1),
        ("Version 1", 100, 0),
    ]
    newest = report.versions[0]
    assert newest.latency_p95_ms is not None
    assert newest.latency_p99_ms is not None
    assert newest.latency_p95_ms <= 10 < 500 <= newest.latency_p99_ms <= 1_000
    assert (report.total.n_requests, report.total.n_abstained) == (200, 7)
    assert [(one.part.name, one.part.n_refused, one.reasons) for one in report.keys] == [
        ("without a key", 1, (("bad json", 1),)),
        ("Till", 3, (("wrong type (age)", 3),)),
    ]
    assert report.sentence.startswith("Of 200 requests 195 were answered (98 %): 4 were refused")
    assert "7 rows were left to a person." in report.sentence
    figure = charts.health(report)
    assert [trace.name for trace in figure.data] == ["Version 2", "Version 1"]


def test_traffic_and_time_to_answer_are_told_by_key(store: Store) -> None:
    project = plan.create_project(store, "Live", by="Anna")
    keys = [
        deploy.create_key(store, project.id, name=name, scopes=["predict"], per_minute=60, by="Anna").key
        for name in ("Till", "Shop")
    ]
    till, shop = (30, 300, 0, 0, 2, *latency(ms_2=30)), (20, 20, 4, 1, 0, *latency(ms_10=10, ms_1000=10))
    both = {keys[0].id: till, keys[1].id: shop}
    for minute in range(2):
        window = Window(
            project.id,
            "m1",
            START + timedelta(minutes=minute),
            n_requests=60,
            n_rows=330,
            n_refused=4,
            n_errors=1,
            n_abstained=2,
            latency=latency(ms_2=40, ms_10=10, ms_1000=10),
            refusals={refusal_key("bad_json", None, keys[1].id): 4},
            keys=both,
        )
        store.log.append([], [window])
    report = monitor.health(store, project.id)
    told = [(one.part.name, one.part.n_requests, one.part.n_rows, one.part.n_refused) for one in report.keys]
    assert told == [("Till", 60, 600, 0), ("Shop", 40, 40, 8), ("without a key", 20, 20, 0)]
    p95 = [one.part.latency_p95_ms for one in report.keys]
    assert p95[0] is not None
    assert p95[1] is not None
    assert p95[0] <= 2 < 500 <= p95[1]
    assert [one.part.n_abstained for one in report.keys] == [4, 0, 0]
    assert report.keys[1].reasons == (("bad json", 8),)


def test_nothing_asked_is_said(store: Store) -> None:
    report = monitor.health(store, "p")
    assert (report.versions, report.keys, report.sentence) == ((), (), "Nothing was asked in that time.")
