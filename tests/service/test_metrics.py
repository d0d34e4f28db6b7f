"""What the service tells machines: whether to send requests, and what it counted."""

import asyncio

import httpx
import pytest

from core.errors import BadInputError
from core.records import LATENCY_EDGES_MS
from core.serve import live_models
from core.serve.live_models import LiveModels
from core.serve.metrics import LiveVersion, Metrics
from core.serve.refusal import RefusalError
from core.serve.service import Service
from core.store import Store
from tests.service.conftest import Live
from tests.service.test_live_models import wait_for


def test_the_service_is_ready_once_everything_live_is_loaded(live: Live) -> None:
    wait_for(lambda: live.http.get("/ready").status_code == 200)
    assert live.http.get("/ready").json() == {"ready": True, "message": "Everything live is loaded."}


def test_a_service_that_has_not_loaded_what_is_live_says_what_is_missing(live: Live) -> None:
    service = Service(live.store)
    assert service.readiness() == (False, f"Being loaded: {live.slug}.")
    service.models.get(live.slug)
    assert service.readiness()[0]


def test_what_cannot_be_loaded_does_not_keep_the_others_from_being_ready(
    live: Live, monkeypatch: pytest.MonkeyPatch
) -> None:
    service = Service(live.store)

    def refuse(_store: Store, _version_id: str, **_how: object) -> None:
        raise BadInputError("The file was changed.", "")

    monkeypatch.setattr(live_models, "load_model", refuse)
    with pytest.raises(RefusalError):
        service.models.get(live.slug)
    assert service.readiness()[0]


def test_an_empty_service_is_ready(store: Store) -> None:
    assert Service(store).readiness()[0]


def test_requests_rows_and_refusals_are_counted_and_what_is_live_is_named(live: Live) -> None:
    def read(name: str, *labels: str) -> float:
        text = live.http.get("/metrics").text
        lines = [line for line in text.splitlines() if line.startswith(name) and all(label in line for label in labels)]
        return sum(float(line.rsplit(" ", 1)[1]) for line in lines)

    rows, answered, refused = (
        read("full_circle_rows_total"),
        read("full_circle_requests_total", 'outcome="answered"'),
        read("full_circle_requests_total", 'outcome="refused"'),
    )
    live.client.predict(live.slug, [live.row()] * 3)
    live.post("{}")
    assert read("full_circle_rows_total") == rows + 3
    assert read("full_circle_requests_total", 'outcome="answered"') == answered + 1
    assert read("full_circle_requests_total", 'outcome="refused"') == refused + 1
    assert read("full_circle_latency_seconds_count") == answered + refused + 2
    assert read("full_circle_live_model", f'deployment="{live.slug}"', 'model_version="1"', 'engine="onnx"') == 1
    assert live.http.get("/metrics").headers["content-type"].startswith("text/plain; version=0.0.4")


def test_metrics_are_text_that_prometheus_reads() -> None:
    from prometheus_client.parser import text_string_to_metric_families

    metrics = Metrics()
    metrics.of("late-flights", 3).count("answered", 2, 4.0)
    metrics.of("late-flights", 3).count("failed", 0, 7_000.0)
    metrics.count_dropped(5)
    text = metrics.render([LiveVersion('odd "name"', 3, "pipeline")]).decode()
    families = {family.name: family for family in text_string_to_metric_families(text)}
    assert families["full_circle_log_dropped_rows"].samples[0].value == 5
    buckets = [one for one in families["full_circle_latency_seconds"].samples if one.name.endswith("_bucket")]
    assert len(buckets) == len(LATENCY_EDGES_MS) + 1
    assert next(one.value for one in buckets if one.labels["le"] == "0.005") == 1
    assert families["full_circle_live_model"].samples[0].labels["deployment"] == 'odd "name"'


def test_ready_says_no_while_the_store_does_not_answer(live: Live, monkeypatch: pytest.MonkeyPatch) -> None:
    from sqlalchemy.exc import OperationalError

    from core.serve import create_app

    def refuse(_self: object) -> list[str]:
        raise OperationalError("SELECT", {}, Exception("gone"))

    monkeypatch.setattr(LiveModels, "live_slugs", refuse)

    async def ask() -> httpx.Response:
        transport = httpx.ASGITransport(create_app(live.store))
        async with httpx.AsyncClient(transport=transport, base_url="http://service") as client:
            return await client.get("/ready")

    response = asyncio.run(ask())
    assert response.status_code == 503
    assert response.json()["error"]["code"] == "store_busy"
