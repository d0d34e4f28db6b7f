"""What a person sees and can do on Evaluate models."""

from dataclasses import replace

import pytest

from core import plan, records


def test_without_a_trained_model_it_leads_to_train(world, open_page, text_of):
    world.prepare()
    page = open_page("evaluate_models")
    assert "There is no model to test yet." in text_of(page)
    assert "Go to Train models" in [link.value for link in page.page_link]


def test_the_best_model_is_chosen_at_first_and_is_tested_on_request(world, open_page):
    world.train()
    page = open_page("evaluate_models")
    assert page.multiselect(key="evaluate_candidates").value == [world.forest.id]
    page.button(key="evaluate_start").click().run()
    job = world.store.newest(records.Job, project_id=world.id, kind="evaluate")
    assert job.params["candidate_ids"] == [world.forest.id]


def test_models_that_were_left_out_cannot_be_tested(world, open_page):
    world.train()
    options = open_page("evaluate_models").multiselect(key="evaluate_candidates").options
    assert options == ["Random forest", "Guessing"]


@pytest.mark.parametrize(
    ("outcome", "words"),
    [
        ("met", "Good enough"),
        ("not_met", "Not good enough"),
        ("not_enough_data", "Cannot tell yet"),
        ("no_objective", "Nobody has said what is good enough"),
    ],
)
def test_the_verdict_is_said_in_words(world, open_page, text_of, outcome, words):
    world.evaluate(outcome)
    told = text_of(open_page("evaluate_models"))
    assert f": {words}]" in told
    assert "**Random forest.**" in told


def test_the_objective_of_the_plan_and_the_interval_stand_beside_the_verdict(world, open_page, text_of):
    world.evaluate()
    page = open_page("evaluate_models")
    assert "The plan asks for at least this: Shown one case of each kind, it tells which is which 65 times" in text_of(
        page
    )
    assert page.metric[0].value == "72"
    assert page.metric[0].delta == "between 68 and 75"
    assert len(page.get("plotly_chart")) == 3


def test_the_trade_off_can_be_looked_at_from_two_sides(world, open_page):
    world.evaluate()
    page = open_page("evaluate_models")
    page.get_by_key("evaluate_curve").set_value("Found against right flags").run()
    assert not page.exception
    assert len(page.get("plotly_chart")) == 3


def test_two_tested_models_can_be_compared(world, open_page, text_of):
    world.evaluate()
    guess = next(found for found in world.store.find(records.Candidate, run_id=world.run.id) if found.family == "dummy")
    estimate = records.MetricEstimate("roc_auc", "Ranking (ROC AUC)", 0.5, 0.46, 0.54)
    world.store.add(
        records.Evaluation(
            world.id,
            world.run.id,
            guess.id,
            world.table.id,
            1000,
            (estimate,),
            records.Verdict("not_met", "Not good enough.", "roc_auc", 0.5, minimum=0.65),
        )
    )
    page = open_page("evaluate_models")
    assert "Side by side" in text_of(page)
    page.get_by_key("evaluate_shown").set_value(guess.id).run()
    assert "**Guessing.** Not good enough." in text_of(page)


def test_results_of_an_older_training_are_not_taken_for_those_of_the_newest(world, open_page, text_of):
    world.evaluate()
    run = world.store.add(
        records.TrainingRun(world.id, world.table.id, world.recipe.id, "roc_auc", ("linear",), status="done")
    )
    world.store.add(records.Candidate(run.id, world.id, "linear", status="done", score_mean=0.6, fold_scores=(0.6,)))
    assert "No model of the newest training has been tested yet." in text_of(open_page("evaluate_models"))


def test_looks_at_the_rows_set_aside_are_counted_over_trainings_of_the_same_split(world, open_page, text_of):
    world.train()
    assert "These rows have not been looked at yet." in text_of(open_page("evaluate_models"))
    world.evaluate()
    assert "These rows have been looked at once." in text_of(open_page("evaluate_models"))
    first = world.store.newest(records.Evaluation, project_id=world.id)
    for _ in range(9):
        world.store.add(replace(first, id=records.new_id()))
    assert "looked at 10 times. The best of so many results flatters" in text_of(open_page("evaluate_models"))
    other = world.store.add(replace(world.recipe, id=records.new_id(), split=records.Split("random", 0.3)))
    run = world.store.add(replace(world.run, id=records.new_id(), recipe_id=other.id))
    world.store.add(records.Candidate(run.id, world.id, "linear", status="done", score_mean=0.6, fold_scores=(0.6,)))
    assert "These rows have not been looked at yet." in text_of(open_page("evaluate_models"))


def test_it_says_by_which_threshold_it_was_tested_why_and_what_mistakes_cost_then(world, open_page, text_of):
    world.choose_threshold(0.2, "A missed case costs 4 times a false alarm: it is cheaper.")
    page = open_page("evaluate_models")
    told = text_of(page)
    assert "When does it say 'yes'?" in told
    assert "It says 'yes' from a chance of 20 % on. A missed case costs 4 times a false alarm: it is cheaper." in told
    assert "On the test rows: Of 1,000 cases about 100 are false alarms and 60 are missed" in told
    assert "Without a model, always giving the same answer, it would be about 4,000." in told
    assert len(page.get("plotly_chart")) == 4
    assert page.slider(key="evaluate_threshold").value == 20.0
    assert page.button(key="evaluate_threshold_start").disabled


def test_another_threshold_shows_its_consequences_at_once_and_is_tested_on_request(world, open_page, text_of):
    world.choose_threshold(0.2)
    page = open_page("evaluate_models")
    page.slider(key="evaluate_threshold").set_value(30.0).run()
    told = text_of(page)
    assert "Of 100 rows it would say 'yes' to 20; of 100 of those 50 really are." in told
    assert "Of 100 rows that really are 'yes' it would find 33." in told
    assert "In 1,000 rows the mistakes would cost about 4,500." in told
    page.button(key="evaluate_threshold_start").click().run()
    job = world.store.newest(records.Job, project_id=world.id, kind="evaluate")
    assert job.params == {"candidate_ids": [world.forest.id], "threshold": 0.3, "threshold_by": "Anna"}


def test_without_costs_it_says_who_would_choose_and_still_lets_the_person(world, open_page, text_of):
    world.choose_threshold(0.5, "What a false alarm and a missed case cost, said on Plan, would choose another.")
    plan.change_objective(world.store, world.id, by="Anna", cost_false_positive=None, cost_false_negative=None)
    page = open_page("evaluate_models")
    assert "It gives the likelier class, so 'yes' from a chance of 50 % on. What a false alarm" in text_of(page)
    assert "Say on Plan project what mistakes cost" in [link.value for link in page.page_link]
    assert len(page.get("plotly_chart")) == 3
    page.slider(key="evaluate_threshold").set_value(35.0).run()
    assert not page.button(key="evaluate_threshold_start").disabled
    assert "the mistakes would cost" not in text_of(page)


def test_when_the_plan_has_changed_it_says_what_would_be_chosen_now(world, open_page, text_of):
    world.choose_threshold(0.5)
    assert "The plan has changed since the test" in text_of(open_page("evaluate_models"))
    world.choose_threshold(0.5, chosen_by="Ada")
    assert "The plan has changed since the test" not in text_of(open_page("evaluate_models"))


def test_a_model_from_before_there_were_thresholds_is_told_as_what_it_is(world, open_page, text_of):
    world.evaluate()
    page = open_page("evaluate_models")
    assert "It gives the likelier class: it was trained before a threshold could be chosen." in text_of(page)
    assert not [one for one in page.slider if one.key == "evaluate_threshold"]
