"""A model taken away serves by itself: in a folder, with the packages it names, and none of ours from elsewhere."""

import io
import json
import re
import subprocess
import sys
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from core import deploy, plan
from core.deploy.requirements import pinned_requirements
from core.deploy.taken.client import PredictionClient, PredictionError
from core.errors import BadInputError, ConflictError, NotReadyError
from core.records import ModelVersion, Referral, Release, ServingRules, new_id
from core.serve.rules import NONE_ABSTAINED, RowRules
from core.store import Store, open_store
from tests.core.deploy.conftest import Registered
from tests.model_worlds import copy_version, damage
from tests.running import ROOT, free_port
from tests.taken_away import command_of, folder_serving, folder_serving_on_linked_packages, link_packages


@pytest.fixture(scope="module")
def approved(registered: Registered) -> ModelVersion:
    return copy_version(registered.store, registered.model, number=7)


@pytest.fixture(scope="module")
def rules(registered: Registered, approved: ModelVersion) -> ServingRules:
    return ServingRules(
        approved.project_id,
        unknown_category="refuse",
        unlike_share=0.05,
        needed_columns=("delay",),
        expire_after_hours=3,
        created_by="Olga",
    )


@pytest.fixture(scope="module")
def folder(
    registered: Registered, approved: ModelVersion, rules: ServingRules, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """A folder exported while the rules are in force; other tests share the store, and have none."""
    registered.store.add(rules)
    exported = deploy.export_folder(registered.store, approved.id, tmp_path_factory.mktemp("away"))
    registered.store.remove(ServingRules, id=rules.id)
    return exported


@pytest.fixture(scope="module")
def packages(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return link_packages(folder / "requirements.txt", tmp_path_factory.mktemp("packages") / "site")


@pytest.fixture(scope="module")
def address(folder: Path, packages: Path) -> Iterator[str]:
    with folder_serving_on_linked_packages(folder, packages) as serving:
        yield serving


def check_answers(
    address: str, registered: Registered, model: ModelVersion, rules: ServingRules | None = None
) -> list[str]:
    """Compare what a service answers with what the model in the store does; return the ids on which it abstained."""
    frame = registered.world.frame.drop(columns="late").iloc[50:150]
    loaded = deploy.load_model(registered.store, model.id)
    rows = json.loads(json.dumps(deploy.request_rows(loaded.prototype, frame)))
    answers = PredictionClient(address, registered.world.project.slug).predict(rows)
    expected = loaded.predict_rows(rows)
    abstained = RowRules(rules, loaded).find_abstained(rows, expected) if rules else NONE_ABSTAINED
    for place, answer in enumerate(answers):
        if place in abstained:
            assert (answer.prediction, answer.probabilities) == (None, None)
            assert answer.reasons == list(abstained[place])
        else:
            assert answer.prediction == expected.predictions[place]
            assert answer.probabilities == (expected.probabilities or [])[place]
    return [answers[place].id for place in abstained]


def test_the_folder_holds_what_its_readme_says(folder: Path, approved: ModelVersion) -> None:
    assert folder.name == "late-flights-version-7"
    said = set(re.findall(r"^\| `([\w./]+)`", (folder / "README.md").read_text(), re.M))
    assert {path.name for path in folder.iterdir()} - {".dockerignore"} == {
        name.split("/")[0] for name in said | {"README.md", "example.json"}
    }
    assert [path.name for path in (folder / "home" / "models").iterdir()] == [approved.id]
    assert "$" not in (folder / "README.md").read_text() + (folder / "Dockerfile").read_text()


def test_every_package_is_pinned_to_the_line_the_project_was_tested_with() -> None:
    tested = set((ROOT / "constraints.txt").read_text().split())
    pinned = {line.split(";")[0].strip() for line in pinned_requirements()}
    assert pinned <= tested
    names = {line.split("==")[0] for line in pinned}
    assert {"scikit-learn", "onnxruntime", "psycopg-binary", "starlette"} <= names
    assert names.isdisjoint({"streamlit", "mlflow-skinny", "plotly", "pytest", "skl2onnx"})


def test_the_folder_answers_as_the_model_does_here(
    address: str, registered: Registered, approved: ModelVersion, rules: ServingRules
) -> None:
    assert 0 < len(check_answers(address, registered, approved, rules)) < 100


def test_a_row_that_the_folder_does_not_answer_is_decided_by_who_asked(
    address: str, folder: Path, approved: ModelVersion
) -> None:
    row = json.loads((folder / "example.json").read_text())["rows"][0]
    url = f"{address}/v1/late-flights"
    (said,) = httpx.post(f"{url}/predict", json={"rows": [{**row, "delay": None}]}, trust_env=False).json()[
        "predictions"
    ]
    assert (said["prediction"], said["status"], said["reasons"]) == (None, "abstained", ["'delay' is missing."])
    assert "poll" not in said
    polled = httpx.get(f"{url}/answers/{said['id']}", trust_env=False)
    assert (polled.status_code, polled.json()["error"]["code"]) == (409, "nobody_answers")
    assert PredictionClient(address, "late-flights").send_labels({said["id"]: "yes"}) == []
    served = open_store(folder / "home")
    assert served.count(Referral) == 0
    assert served.newest(ServingRules, project_id=approved.project_id) is not None
    served.engine.dispose()


def test_the_folder_refuses_what_the_owner_wants_refused(address: str, folder: Path) -> None:
    row = json.loads((folder / "example.json").read_text())["rows"][0]
    with pytest.raises(PredictionError, match="'carrier'") as refused:
        PredictionClient(address, "late-flights").predict([{**row, "carrier": "ZZ"}])
    assert refused.value.status == 422


def test_the_readme_says_which_rules_hold_and_who_decides(folder: Path) -> None:
    readme = (folder / "README.md").read_text()
    assert "- It does not answer when a value is missing in 'delay'." in readme
    assert "- Rows with a category it has never seen are refused." in readme
    assert "whoever\nasked decides the row" in readme


def test_the_folder_says_which_model_it_is_and_who_approved_it(address: str, approved: ModelVersion) -> None:
    said = PredictionClient(address, "late-flights").metadata()
    assert (said["model_version"], said["approved_by"], said["engine"]) == (7, "Bert", "onnx")
    assert said["digest"] == approved.digest
    assert said["trouble"] == ""


def test_the_readmes_examples_are_answered(address: str, folder: Path) -> None:
    readme = (folder / "README.md").read_text()
    url = re.search(r"curl -s http://127\.0\.0\.1:8601(\S+)", readme).group(1)
    body, kind = (folder / "example.json").read_bytes(), {"Content-Type": "application/json"}
    answer = httpx.post(address + url, content=body, headers=kind, trust_env=False).json()
    assert answer["predictions"][0]["prediction"] in ("yes", "no")
    words = re.search(r"python (client\.py) \S+ (\S+) (\S+)", readme).groups()
    command = [sys.executable, "-I", "-S", words[0], address, *words[1:]]
    said = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True).stdout
    assert json.loads(said)["prediction"] in ("yes", "no")


def test_the_client_sends_labels_and_says_what_is_wrong_with_a_row(address: str, folder: Path) -> None:
    client = PredictionClient(address, "late-flights")
    row = json.loads((folder / "example.json").read_text())["rows"][0]
    answers = client.predict([row] * 1_001)
    assert len({answer.id for answer in answers}) == 1_001
    labels, deadline = {answers[0].id: "yes", answers[-1].id: "no"}, time.monotonic() + 30
    while client.send_labels(labels) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert client.send_labels({**labels, "no-such-prediction": "yes"}) == ["no-such-prediction"]
    with pytest.raises(PredictionError, match="distance") as refused:
        client.predict([{**row, "distance": "far"}])
    assert refused.value.status == 422
    with pytest.raises(PredictionError) as unknown:
        PredictionClient(address, "no-such").metadata()
    assert unknown.value.status == 404
    with pytest.raises(PredictionError, match="No service answers"):
        PredictionClient(f"http://127.0.0.1:{free_port()}", "late-flights").metadata()
    with pytest.raises(PredictionError, match="begins with"):
        PredictionClient("file:///etc/passwd", "late-flights").metadata()


def test_the_containers_command_is_the_readmes_and_listens_to_all(folder: Path) -> None:
    words = json.loads((folder / "Dockerfile").read_text().splitlines()[-1].removeprefix("CMD "))
    assert words == ["python", *command_of(folder), "--host", "0.0.0.0", "--port", "8601"]  # noqa: S104


def test_the_zip_holds_the_same_folder(registered: Registered, approved: ModelVersion, folder: Path) -> None:
    with zipfile.ZipFile(io.BytesIO(deploy.zip_folder(registered.store, approved.id))) as archive:
        names = {name for name in archive.namelist() if not name.endswith("/")}
    away = {path for path in folder.rglob("*") if path.is_file() and "__pycache__" not in path.parts}
    away = {path.relative_to(folder.parent).as_posix() for path in away}
    # What serving leaves in home/ is not part of it.
    models, home = f"{folder.name}/home/models/", f"{folder.name}/home/"
    assert names == {path for path in away if path.startswith(models) or not path.startswith(home)}


def test_what_nobody_approved_is_not_exported(registered: Registered, tmp_path: Path) -> None:
    waiting = copy_version(registered.store, registered.model, number=9, status="registered")
    with pytest.raises(NotReadyError, match="has not been approved"):
        deploy.export_folder(registered.store, waiting.id, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_damaged_model_is_not_exported(registered: Registered, tmp_path: Path) -> None:
    model = copy_version(registered.store, registered.model, number=8)
    damage(registered.store.files.model(model.id) / "model.joblib")
    with pytest.raises(BadInputError, match=r"model\.joblib"):
        deploy.export_folder(registered.store, model.id, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_there_is_not_overwritten(
    registered: Registered, approved: ModelVersion, folder: Path
) -> None:
    with pytest.raises(ConflictError, match="late-flights-version-7"):
        deploy.export_folder(registered.store, approved.id, folder.parent)


def changed_handover(folder: Path, target: Path, **model: Any) -> Path:
    """Return a copy of the folder's `release.json` that names another version."""
    content = json.loads((folder / "release.json").read_text())
    content["model"].update(model)
    target.write_text(json.dumps(content))
    return target


def test_starting_again_never_takes_back_what_went_live_later(folder: Path, store: Store, tmp_path: Path) -> None:
    first = deploy.enter_handover(store, folder / "release.json")
    later = deploy.enter_handover(store, changed_handover(folder, tmp_path / "later.json", id=new_id(), number=8))
    deploy.enter_handover(store, folder / "release.json")
    assert deploy.live_model(store, first.project_id) == later
    assert store.count(Release) == 2


def test_a_database_with_another_project_at_the_same_address_is_refused(folder: Path, store: Store) -> None:
    plan.create_project(store, "Late flights", by="Ada")
    with pytest.raises(ConflictError, match="another project at the address 'late-flights'"):
        deploy.enter_handover(store, folder / "release.json")
    assert store.count(ModelVersion) == 0


@pytest.mark.parametrize("content", [None, "", "{}", "\x00", '{"project": 1}'])
def test_a_release_file_that_says_nothing_is_told_in_words(store: Store, tmp_path: Path, content: str | None) -> None:
    path = tmp_path / "release.json"
    if content is not None:
        path.write_text(content)
    with pytest.raises(BadInputError, match="does not say which model to serve"):
        deploy.enter_handover(store, path)


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_the_two_commands_work_in_an_environment_of_their_own(
    registered: Registered, approved: ModelVersion, tmp_path: Path
) -> None:
    folder = deploy.export_folder(registered.store, approved.id, tmp_path)
    first = re.search(
        r"^ +python (-m venv venv) && (venv/bin/python) (-m pip install .*)$", (folder / "README.md").read_text(), re.M
    )
    subprocess.run([sys.executable, *first[1].split()], cwd=folder, check=True)
    subprocess.run([folder / first[2], *first[3].split()], cwd=folder, check=True, capture_output=True)
    words = [*command_of(folder), "--port", str(free_port())]
    with folder_serving(folder, [str(folder / first[2])], words) as address:
        check_answers(address, registered, approved)
    served = open_store(folder / "home")
    assert served.log.count(registered.world.project.id)[0] == 100
    assert deploy.live_model(served, registered.world.project.id) == approved
    served.engine.dispose()
