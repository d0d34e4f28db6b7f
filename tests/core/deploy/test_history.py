"""The history of releases: every change in words, and who answered when as stretches of time to draw."""

from datetime import timedelta

from core import charts, deploy
from core.records import ModelVersion, utc_now
from tests.core.deploy.conftest import Registered


def test_before_the_first_release_the_history_is_empty(registered: Registered, versions: list[ModelVersion]) -> None:
    history = deploy.release_history(registered.store, versions[0].project_id)
    assert (history.spans, history.events) == ((), ())


def go_through_everything(registered: Registered, versions: list[ModelVersion]) -> str:
    store, (first, second, third) = registered.store, versions
    project_id = first.project_id
    deploy.promote_model(store, first.id, by="Ann", seen_generation=0)
    deploy.start_shadow(store, second.id, by="Bea", seen_generation=1)
    deploy.start_canary(store, second.id, share=0.1, by="Cy", seen_generation=2)
    deploy.start_canary(store, second.id, share=0.5, by="Cy", seen_generation=3)
    deploy.promote_model(store, second.id, by="Di", seen_generation=4, reason="Better on Mondays")
    deploy.schedule_promotion(store, third.id, at=utc_now() + timedelta(hours=2), by="Ed", seen_generation=5)
    deploy.cancel_schedule(store, project_id, by="Ed", seen_generation=6)
    deploy.roll_back(store, project_id, by="Flo", seen_generation=7, reason="Complaints")
    return project_id


def test_every_change_is_told_with_the_version_it_was_about(
    registered: Registered, versions: list[ModelVersion]
) -> None:
    history = deploy.release_history(registered.store, go_through_everything(registered, versions))
    told = [(event.number, event.sentence, event.by) for event in history.events]
    assert told[:5] == [
        (1, "Version 1 was made live", "Ann"),
        (2, "Version 2 is asked silently", "Bea"),
        (2, "Version 2 answers 10 of 100 questions", "Cy"),
        (2, "Version 2 answers 50 of 100 questions", "Cy"),
        (2, "Version 2 was made live", "Di"),
    ]
    assert told[5][1].startswith("Version 3 is planned to go live on ")
    assert told[6:] == [(3, "Version 3 is planned no longer", "Ed"), (1, "Version 1 was made live again", "Flo")]
    assert [event.reason for event in history.events if event.reason] == ["Better on Mondays", "Complaints"]


def test_spans_follow_each_other_without_a_gap(registered: Registered, versions: list[ModelVersion]) -> None:
    history = deploy.release_history(registered.store, go_through_everything(registered, versions))
    live = [span for span in history.spans if span.role == "live"]
    assert [span.number for span in live] == [1, 2, 1]
    assert [span.ended_at for span in live] == [live[1].started_at, live[2].started_at, None]
    beside = [(span.number, span.role, span.share) for span in history.spans if span.role != "live"]
    assert beside == [(2, "shadow", 1.0), (2, "canary", 0.1), (2, "canary", 0.5)]
    assert all(span.ended_at is not None for span in history.spans if span.role != "live")


def test_the_timeline_has_a_row_for_each_version_and_marks_what_was_taken_back(
    registered: Registered, versions: list[ModelVersion]
) -> None:
    history = deploy.release_history(registered.store, go_through_everything(registered, versions))
    figure = charts.releases(history, now=utc_now())
    assert list(figure.layout.yaxis.ticktext) == ["Version 2", "Version 1"]
    traces = {trace.name: trace for trace in figure.data}
    assert set(traces) == {"live", "answers a share", "asked silently", "made live", "taken back to"}
    assert len([x for x in traces["live"].x if x is not None]) == 2 * 3
    assert list(traces["taken back to"].y) == [1]
    assert "50 of 100 questions" in " ".join(text for text in traces["answers a share"].text if text)


def test_a_deleted_version_is_called_so(registered: Registered, versions: list[ModelVersion]) -> None:
    store = registered.store
    deploy.promote_model(store, versions[0].id, by="Ann", seen_generation=0)
    store.remove(ModelVersion, id=versions[0].id)
    history = deploy.release_history(store, versions[0].project_id)
    assert history.events[0].sentence == "A deleted version was made live"
