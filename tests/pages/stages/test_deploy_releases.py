"""Deploy model while versions go live in steps: the state at the top, ways to go live, history, the way back."""

from datetime import timedelta

import pytest
import streamlit as st

from core import deploy, monitor, records
from core.records import LiveState, Rules, utc_now


def two_versions(world):
    """Version 1 is live, version 2 is approved and waits."""
    world.go_live()
    world.second = world.add_model(2, "approved")


def live(world):
    return world.store.releases.current(world.id)


def releases(world):
    return world.store.find(records.Release, project_id=world.id)


HEALTHY = [
    (LiveState("healthy", "It is ready to answer. Nobody has asked anything in the last 15 minutes."), "Healthy"),
    (LiveState("look", "50 of 100 requests were refused.", "See.", "monitor"), "Needs a look"),
    (LiveState("broken", "The model failed on 9 of 10 requests.", "Go back.", "roll_back"), "Broken"),
]


@pytest.mark.parametrize(("health", "word"), HEALTHY, ids=[word for _, word in HEALTHY])
def test_one_large_word_says_how_it_is_with_reason_and_next_step(world, open_page, text_of, monkeypatch, health, word):
    two_versions(world)
    monkeypatch.setattr(monitor, "check_state", lambda *_args, **_more: health)
    page = open_page("deploy_model")
    told = text_of(page)
    assert word in told
    assert f"{health.reason} {health.hint}".strip() in told
    assert ("Look at Monitor" in [link.value for link in page.page_link]) == (health.next_step == "monitor")


def test_it_says_who_made_it_live_and_who_approved_it(world, open_page, text_of):
    two_versions(world)
    told = text_of(open_page("deploy_model"))
    assert "Version 1 (Random forest) is live" in told
    assert "made live by Anna, approved by Ben" in told
    assert "The prediction service is not running, so nobody gets an answer." in told


def test_the_first_version_goes_live_at_once_and_nothing_else_is_offered(world, open_page):
    world.register("approved")
    page = open_page("deploy_model")
    assert not [one for one in page.radio if one.key == "deploy_how"]
    assert not [one for one in page.toggle if one.key == "deploy_watch"]
    page.button(key="deploy_promote").click().run()
    assert live(world).model_version_id == world.model.id


def test_a_version_gets_a_share_first(world, open_page, text_of):
    two_versions(world)
    page = open_page("deploy_model")
    page.radio(key="deploy_how").set_value("A share first").run()
    page.select_slider(key="deploy_share").set_value(25).run()
    assert "25 of 100 callers meet version 2" in text_of(page)
    page.button(key="deploy_promote").click().run()
    canary = live(world).plan.canary
    assert (canary.model_version_id, canary.share, canary.started_by) == (world.second.id, 0.25, "Anna")
    told = text_of(page)
    assert "Version 2 (Random forest) answers a share of the questions" in told
    assert "No question has come its way yet." in told
    page.button(key="deploy_stop_canary").click().run()
    assert live(world).plan.canary is None
    assert "answers a share of the questions" not in text_of(page)


def test_a_share_becomes_everything_with_one_click(world, open_page):
    two_versions(world)
    deploy.start_canary(world.store, world.second.id, share=0.1, by="Anna", seen_generation=1)
    page = open_page("deploy_model")
    page.button(key="deploy_canary_all").click().run()
    assert live(world).model_version_id == world.second.id
    assert live(world).plan.canary is None


def test_a_version_is_asked_silently_and_compared(world, open_page, text_of):
    two_versions(world)
    page = open_page("deploy_model")
    page.radio(key="deploy_how").set_value("Silently first").run()
    assert "there is nothing to undo" in text_of(page)
    page.button(key="deploy_promote").click().run()
    assert live(world).plan.shadow.model_version_id == world.second.id
    asked = [records.Prediction(world.id, world.model.id, "r", {"distance": 1.0}, "yes") for _ in range(10)]
    world.store.log.append(asked, [])
    said = ["yes"] * 9 + ["no"]
    world.store.shadows.add(
        [records.ShadowAnswer(one.id, world.id, world.second.id, two) for one, two in zip(asked, said, strict=True)]
    )
    st.cache_data.clear()
    page = open_page("deploy_model")
    assert "Same answer: 90 of 100" in text_of(page)
    page.button(key="deploy_stop_shadow").click().run()
    assert live(world).plan.shadow is None


def test_a_version_is_planned_for_a_time_and_the_plan_taken_back(world, open_page, text_of):
    two_versions(world)
    page = open_page("deploy_model")
    page.radio(key="deploy_how").set_value("At a time").run()
    page.toggle(key="deploy_watch").set_value(True).run()
    page.button(key="deploy_promote").click().run()
    planned = live(world).plan.schedule
    assert planned.model_version_id == world.second.id
    assert timedelta(hours=0) < planned.at - utc_now() <= timedelta(hours=2)
    assert planned.rules == Rules()
    assert "goes live on" in text_of(page)
    page.button(key="deploy_cancel_schedule").click().run()
    assert live(world).plan.schedule is None


def test_a_watched_version_shows_its_rules_and_the_watch_can_be_ended(world, open_page, text_of):
    two_versions(world)
    page = open_page("deploy_model")
    page.toggle(key="deploy_watch").set_value(True).run()
    page.selectbox(key="deploy_slow").set_value(200).run()
    page.button(key="deploy_promote").click().run()
    watch = live(world).plan.watch
    assert (watch.back_to_id, watch.rules.max_latency_p95_ms) == (world.model.id, 200.0)
    told = text_of(page)
    assert "Version 2 (Random forest) is being watched" in told
    assert "version 1 becomes live again" in told
    assert "Nobody has asked it anything yet." in told
    page.button(key="deploy_end_watch").click().run()
    assert live(world).plan.watch is None


def test_any_earlier_version_can_be_gone_back_to_with_a_reason(world, open_page, text_of):
    world.go_live()
    for number in (2, 3):
        world.put_live(world.add_model(number, "approved"), number)
    page = open_page("deploy_model")
    page.selectbox(key="deploy_roll_back_version").set_value(world.model).run()
    page.text_input(key="deploy_roll_back_reason").set_value("Complaints *today*").run()
    page.button(key="deploy_roll_back").click().run()
    assert live(world).model_version_id == world.model.id
    assert (releases(world)[-1].action, releases(world)[-1].reason) == ("roll_back", "Complaints *today*")
    told = text_of(page)
    assert "Version 1 was made live again. By Anna." in told
    assert "Complaints *today*" in told


def test_without_an_earlier_version_there_is_no_way_back(world, open_page):
    two_versions(world)
    page = open_page("deploy_model")
    assert not [button for button in page.button if button.key == "deploy_roll_back"]


def test_the_history_tells_what_happened_by_itself(world, open_page, text_of):
    two_versions(world)
    deploy.promote_model(world.store, world.second.id, by="Anna", seen_generation=1, rules=Rules())
    minute = utc_now().replace(second=0, microsecond=0)
    window = records.Window(world.id, world.second.id, minute, n_requests=100, n_errors=50)
    world.store.log.append([], [window])
    monitor.keep_watch(world.store, utc_now())
    told = text_of(open_page("deploy_model"))
    assert "Version 1 was made live again. By Full Circle." in told
    assert "50 of 100 requests got no answer" in told
    assert "The rule was set by Anna." in told


def test_many_changes_are_folded_away(world, open_page):
    two_versions(world)
    for generation in range(1, 11):
        share = 0.1 if generation % 2 else 0.2
        deploy.start_canary(world.store, world.second.id, share=share, by="Anna", seen_generation=generation)
    page = open_page("deploy_model")
    assert "5 earlier changes" in [box.label for box in page.expander]


def test_who_was_looking_at_an_old_page_is_told(world, open_page, text_of):
    two_versions(world)
    deploy.start_shadow(world.store, world.second.id, by="Anna", seen_generation=1)
    page = open_page("deploy_model")
    deploy.stop_shadow(world.store, world.id, by="Ben", seen_generation=2)
    deploy.start_shadow(world.store, world.second.id, by="Ben", seen_generation=3)
    page.button(key="deploy_stop_shadow").click().run()
    assert "Someone else changed what is live while you were looking." in text_of(page)
    assert live(world).plan.shadow.started_by == "Ben"


def test_the_page_works_after_a_key_was_made(world, service, open_page, text_of):
    world.go_live()
    deploy.create_key(world.store, world.id, name="Till", scopes=["predict"], per_minute=10, by="Anna")
    told = text_of(open_page("deploy_model"))
    assert "Only who sends the one key there is may ask" in told
    assert "Needs a look" in told
