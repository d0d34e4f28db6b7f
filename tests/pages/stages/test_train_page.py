"""What a person sees and can do on Train models."""

from core import charts, records


def test_without_a_table_it_leads_to_collect(open_page, text_of):
    page = open_page("train_models")
    assert "There is nothing to learn from yet." in text_of(page)
    assert "Go to Collect data" in [link.value for link in page.page_link]


def test_every_suiting_kind_is_offered_with_a_sentence_and_chosen_at_first(world, open_page):
    world.prepare()
    page = open_page("train_models")
    kinds = [box for box in page.checkbox if box.key.startswith("train_family_")]
    assert len(kinds) >= 8
    assert all(box.value for box in kinds)


def test_the_metric_comes_from_the_plan(world, open_page):
    world.prepare()
    assert open_page("train_models").selectbox(key="train_metric").value == "roc_auc"


def test_start_queues_the_training_that_was_chosen(world, open_page):
    world.prepare()
    page = open_page("train_models")
    page.checkbox(key="train_family_svm").uncheck()
    page.select_slider(key="train_budget").set_value(60)
    page.button(key="train_start").click().run()
    job = world.store.newest(records.Job, project_id=world.id, kind="train")
    assert "svm" not in job.params["families"]
    assert "random_forest" in job.params["families"]
    assert (job.params["budget_s"], job.created_by) == (60.0, "Anna")
    assert page.button(key="train_start").disabled


def test_choosing_no_kind_says_so_and_starts_nothing(world, open_page, text_of):
    world.prepare()
    page = open_page("train_models")
    for box in page.checkbox:
        box.uncheck()
    page.button(key="train_start").click().run()
    assert "No model family is chosen." in text_of(page)
    assert world.store.count(records.Job, kind="train") == 0


def test_while_it_runs_it_can_be_stopped(world, open_page):
    world.train(status="running")
    world.store.add(records.Job(world.id, "train", status="running", message="Random forest, part 2 of 5."))
    page = open_page("train_models")
    page.button(key="job_stop_train").click().run()
    assert world.store.newest(records.Job, kind="train").stop_requested


def test_the_leaderboard_shows_the_best_first_the_guess_and_why_one_was_left_out(world, open_page, text_of):
    world.train()
    page = open_page("train_models")
    board = page.dataframe[0].value
    assert list(board["Model"]) == ["Random forest", "Guessing", "Support vector machine"]
    assert list(board["State"]) == ["done", "done", "left out"]
    assert "**Support vector machine.** Too slow for 4,000 rows in the time given." in text_of(page)
    assert "Random forest is ahead." in text_of(page)
    assert "A simple guess: 50." in text_of(page)
    assert page.get("plotly_chart")


def test_it_says_so_when_nothing_beats_guessing(world, open_page, text_of):
    world.train()
    world.store.update(world.forest, score_mean=0.41)
    assert "Nothing beats a simple guess" in text_of(open_page("train_models"))


def test_a_run_without_results_yet_promises_them(world, open_page, text_of):
    world.train(status="running")
    for candidate in world.store.find(records.Candidate, run_id=world.run.id):
        world.store.update(candidate, status="running", score_mean=None, score_sd=None)
    page = open_page("train_models")
    assert "The first results appear in a moment." in text_of(page)
    assert not page.get("plotly_chart")


def test_the_yardstick_of_the_chart_is_a_family_that_exists():
    from core import train

    assert train.find_family(charts.BASELINE).key == charts.BASELINE
