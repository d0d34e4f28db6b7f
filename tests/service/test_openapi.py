"""The OpenAPI document is made from what is live: typed fields, what is refused, and who may see it."""

import importlib.util
import json
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import httpx
import jsonschema
import pytest
from openapi_spec_validator import validate

from core import deploy
from core.evaluate.model_folder import MANIFEST, write_manifest
from core.records import ModelVersion, Prototype, PrototypeColumn
from core.serve.openapi import Deployment, make_document
from core.serve.openapi_rows import Refused, column_schema, row_schema
from tests.model_worlds import copy_version, promote
from tests.service.conftest import Live
from tests.waiting import wait_for


def document(live: Live, **headers: str) -> Any:
    return httpx.get(f"{live.address}/openapi.json", headers=headers, trust_env=False).json()


def row_of(live: Live, made: Any) -> Any:
    return made["components"]["schemas"][f"{live.slug.replace('-', '_')}_row"]


def resolver(made: Any, schema: Any) -> jsonschema.Draft202012Validator:
    return jsonschema.Draft202012Validator({**schema, "components": made["components"]})


def test_the_document_is_valid_openapi(live: Live) -> None:
    validate(document(live))


def test_each_field_has_its_type_its_range_and_an_example(live: Live) -> None:
    row = row_of(live, document(live))
    fields = row["properties"]
    assert row["required"] == ["distance", "holiday", "scheduled"]
    assert row["additionalProperties"] is False
    assert fields["distance"]["type"] == "number"
    assert "in the training rows from" in fields["distance"]["description"]
    assert fields["delay"]["type"] == ["number", "null"]
    assert fields["carrier"]["type"] == ["string", "null"]
    assert "'UA'" in fields["carrier"]["description"]
    assert "enum" not in fields["carrier"]
    assert fields["holiday"]["type"] == "boolean"
    assert {one["format"] for one in fields["scheduled"]["anyOf"]} == {"date", "date-time"}
    assert fields["distance"]["examples"] == [deploy.load_prototype(live.store, live.first.id).columns[0].example]


def test_real_requests_answers_and_refusals_are_as_described(live: Live) -> None:
    made = document(live)
    operation = made["paths"][f"/v1/{live.slug}/predict"]["post"]
    asked = operation["requestBody"]["content"]["application/json"]["schema"]
    for body, status in (
        ({"rows": [live.row(), live.row(carrier=None)]}, "200"),
        ({"rows": [live.row(distance="far")]}, "422"),
        ({"rows": [live.row(more=1)]}, "422"),
    ):
        response = live.http.post(f"/v1/{live.slug}/predict", json=body)
        assert str(response.status_code) == status
        answered = operation["responses"][status]["content"]["application/json"]["schema"]
        resolver(made, answered).validate(response.json())
        assert resolver(made, asked).is_valid(body) == (status == "200")


def test_what_the_owner_has_refused_becomes_part_of_the_types() -> None:
    carrier = PrototypeColumn("carrier", "category", False, categories=("UA", "AA"))
    distance = PrototypeColumn("distance", "number", True, 1.0, 9.0)
    refused = Refused(unknown_categories=["carrier"], out_of_range=["distance"])
    assert column_schema(carrier, refused)["enum"] == ["UA", "AA", None]
    strict = column_schema(distance, refused)
    assert (strict["minimum"], strict["maximum"]) == (1.0, 9.0)
    assert column_schema(distance)["maximum"] > 1e308
    prototype = Prototype("late", "binary", (carrier, distance), ("no", "yes"))
    assert not jsonschema.Draft202012Validator(row_schema(prototype, refused)).is_valid(
        {"distance": 10, "carrier": "X"}
    )
    assert jsonschema.Draft202012Validator(row_schema(prototype)).is_valid({"distance": 10, "carrier": "X"})


def generate(made: Any, folder: Path) -> ModuleType:
    """Return Python models made from the document by a generator that knows nothing of us."""
    (folder / "openapi.json").write_text(json.dumps(made))
    command = [sys.executable, "-m", "datamodel_code_generator", "--input", "openapi.json", "--output", "models.py"]
    command += ["--input-file-type", "openapi", "--output-model-type", "pydantic_v2.BaseModel", "--disable-timestamp"]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)
    spec = importlib.util.spec_from_file_location("generated_models", folder / "models.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["generated_models"] = module
    spec.loader.exec_module(module)
    return module


def test_a_generated_client_has_typed_fields(live: Live, tmp_path: Path) -> None:
    models = generate(document(live), tmp_path)
    row = models.LateFlightsRow
    assert row.model_fields["distance"].annotation is not str
    assert row.model_fields["delay"].is_required() is False
    sent = row(distance=1200.5, holiday=True, scheduled="2020-03-01T08:00:00Z", carrier="UA")
    for wrong in ({"distance": "far"}, {"holiday": "perhaps"}, {"carrier": 4711}):
        with pytest.raises(ValueError, match="validation error"):
            row(**{**sent.model_dump(), **wrong})
    body = models.LateFlightsRows(rows=[sent]).model_dump_json(exclude_none=True)
    answer = models.LateFlightsAnswer.model_validate_json(live.post(body).content)
    assert answer.predictions[0].prediction in ("yes", "no")


def test_keys_are_described_where_they_are_wanted_and_closed_projects_are_not_shown() -> None:
    prototype = Prototype("late", "binary", (PrototypeColumn("x", "number", True),), ("no", "yes"))
    made = make_document(
        [
            Deployment("closed", "m", prototype, True, ("predict",)),
            Deployment("open", "m", prototype, False, ("predict", "label")),
        ]
    )
    closed, opened = made["paths"]["/v1/closed/predict"]["post"], made["paths"]["/v1/open/predict"]["post"]
    assert {"401", "403", "429"} <= set(closed["responses"])
    assert not {"401", "403", "429"} & set(opened["responses"])
    assert {"413", "415", "422", "503"} <= set(opened["responses"])
    assert closed["security"] == [{"bearer": []}, {"apiKey": []}]
    assert opened["security"] == []
    assert "/v1/closed/labels" not in made["paths"]
    validate(made)


def test_the_document_follows_a_promotion(live: Live) -> None:
    """Version 2 has another prototype: the field `delay` is wanted there."""
    second = with_other_prototype(live, copy_version(live.store, live.first, number=2))
    promote(live.store, second)
    wait_for(lambda: "delay" in row_of(live, document(live))["required"])
    wait_for(lambda: live.client.metadata(live.slug)["model_version"] == 2)
    assert live.client.metadata(live.slug)["trouble"] == ""


def with_other_prototype(live: Live, version: ModelVersion) -> ModelVersion:
    folder = live.store.files.model(version.id)
    prototype = json.loads((folder / "prototype.json").read_text())
    for column in prototype["columns"]:
        column["required"] = column["required"] or column["name"] == "delay"
    (folder / "prototype.json").write_text(json.dumps(prototype))
    facts = json.loads((folder / MANIFEST).read_text())
    del facts["files"]
    return live.store.update(version, digest=write_manifest(folder, facts))
