"""The OpenAPI document: made from what is live and from the prototypes of its models, for what the caller may see."""

import threading
from collections.abc import Callable
from dataclasses import dataclass

import pydantic_core

from core.records import Json, Prototype, Scope
from core.serve.batch_formats import MEDIA_TYPES
from core.serve.live_models import ServedModel
from core.serve.openapi_parts import (
    BATCH_ID,
    IDEMPOTENCY_KEY,
    JSON_TYPE,
    PING,
    PREDICTION_ID,
    READY,
    REPLAYED,
    RETRY_AFTER,
    ROUTING_KEY,
    SECURITY_SCHEMES,
    SHARED_SCHEMAS,
    content,
    ref,
    refusals,
    security,
)
from core.serve.openapi_rows import NOTHING_REFUSED, Refused, answer_schema, labels_schema, row_schema, rows_schema
from core.serve.refusal import RefusalError
from core.serve.service import Service

DOCUMENTS_KEPT = 16
DESCRIPTION = (
    "Predictions of the models that are live. While exactly one project is, the addresses below /v1/{deployment} work "
    "without that beginning, too."
)
MaySee = Callable[[str, Scope], bool]


@dataclass(frozen=True)
class Deployment:
    """What the document says about something live. `model_version_id` and the rules make it another one."""

    slug: str
    model_version_id: str
    prototype: Prototype
    with_key: bool
    scopes: tuple[Scope, ...]
    refused: Refused = NOTHING_REFUSED
    rules_id: str = ""

    @property
    def name(self) -> str:
        """The beginning of the names of its schemas and operations."""
        return self.slug.replace("-", "_")


Key = tuple[tuple[str, str, bool, tuple[Scope, ...], str], ...]


class OpenApi:
    """Makes the document, once for what is live and what a caller may see; from several threads."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._made: dict[Key, bytes] = {}
        self._lock = threading.Lock()

    def document(self, may_see: MaySee) -> bytes:
        """Return the document as JSON."""
        deployments = find_deployments(self._service, may_see)
        key = tuple((one.slug, one.model_version_id, one.with_key, one.scopes, one.rules_id) for one in deployments)
        with self._lock:
            if key not in self._made:
                while len(self._made) >= DOCUMENTS_KEPT:
                    del self._made[next(iter(self._made))]
                self._made[key] = pydantic_core.to_json(make_document(deployments))
            return self._made[key]


def find_deployments(service: Service, may_see: MaySee) -> list[Deployment]:
    """Return what is live and can be loaded, as far as the caller may see it."""
    found = []
    scopes: tuple[Scope, ...] = ("predict", "label")
    for slug in service.models.live_slugs():
        allowed = tuple(scope for scope in scopes if may_see(slug, scope))
        try:
            served = service.models.get(slug) if allowed else None
        except RefusalError:
            continue
        if served is not None:
            found.append(_describe(service, slug, served, allowed))
    return found


def _describe(service: Service, slug: str, served: ServedModel, scopes: tuple[Scope, ...]) -> Deployment:
    rules = service.rules.of(served.project.id, served.model.id, served.loaded)
    refused = Refused(rules.refused_categories, rules.refused_ranges) if rules else NOTHING_REFUSED
    with_key, rules_id = service.keys.wants_key(slug), rules.id if rules else ""
    return Deployment(slug, served.model.id, served.loaded.prototype, with_key, scopes, refused, rules_id)


def make_document(deployments: list[Deployment]) -> Json:
    """Return the document about some deployments."""
    schemas, paths = dict(SHARED_SCHEMAS), dict(GENERAL_PATHS)
    for deployment in deployments:
        schemas |= _schemas(deployment)
        paths |= _paths(deployment)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Full Circle predictions", "version": "1", "description": DESCRIPTION},
        "paths": paths,
        "components": {"schemas": schemas, "securitySchemes": SECURITY_SCHEMES},
    }


GENERAL_PATHS: Json = {
    "/ping": {
        "get": {
            "operationId": "ping",
            "summary": "Whether the service is there, and whether all is well.",
            "responses": {"200": content(PING, "It is there.")},
        }
    },
    "/ready": {
        "get": {
            "operationId": "ready",
            "summary": "Whether requests should be sent here.",
            "responses": {"200": content(READY, "They should."), **refusals(with_key=False)},
        }
    },
    "/metrics": {
        "get": {
            "operationId": "metrics",
            "summary": "Counts in Prometheus' text format. Where keys are wanted, for an admin key to all projects.",
            "responses": {
                "200": {
                    "description": "Requests, rows, abstentions, drops and latency by model version.",
                    "content": {"text/plain": {"schema": {"type": "string"}}},
                },
                **refusals(with_key=True),
            },
        }
    },
}


def _schemas(deployment: Deployment) -> Json:
    name, prototype = deployment.name, deployment.prototype
    return {
        f"{name}_row": row_schema(prototype, deployment.refused),
        f"{name}_rows": rows_schema(ref(f"{name}_row")["$ref"]),
        f"{name}_answer": answer_schema(prototype),
        f"{name}_labels": labels_schema(prototype),
    }


def _paths(deployment: Deployment) -> Json:
    begin = f"/v1/{deployment.slug}"
    paths: Json = {}
    if "predict" in deployment.scopes:
        paths |= {
            f"{begin}/predict": {"post": _predict(deployment)},
            f"{begin}/metadata": {"get": _tell(deployment, "metadata", "Which model answers, and who approved it.")},
            f"{begin}/prototype": {"get": _tell(deployment, "prototype", "What a row must look like.")},
            f"{begin}/answers/{{prediction_id}}": {"parameters": [PREDICTION_ID], "get": _poll(deployment)},
            f"{begin}/batches": {"post": _start_batch(deployment)},
            f"{begin}/batches/{{batch}}": {
                "parameters": [BATCH_ID],
                "get": _batch(deployment, "get", "How far the answering of a file is."),
                "delete": _batch(deployment, "delete", "Stop the answering of a file, or delete it and its result."),
            },
            f"{begin}/batches/{{batch}}/result": {"parameters": [BATCH_ID], "get": _result(deployment)},
        }
    if "label" in deployment.scopes:
        paths[f"{begin}/labels"] = {"post": _labels(deployment)}
    return paths


def _operation(deployment: Deployment, name: str, summary: str, responses: Json, *statuses: int) -> Json:
    answers = responses | refusals(404, *statuses, with_key=deployment.with_key)
    return {
        "operationId": f"{name}_{deployment.name}",
        "summary": summary,
        "tags": [deployment.slug],
        "responses": answers,
        "security": security(with_key=deployment.with_key),
    }


def _body(schema: Json) -> Json:
    return {"required": True, "content": {JSON_TYPE: {"schema": schema}}}


def _predict(deployment: Deployment) -> Json:
    answers = {"200": content(ref(f"{deployment.name}_answer"), "An answer for each row.", REPLAYED)}
    operation = _operation(deployment, "predict", "Answer rows.", answers, 413, 415, 422, 500)
    body = _body(ref(f"{deployment.name}_rows"))
    return operation | {"requestBody": body, "parameters": [IDEMPOTENCY_KEY, ROUTING_KEY]}


def _labels(deployment: Deployment) -> Json:
    answers = {"200": content(ref("labels_answer"), "How many labels were stored.", REPLAYED)}
    operation = _operation(deployment, "label", "Take the true values of predictions.", answers, 413, 415, 422)
    return operation | {"requestBody": _body(ref(f"{deployment.name}_labels")), "parameters": [IDEMPOTENCY_KEY]}


def _tell(deployment: Deployment, name: str, summary: str) -> Json:
    return _operation(deployment, name, summary, {"200": content(ref(name), summary)})


def _poll(deployment: Deployment) -> Json:
    summary = "What a person said about a row on which the model abstained."
    answers = {
        "200": content(ref("person_answer"), "What became of it."),
        "202": content(ref("person_answer"), "Nobody has answered yet.", RETRY_AFTER),
    }
    return _operation(deployment, "poll", summary, answers, 409)


def _start_batch(deployment: Deployment) -> Json:
    answers = {"202": content(ref("batch"), "The file is here; it will be answered.", REPLAYED)}
    operation = _operation(deployment, "start_batch", "Answer the rows of a file.", answers, 408, 409, 413, 415, 422)
    files = {kind: {"schema": {"type": "string", "contentMediaType": kind}} for kind in MEDIA_TYPES}
    return operation | {"requestBody": {"required": True, "content": files}, "parameters": [IDEMPOTENCY_KEY]}


def _batch(deployment: Deployment, method: str, summary: str) -> Json:
    return _operation(deployment, f"{method}_batch", summary, {"200": content(ref("batch"), "How it is.")})


def _result(deployment: Deployment) -> Json:
    files = {kind: {"schema": {"type": "string", "contentMediaType": kind}} for kind in MEDIA_TYPES}
    answers = {"200": {"description": "The file with the answers beside its columns.", "content": files}}
    return _operation(deployment, "get_batch_result", "The file with its answers.", answers, 409)
