"""What a person sees and can do on Monitor model."""

from dataclasses import replace
from datetime import timedelta

import pytest

from core import plan, records
from core.store import record_from_json, record_to_json


def test_without_a_live_model_it_leads_to_what_must_be_done_first(world, open_page, text_of):
    page = open_page("monitor_model")
    assert "No model is live yet." in text_of(page)
    assert "Go to Collect data" in [link.value for link in page.page_link]
    world.evaluate()
    assert "Go to Deploy model" in [link.value for link in open_page("monitor_model").page_link]


def test_before_the_first_question_it_says_what_will_appear(world, open_page, text_of):
    world.go_live()
    told = text_of(open_page("monitor_model"))
    assert "It is live, but nobody has asked it anything yet." in told
    assert "how right it is will appear here." in told


def test_an_hour_without_a_question_is_said_in_words_instead_of_empty_charts(world, open_page, text_of):
    world.go_live()
    asked_at = records.utc_now() - timedelta(hours=3, minutes=1)
    world.store.log.append([], [records.Window(world.id, world.model.id, asked_at, n_requests=5, n_rows=50)])
    told = text_of(open_page("monitor_model"))
    assert "Nothing was asked in that time. The newest question came 3 hours ago." in told
    assert "Rows answered" not in told


def test_a_few_true_values_do_not_make_it_right(world, open_page, text_of):
    world.get_traffic(rows=4, changed=False)
    told = text_of(open_page("monitor_model"))
    assert "## :gray[:material/help: Whether it is still right is not known. Too few true values have come" in told
    assert "No request was timed." in told


def test_with_traffic_the_first_sentence_says_how_it_is_going(world, open_page, text_of):
    world.get_traffic()
    page = open_page("monitor_model")
    told = text_of(page)
    assert "## :red[:material/error: It is right less often than it should be." in told
    assert "Over the newest 1,000 labels: Ranking (ROC AUC)" in told
    assert "columns changed since the model learnt: 'distance'" in told
    assert "Columns changed: 1 of 2" in told
    assert "Truth known: 50%" in told


def test_when_nothing_stands_out_it_says_so(world, open_page, text_of):
    world.get_traffic(rows=20, changed=False)
    plan.change_objective(world.store, world.id, by="Anna", cost_false_positive=None, cost_false_negative=None)
    told = text_of(open_page("monitor_model"))
    assert "## :green[:material/check_circle: It is still working.]" in told
    assert "It answered 100 questions in the last hour." in told


def test_a_new_model_is_not_judged_by_the_answers_of_the_one_before(world, open_page, text_of):
    world.get_traffic()
    world.put_live(world.add_model(2, "approved"), 2)
    told = text_of(open_page("monitor_model"))
    assert "is not known. It is new: nobody has asked it anything yet." in told
    assert "Ranking (ROC AUC): not known" in told
    assert "Truth known: –" in told
    assert "Columns changed: –" in told


def test_every_side_of_the_live_model_has_a_chart(world, open_page):
    world.get_traffic()
    assert len(open_page("monitor_model").get("plotly_chart")) == 5


def test_the_column_that_changed_most_is_looked_at_first_and_another_can_be_chosen(world, open_page, text_of):
    world.get_traffic()
    page = open_page("monitor_model")
    assert page.selectbox(key="monitor_column").value == "distance"
    page.selectbox(key="monitor_column").set_value("carrier").run()
    assert "carrier: as it was when the model learnt." in text_of(page)


def test_failed_requests_are_drawn_only_when_there_are_any(world, open_page, text_of):
    world.get_traffic()
    assert ":material/check_circle:] None." in text_of(open_page("monitor_model"))
    window = world.store.log.windows(world.id)[-1]
    world.store.log.append([], [records.Window(world.id, world.model.id, window.started_at, n_requests=3, n_errors=3)])
    assert len(open_page("monitor_model").get("plotly_chart")) == 6


def test_an_alert_that_somebody_has_seen_says_who(world, open_page, text_of):
    world.get_traffic()
    alert = world.raise_alert()
    page = open_page("monitor_model")
    assert "It is asked other things than it learned from." in text_of(page)
    assert "The questions changed." in text_of(page)
    assert "Think about retraining" in [link.value for link in page.page_link]
    page.button(key=f"monitor_seen_{alert.id}").click().run()
    assert "seen by Anna" in text_of(page)
    assert world.store.get(records.Alert, alert.id).handled_by == "Anna"


@pytest.mark.parametrize("span", ["10 minutes", "day", "all"])
def test_traffic_can_be_looked_at_over_other_spans(world, open_page, span):
    world.get_traffic()
    page = open_page("monitor_model")
    page.get_by_key("monitor_span").set_value(span).run()
    assert not page.exception


def test_old_questions_are_kept_until_a_person_says_for_how_long(world, open_page, text_of):
    world.get_traffic()
    page = open_page("monitor_model")
    assert "kept for ever" in text_of(page)
    assert page.number_input(key="monitor_days").disabled
    page.toggle(key="monitor_limited").set_value(True).run()
    page.number_input(key="monitor_days").set_value(30).run()
    page.button(key="monitor_keep").click().run()
    assert "deleted after 30 days" in text_of(page)
    setting = world.store.newest(records.Retention, project_id=world.id)
    assert (setting.days, setting.created_by) == (30, "Anna")
    page.toggle(key="monitor_limited").set_value(False).run()
    page.button(key="monitor_keep").click().run()
    assert "kept for ever" in text_of(page)


def test_when_all_questions_are_deleted_the_counts_are_still_shown(world, open_page, text_of):
    world.get_traffic()
    world.store.remove(records.Prediction, project_id=world.id)
    assert "It is live, but nobody has asked it anything yet." not in text_of(open_page("monitor_model"))


def test_the_receipt_of_an_answer_tells_what_led_to_it(world, open_page, text_of):
    world.get_traffic()
    logged = (one.prediction for one in world.store.log.read(world.id))
    asked = next(prediction for prediction in logged if prediction.prediction == "yes")
    page = open_page("monitor_model")
    page.text_input(key="monitor_receipt_id").set_value(asked.id).run()
    told = text_of(page)
    assert "late: yes" in told
    assert "yes 80.0 %" in told
    assert "The class with the highest chance is its answer." in told
    assert "approved by Ben" in told
    assert world.model.digest in told
    assert page.button(key="monitor_recompute")


def test_the_receipt_names_the_threshold_that_the_model_answers_by(world, open_page, text_of):
    world.get_traffic()
    threshold = records.DecisionThreshold(0.2, "yes", chosen_by="Ada")
    path = world.store.files.model(world.model.id) / "prototype.json"
    told = replace(record_from_json(records.Prototype, path.read_text(encoding="utf-8")), threshold=threshold)
    path.write_text(record_to_json(told), encoding="utf-8")
    page = open_page("monitor_model")
    page.text_input(key="monitor_receipt_id").set_value(world.store.log.read(world.id)[0].prediction.id).run()
    assert "It says 'yes' from a chance of 20 % on." in text_of(page)


def test_a_receipt_for_an_unknown_id_says_what_to_do(world, open_page, text_of):
    world.get_traffic()
    page = open_page("monitor_model")
    page.text_input(key="monitor_receipt_id").set_value("nothing").run()
    assert "There is no prediction with this id" in text_of(page)
