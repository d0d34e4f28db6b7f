"""What a person sees and can do about alerts, rules and channels on Monitor model."""

import re
from dataclasses import replace
from datetime import timedelta

import pytest

from core import monitor, records
from core.records import utc_now
from tests.receivers import SECRET


@pytest.fixture
def alert(world):
    """An alert about drift that has got worse since it opened."""
    world.get_traffic()
    opened = world.raise_alert()
    figures = {"columns": [{"name": "distance", "psi": 0.3, "p_value": 0.0}], "n_rows": 2000, "weight": 0.4}
    later = {"columns": [{"name": "distance", "psi": 0.9, "p_value": 0.0}, {"name": "carrier", "psi": 0.1}]}
    newest = records.AlertEvidence("The questions changed.", "'distance' is far longer now.", "warning", later)
    return world.store.update(opened, evidence=figures, newest=newest)


def open_monitor(open_page, *opened: str):
    page = open_page("monitor_model")
    for key in opened:
        page.session_state[key] = True
    return page.run() if opened else page


def current(world) -> records.Alert:
    return world.store.find(records.Alert, project_id=world.id)[0]


def test_an_alert_shows_what_was_found_then_and_now(alert, open_page, text_of):
    page = open_monitor(open_page)
    told = text_of(page)
    assert "**Now:** 'distance' is far longer now." in told
    assert "**When it opened:** 'distance' is longer now." in told
    lines = [[str(cell) for cell in row] for row in page.table[0].value.to_numpy()]
    assert ["Column distance", "changed, PSI 0.3", "changed, PSI 0.9"] in lines
    assert ["Column carrier", "not found", "changed, PSI 0.1"] in lines


def test_an_alert_is_silenced_for_a_while_with_a_reason(world, alert, open_page, text_of):
    page = open_monitor(open_page)
    page.selectbox(key=f"monitor_hours_{alert.id}").set_value("8 hours")
    page.text_input(key=f"monitor_quiet_why_{alert.id}").set_value("Being repaired")
    page.button(key=f"monitor_silence_{alert.id}").click().run()
    silenced = current(world)
    assert silenced.state == "silenced"
    assert abs(silenced.silenced_until - utc_now() - timedelta(hours=8)) < timedelta(minutes=2)
    assert "silenced by Anna until" in text_of(page)
    assert "open → silenced by Anna: Being repaired" in text_of(page)


def test_an_alert_is_closed_with_a_reason_and_can_be_opened_again(world, alert, open_page, text_of):
    page = open_monitor(open_page)
    page.button(key=f"monitor_resolve_{alert.id}").click().run()
    assert "It is not said why the matter is dealt with." in text_of(page)
    page.text_input(key=f"monitor_why_{alert.id}").set_value("The sensor is in again")
    page.button(key=f"monitor_resolve_{alert.id}").click().run()
    assert current(world).state == "resolved"
    page = open_monitor(open_page, "monitor_over")
    assert "open → over by Anna: The sensor is in again" in text_of(page)
    page.button(key=f"monitor_reopen_{alert.id}").click().run()
    assert current(world).state == "open"


def test_who_is_too_late_is_told(world, alert, open_page, text_of):
    page = open_monitor(open_page)
    monitor.acknowledge_alert(world.store, alert.id, by="Bert")
    page.button(key=f"monitor_seen_{alert.id}").click().run()
    # The page has been drawn anew: the button of a state that is gone does nothing, and who has it is shown.
    assert current(world).handled_by == "Bert"
    assert "seen by Bert" in text_of(page)


def test_rules_are_sentences_that_are_switched_off_and_changed(world, open_page, text_of):
    world.get_traffic()
    page = open_monitor(open_page, "monitor_rules")
    told = text_of(page)
    assert "Calls when 5 % or more of the requests of 15 minutes fail or are refused." in told
    assert "Does nothing yet: neither the plan nor this rule says how long an answer may take." in told
    page.toggle(key="monitor_rule_errors_0_on").set_value(False).run()
    assert "Switched off." in text_of(page)
    page.number_input(key="monitor_rule_latency_0_limit").set_value(80.0)
    page.number_input(key="monitor_rule_latency_0_wait").set_value(10)
    page.button(key="monitor_rule_latency_0_keep").click().run()
    told = text_of(page)
    assert "more than 5 in 100 take longer than 80 ms. It waits until this has lasted 10 minutes." in told
    assert "Changed by Anna on" in told
    rules = {rule.kind: rule for rule in monitor.list_rules(world.store, world.id)}
    assert (rules["errors"].enabled, rules["latency"].threshold, rules["latency"].patience_minutes) == (False, 80, 10)


def test_a_rule_is_tried_on_the_past(world, open_page, text_of):
    world.get_traffic()
    page = open_monitor(open_page, "monitor_rules")
    page.button(key="monitor_rule_drift_0_try").click().run()
    told = text_of(page)
    assert "it would have called once" in told
    assert "So short a past says little of a month." in told


def test_a_channel_is_added_tried_paused_and_removed_and_its_secret_is_never_shown(world, open_page, text_of):
    world.get_traffic()
    page = open_monitor(open_page, "monitor_channels")
    assert "The job runner is not running." in text_of(page)
    form = "monitor_new_channel_0"
    page.text_input(key=f"{form}_name").set_value("Chat")
    page.text_input(key=f"{form}_url").set_value("https://chat.example.org/hooks/7")
    page.text_input(key=f"{form}_secret").set_value("short")
    page.button(key=f"{form}_add").click().run()
    assert "The secret has fewer than 16 characters." in text_of(page)
    page.text_input(key=f"{form}_secret").set_value(SECRET)
    page.button(key=f"{form}_add").click().run()
    (channel,) = monitor.list_channels(world.store, world.id)
    told = text_of(page)
    assert "https://chat.example.org/hooks/7" in told
    assert "Told of: urgent, warnings; all rules. Added by Anna." in told
    assert SECRET not in told
    page.button(key=f"monitor_channel_{channel.id}_test").click().run()
    assert re.search(r"Late flights: a test · \d+ seconds? ago: on its way\.", text_of(page))
    page.button(key=f"monitor_channel_{channel.id}_on").click().run()
    assert "Paused: nothing is sent." in text_of(page)
    page.button(key=f"monitor_channel_{channel.id}_remove").click().run()
    assert monitor.list_channels(world.store, world.id) == []


def test_people_get_mail_by_a_server_that_is_named(world, open_page, text_of):
    world.get_traffic()
    page = open_monitor(open_page, "monitor_channels")
    form = "monitor_new_channel_0"
    page.segmented_control(key=f"{form}_kind").set_value("mail").run()
    page.text_input(key=f"{form}_name").set_value("Team")
    page.text_input(key=f"{form}_to").set_value("anna@example.org, bert@example.org")
    page.text_input(key=f"{form}_from").set_value("full-circle@example.org")
    page.text_input(key=f"{form}_host").set_value("smtp.example.org")
    page.button(key=f"{form}_add").click().run()
    (channel,) = monitor.list_channels(world.store, world.id)
    assert channel.settings["recipients"] == ["anna@example.org", "bert@example.org"]
    assert "anna@example.org, bert@example.org, by smtp.example.org" in text_of(page)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"status": "delivered"}, "it was taken."),
        ({"problem": "chat.example.org does not answer."}, "not taken yet, it is tried again. chat.example.org"),
        ({"status": "dead", "n_attempts": 70, "problem": "No answer."}, "given up after 70 tries. No answer."),
    ],
)
def test_what_became_of_a_notice_is_said(world, open_page, text_of, changes, words):
    world.get_traffic()
    channel = monitor.save_channel(
        world.store,
        world.id,
        kind="webhook",
        name="Chat",
        settings={"url": "https://chat.example.org/"},
        secret=SECRET,
        by="Anna",
    )
    notice = monitor.try_channel(world.store, channel.id, by="Anna")
    world.store.update(replace(notice, **changes), **changes)
    assert words in text_of(open_monitor(open_page, "monitor_channels"))


def test_health_is_a_sentence_with_figures_by_version_and_whose_requests_are_refused(world, open_page, text_of):
    world.get_traffic()
    refused = {"n_requests": 10, "n_refused": 4, "refusals": {records.refusal_key("bad_value", "distance"): 4}}
    now = utc_now().replace(second=0, microsecond=0)
    world.store.log.append([], [records.Window(world.id, world.model.id, now, **refused)])
    page = open_monitor(open_page, "monitor_health")
    told = text_of(page)
    assert "Of 310 requests 306 were answered (99 %): 4 were refused because of what was asked" in told
    assert "without a key: 4 requests (bad value (distance): 4)" in told
    lines = dict(page.table[-1].value.to_numpy().tolist())
    assert (lines["Refused"], lines["Rows left to a person"]) == ("4", "0")


def test_the_plan_says_how_long_an_answer_may_take(world, open_page):
    world.prepare()
    page = open_page("plan_project")
    page.number_input(key="plan_latency_limit_ms").set_value(120.0)
    page.button(key="plan_save").click().run()
    assert world.store.newest(records.Objective, project_id=world.id).latency_limit_ms == 120.0
