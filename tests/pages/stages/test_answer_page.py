"""Answering by hand: every state of the queue as people meet it, and the rules that fill it."""

from dataclasses import replace
from datetime import timedelta

import pytest

from core import deploy, records
from core.records import DryRun, LabelRecord, Prediction, Referral, ServingRules, utc_now
from core.store import record_to_json

SHARES = (None, None, 5.0, 4.0, 3.0, 2.0)


def hold_back(world, n_rows=1, *, reason="The model is less sure than 80 of 100."):
    """Put rows into the queue as the service does."""
    asked = [
        Prediction(
            world.id,
            world.model.id,
            "r",
            {"distance": 900.0 + number, "carrier": None, "remark*": "a*b"},
            "no",
            {"no": 0.6, "yes": 0.4},
            abstained=True,
            predicted_at=utc_now() - timedelta(minutes=n_rows - number),
        )
        for number in range(n_rows)
    ]
    referrals = [
        Referral(one.id, world.id, world.model.id, "rules", (reason,), referred_at=one.predicted_at) for one in asked
    ]
    world.store.log.append(asked, [], referrals=referrals)
    return asked


def toasts(page):
    return " ".join(toast.value for toast in page.toast)


def test_without_a_live_model_it_says_what_is_missing(world, open_page, text_of):
    world.evaluate()
    assert "No model is live yet." in text_of(open_page("answer_rows"))


def test_without_rules_it_says_that_no_row_is_held_back(world, open_page, text_of):
    world.go_live()
    assert "No row is held back" in text_of(open_page("answer_rows"))


def test_with_rules_and_an_empty_queue_it_says_that_nothing_waits(world, open_page, text_of):
    world.go_live()
    world.store.add(ServingRules(world.id, least_confidence=0.8, created_by="Olga"))
    assert "Nothing waits" in text_of(open_page("answer_rows"))


def test_what_waits_is_counted_on_every_page(world, open_page):
    world.go_live()
    hold_back(world, 3)
    page = open_page("monitor_model")
    assert "3 rows wait for a person" in [link.proto.label for link in page.get("page_link")]


def test_a_row_is_taken_answered_and_becomes_a_label(world, open_page, text_of):
    world.go_live()
    first, second = hold_back(world, 2)
    page = open_page("answer_rows")
    assert "2 rows wait for a person." in text_of(page)
    page.button(key="answer_take").click().run()
    told = text_of(page)
    assert "What is late?" in told
    assert "less sure than 80 of 100" in told
    assert "0.6" not in told
    rows = {row["Input"]: row for row in page.dataframe[0].value.to_dict("records")}
    assert (rows["distance"]["Value"], rows["distance"]["Usual"]) == ("900", "80 to 4,983")
    assert rows["carrier"]["Value"] == "missing"
    assert world.store.get(Referral, first.id).taken_by == "Anna"
    page.button(key="answer_class_1").click().run()
    label = world.store.get(LabelRecord, first.id)
    assert (label.value, label.source, label.given_by) == ("yes", "person", "Anna")
    assert "The model would have said no" in toasts(page)
    assert "no other row is waiting" in text_of(page)
    assert world.store.get(Referral, second.id).taken_by == "Anna"


def test_a_row_that_somebody_else_answered_meanwhile_is_said_in_words(world, open_page, text_of):
    world.go_live()
    (asked,) = hold_back(world)
    page = open_page("answer_rows")
    page.button(key="answer_take").click().run()
    later = utc_now() + timedelta(minutes=11)
    taken = world.store.people.take(world.id, by="Ben", now=later)
    world.store.people.answer(taken, "no", by="Ben", now=later)
    page.button(key="answer_class_1").click().run()
    assert "Ben answered this row meanwhile" in text_of(page)
    assert world.store.get(LabelRecord, asked.id).value == "no"


def test_a_row_that_somebody_else_has_is_not_offered(world, open_page, text_of):
    world.go_live()
    hold_back(world)
    world.store.people.take(world.id, by="Ben", now=utc_now())
    page = open_page("answer_rows")
    page.button(key="answer_take").click().run()
    assert "Somebody else is working on the rows that wait." in toasts(page)
    assert "1 row waits" in text_of(page)


def test_a_skipped_row_goes_on_waiting_and_another_comes(world, open_page, text_of):
    world.go_live()
    first, second = hold_back(world, 2)
    page = open_page("answer_rows")
    page.button(key="answer_take").click().run()
    page.button(key="answer_skip").click().run()
    assert world.store.get(Referral, first.id).ticket is None
    assert world.store.get(Referral, second.id).taken_by == "Anna"
    assert world.store.people.count(world.id) == 2


def test_a_row_nobody_can_answer_is_handed_back(world, open_page, text_of):
    world.go_live()
    (asked,) = hold_back(world)
    page = open_page("answer_rows")
    page.button(key="answer_take").click().run()
    page.button(key="answer_hand_back").click().run()
    assert world.store.get(Referral, asked.id).state == "handed_back"
    assert "No row is held back" in text_of(page)
    assert world.store.count(LabelRecord) == 0


def test_after_a_reload_the_same_row_is_there_again(world, open_page, text_of):
    world.go_live()
    first, _ = hold_back(world, 2)
    open_page("answer_rows").button(key="answer_take").click().run()
    page = open_page("answer_rows")
    page.button(key="answer_take").click().run()
    page.button(key="answer_class_0").click().run()
    assert world.store.get(Referral, first.id).answer == "no"


def test_what_was_answered_is_shown_beside_what_the_model_would_have_said(world, open_page):
    world.go_live()
    hold_back(world)
    taken = world.store.people.take(world.id, by="Ben", now=utc_now())
    world.store.people.answer(taken, "yes", by="Ben", now=utc_now())
    (row,) = open_page("answer_rows").dataframe[0].value.to_dict("records")
    assert (row["Answer"], row["The model would have said"], row["By"]) == ("yes", "no", "Ben")


@pytest.fixture
def dry_run(world, monkeypatch):
    """A live model that was unsure in 10 of 100 test rows, of which it got 5 wrong, and none else."""
    world.go_live()
    unsure = [0.55] * 10 + [0.95] * 90
    found = DryRun(
        100,
        tuple(unsure),
        tuple([False, True] * 5 + [True] * 90),
        (),
        tuple(float(n) for n in range(100)),
        (False,) * 99 + (True,),
        (False,) * 100,
        {"carrier": (98, 99)},
    )
    folder = world.store.files.model(world.model.id)
    (folder / "dry_run.json").write_text(record_to_json(found))
    reference = replace(deploy.load_reference(world.store, world.model.id), surprise=SHARES)
    (folder / "reference.json").write_text(record_to_json(reference))
    return found


def test_rules_are_tried_on_the_test_rows_before_they_are_used(world, dry_run, open_page, text_of):
    page = open_page("deploy_model")
    assert "It answers every row that it can read." in text_of(page)
    page.toggle(key="deploy_rules_unsure").set_value(True).run()
    assert "Of 100 test rows 10 would go to a person; of 100 answered, 100 would be right instead of 95." in text_of(
        page
    )
    assert world.store.count(ServingRules) == 0
    page.button(key="deploy_rules_use").click().run()
    (rules,) = world.store.find(ServingRules)
    assert (rules.least_confidence, rules.created_by) == (0.8, "Anna")
    assert "less than 80 of 100 sure" in text_of(page)


def test_each_rule_says_what_it_would_have_done(world, dry_run, open_page, text_of):
    page = open_page("deploy_model")
    page.radio(key="deploy_rules_unknown").set_value("refuse")
    page.toggle(key="deploy_rules_unlike").set_value(True)
    page.multiselect(key="deploy_rules_needed").set_value(["carrier"]).run()
    told = text_of(page)
    assert "0 of 100 test rows: unlike the training rows." in told
    assert "2 of 100 test rows: without a value in 'carrier'." in told
    assert "Of 100 test rows 1 would go to a person and 1 would be refused" in told


def test_a_version_from_before_says_what_is_not_known(world, open_page, text_of):
    world.go_live()
    told = text_of(open_page("deploy_model"))
    assert "handed in before that was measured" in told
    assert "is not known for this version" in told


def test_the_try_it_form_says_that_a_person_decides(world, service, open_page, text_of, monkeypatch):
    world.go_live()
    answer = {
        "id": "abc",
        "prediction": None,
        "probabilities": None,
        "warnings": [],
        "status": "abstained",
        "reasons": ["'carrier' is missing."],
        "poll": "/v1/late-flights/answers/abc",
    }
    monkeypatch.setattr("core.serve.ServiceClient.predict", lambda *_, **__: {"predictions": [answer]})
    page = open_page("deploy_model")
    page.button(key="deploy_try_ask").click().run()
    told = text_of(page)
    assert "A person decides" in told
    assert "'carrier' is missing." in told
    assert "/v1/late-flights/answers/abc" in told


def test_the_records_of_the_queue_go_with_the_project(world):
    world.go_live()
    hold_back(world)
    world.store.add(ServingRules(world.id))
    from core import plan

    plan.delete_project(world.store, world.id)
    assert [world.store.count(kind) for kind in (Referral, ServingRules, records.EarlierLabel)] == [0, 0, 0]
