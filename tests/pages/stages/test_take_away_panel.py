"""What a person can take away from Deploy model."""

import io
import zipfile
from functools import partial

from core import deploy


def open_panel(page):
    page.session_state["deploy_take_away_box"] = True
    return page.run()


def downloads(page) -> list[str]:
    return [one.label.split(" (")[0] for one in page.get("download_button")]


def test_before_anything_is_approved_there_is_nothing_to_take(world, open_page):
    world.register()
    page = open_page("deploy_model")
    assert "Take it away" not in [box.label for box in page.expander]


def test_an_approved_model_can_be_taken_as_a_folder_and_a_client(world, open_page, text_of):
    world.go_live()
    page = open_page("deploy_model")
    assert downloads(page) == []
    told = text_of(open_panel(page))
    assert downloads(page) == ["The folder", "A Python client"]
    assert "up to 50 rows of your table" in told
    assert "There is no ONNX form" in told


def test_joblib_comes_with_what_opening_it_means_and_onnx_with_its_inputs(world, open_page, text_of, monkeypatch):
    world.go_live()
    folder = world.store.files.model(world.model.id)
    for name in ("model.skops", "model.onnx", "model.joblib"):
        (folder / name).write_bytes(b"0" * 120_000)
    numbers = deploy.GraphInput("numbers", "tensor(double)", 2, ("distance", "delay"))
    described = deploy.GraphDescription(("coerce", "dates"), (numbers,), ("label", "probabilities"))
    monkeypatch.setattr(deploy, "describe_graph", lambda *_: described)
    page = open_panel(open_page("deploy_model"))
    assert downloads(page) == ["The folder", "A Python client", "skops", "ONNX", "joblib"]
    assert "runs whatever code is in it" in text_of(page)
    page.toggle(key="deploy_take_away_inputs").set_value(True).run()
    assert "`coerce`, `dates`" in text_of(page)
    assert "2 columns of numbers, double precision. From the left: distance; delay." in text_of(page)


def test_the_version_that_is_live_is_offered_first(world, open_page):
    world.go_live()
    world.add_model(2, "approved")
    page = open_panel(open_page("deploy_model"))
    assert page.selectbox(key="deploy_take_away_version").value == world.model


def test_what_is_downloaded_is_the_folder(world):
    world.go_live()
    made = partial(deploy.zip_folder, world.store, world.model.id)()
    with zipfile.ZipFile(io.BytesIO(made)) as archive:
        assert {name.split("/")[0] for name in archive.namelist()} == {"late-flights-version-1"}
