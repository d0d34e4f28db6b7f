"""What the person who decides reads on Review project."""

import pytest

from core import records


def test_an_empty_project_says_what_is_missing_and_where(open_page, text_of):
    page = open_page("review_project")
    told = text_of(page)
    assert "There is no tested model yet." in told
    assert "Nobody has written down the question yet." in told
    assert "Plan project" in [link.value for link in page.page_link]


def test_everything_a_decision_needs_is_on_one_page(world, open_page, text_of):
    world.get_traffic()
    told = text_of(open_page("review_project"))
    for words in (
        "A model is live; it passed the test you set.",
        "Will this flight be late?",
        "Olga answers for it.",
        "At least this: Shown one case of each kind, it tells which is which 65 times in 100",
        "5,000 rows with 2 columns, from flights.csv.",
        "Version 1 (Random forest), since",
        "Lately: Shown one case of each kind, it tells which is which 49.9 times in 100",
        "When it was tested: 72. Wanted: 65.",
        "Good enough. Shown one case of each kind, it tells which is which 72 times in 100",
        "100 are false alarms and 60 are missed; together that costs about 1,700.",
        "Without a model, always giving the same answer, it would be about 4,000.",
    ):
        assert words in told


def test_a_tested_model_asks_whether_it_shall_be_handed_in(world, open_page, text_of):
    world.evaluate()
    told = text_of(open_page("review_project"))
    assert "No model is live yet; the best tested one passed the test you set." in told
    assert "A model is tested. Shall it be handed in to go live?" in told


def test_before_anything_is_live_the_leader_counts_rather_than_the_last_one_tested(world, open_page, text_of):
    world.evaluate()
    guess = next(found for found in world.store.find(records.Candidate, run_id=world.run.id) if found.family == "dummy")
    verdict = records.Verdict("not_met", "Not good enough.", "roc_auc", 0.5, minimum=0.65)
    world.store.add(records.Evaluation(world.id, world.run.id, guess.id, world.table.id, 1000, (), verdict))
    assert "the best tested one passed the test you set" in text_of(open_page("review_project"))


@pytest.mark.parametrize(
    ("status", "question"),
    [("registered", "Version 1 waits for somebody to approve it."), ("approved", "Shall it go live?")],
)
def test_a_waiting_model_is_an_open_decision(world, open_page, text_of, status, question):
    world.register(status)
    assert question in text_of(open_page("review_project"))


def test_alerts_and_challengers_are_open_decisions(world, open_page, text_of):
    world.challenge()
    world.raise_alert()
    told = text_of(open_page("review_project"))
    assert "One thing needs a look." in told
    assert "The questions changed. Is it serious?" in told
    assert "A new model waits. The new model is better; it pays to change. Shall it go live?" in told


def test_a_new_model_is_not_judged_by_the_answers_of_the_one_before(world, open_page, text_of):
    world.get_traffic()
    world.put_live(world.add_model(2, "approved"), 2)
    assert "Nobody has asked it anything yet." in text_of(open_page("review_project"))


def test_no_jargon_is_used_where_people_decide(world, open_page, text_of):
    world.challenge()
    told = text_of(open_page("review_project")).lower()
    for word in ("auc", "psi", "estimator", "pipeline", "hyperparameter", "p-value", "f1", "cross-validation"):
        assert word not in told


def test_an_urgent_alert_outdoes_a_test_that_was_passed(world, open_page, text_of):
    world.go_live()
    page = open_page("review_project")
    assert [len(page.success), len(page.error)] == [1, 0]
    alert = world.raise_alert()
    world.store.update(alert, severity="critical")
    page = open_page("review_project")
    assert [len(page.success), len(page.error)] == [0, 1]
    assert "it passed the test you set. Now it needs somebody: the questions changed." in text_of(page)
