"""What Monitor says of the model's quality with and without labels, and how true values are handed in."""

from core import records
from core.store import Store, record_to_json


def test_without_what_a_test_taught_it_is_said_why_there_is_no_estimate(world, open_page, text_of):
    world.get_traffic()
    assert "No estimate without labels" in text_of(open_page("monitor_model"))


def test_an_estimate_is_shown_with_how_often_labels_confirmed_it(world, open_page, text_of):
    world.get_traffic()
    errors = record_to_json(records.ErrorModel("binary", 500))
    (world.store.files.model(world.model.id) / "errors.json").write_text(errors)
    told = text_of(open_page("monitor_model"))
    assert "Expected without labels: Ranking (ROC AUC)" in told
    assert "Where labels came, 4 of 5 estimates were right." in told
    assert "has not changed since the model was tested" in told


def test_rows_are_compared_by_a_column_of_ones_choice(world, open_page, text_of):
    world.get_traffic()
    page = open_page("monitor_model")
    page.session_state["monitor_slices"] = True
    page.run()
    page.selectbox(key="monitor_slice_column").select("carrier").run()
    assert "By 'carrier', over the newest 1,500 labels, no kind of row stands out" in text_of(page)


def test_a_file_of_true_values_is_stored_and_said_row_by_row(world, open_page, text_of):
    world.get_traffic()
    store: Store = world.store
    known = store.log.read(world.id, newest=2)
    assert not {one.label.given_by for one in known if one.label} - {None}
    page = open_page("monitor_model")
    lines = [f"{one.prediction.id},no" for one in known] + ["nobody,yes"]
    content = "\n".join(["id,label", *lines]).encode()
    page.file_uploader(key="monitor_labels_file").upload("truth.csv", content, "text/csv")
    page.button(key="monitor_labels_store").click().run()
    told = text_of(page)
    assert "2 of 3 rows are stored as the truth. 1 name a prediction that is not in this project's log." in told
    assert "nobody" in told
    assert {one.label.given_by for one in store.log.read(world.id, newest=2) if one.label} == {"Anna"}
    assert isinstance(known[0].prediction, records.Prediction)
