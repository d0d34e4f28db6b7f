"""What a person sees and can do on Retrain model."""

from core import records


def test_without_a_live_model_it_leads_to_deploy(world, open_page, text_of):
    world.evaluate()
    page = open_page("retrain_model")
    assert "No model is live yet." in text_of(page)
    assert "Go to Deploy model" in [link.value for link in page.page_link]


def test_without_labels_it_leads_to_monitor(world, open_page, text_of):
    world.go_live()
    page = open_page("retrain_model")
    assert "No truth has arrived yet." in text_of(page)
    assert "Go to Monitor model" in [link.value for link in page.page_link]


def test_the_open_alert_is_the_reason_unless_somebody_says_another(world, open_page, text_of):
    world.get_traffic()
    world.raise_alert()
    page = open_page("retrain_model")
    assert page.text_input(key="retrain_reason").value == "The questions changed."
    assert "the truth is known for **1,500**" in text_of(page)
    page.button(key="retrain_start").click().run()
    job = world.store.newest(records.Job, project_id=world.id, kind="retrain")
    assert job.params["reason"] == "The questions changed."


def test_the_new_model_is_set_against_the_live_one_in_words_and_figures(world, open_page, text_of):
    world.challenge()
    page = open_page("retrain_model")
    told = text_of(page)
    assert "The new model is better; it pays to change." in told
    assert "The live one: Version 1 (Random forest): 66" in told
    assert "The new one: Version 2 (Random forest): 71" in told


def test_two_people_make_the_new_model_live_and_the_lap_counter_goes_up(world, open_page, text_of):
    world.challenge()
    page = open_page("retrain_model")
    page.text_input(key="retrain_approve_name").set_value("Ben")
    page.button(key="retrain_approve_approve").click().run()
    page.button(key="retrain_promote").click().run()
    told = text_of(page)
    assert "The new model is live." in told
    assert "Laps so far: 2" in told
    lap = world.store.newest(records.Lap, project_id=world.id)
    assert (lap.number, lap.reason) == (2, "The questions changed")


def test_a_challenge_against_a_model_that_is_no_longer_live_cannot_be_decided(world, open_page, text_of):
    world.challenge("approved")
    world.put_live(world.add_model(3, "approved"), 2)
    page = open_page("retrain_model")
    assert "no longer live" in text_of(page)
    assert [button for button in page.button if button.key == "retrain_promote"] == []


def test_the_whole_history_of_laps_is_visible(world, open_page):
    world.go_live()
    world.put_live(world.add_model(2, "approved"), 2)
    page = open_page("retrain_model")
    assert list(page.dataframe[0].value["Lap"]) == [2, 1]
    assert page.get("plotly_chart")
