"""What all addresses have in common in the OpenAPI document: refusals, headers, keys, the states of a file."""

from core.records import Json

BEARER, API_KEY = "bearer", "apiKey"
JSON_TYPE = "application/json"
SECURITY_SCHEMES: Json = {
    BEARER: {"type": "http", "scheme": "bearer"},
    API_KEY: {"type": "apiKey", "in": "header", "name": "X-API-Key"},
}
ERROR: Json = {
    "type": "object",
    "description": "Why a request is not answered. What was sent is never repeated.",
    "required": ["error"],
    "additionalProperties": False,
    "properties": {
        "error": {
            "type": "object",
            "required": ["code", "message", "hint", "row", "column"],
            "additionalProperties": False,
            "properties": {
                "code": {"type": "string", "description": "The reason, for programs."},
                "message": {"type": "string", "description": "What is wrong."},
                "hint": {"type": "string", "description": "What to do."},
                "row": {"type": ["integer", "null"], "minimum": 0, "description": "Which row, counted from 0."},
                "column": {"type": ["string", "null"], "description": "Which of the model's columns."},
            },
        }
    },
}
LABELS_ANSWER: Json = {
    "type": "object",
    "required": ["stored", "unknown"],
    "properties": {
        "stored": {"type": "integer", "minimum": 0},
        "unknown": {"type": "array", "items": {"type": "string"}, "description": "Ids of no prediction here."},
    },
}
BATCH: Json = {
    "type": "object",
    "required": ["id", "state", "progress", "message", "n_rows", "n_answered", "n_refused", "address", "result"],
    "properties": {
        "id": {"type": "string"},
        "state": {"type": "string", "enum": ["waiting", "running", "done", "stopped", "failed"]},
        "progress": {"type": "number", "minimum": 0, "maximum": 1},
        "message": {"type": "string", "description": "What is going on, or what went wrong."},
        "n_rows": {"type": ["integer", "null"], "description": "Rows of the file, once they are counted."},
        "n_answered": {"type": "integer", "minimum": 0},
        "n_refused": {"type": "integer", "minimum": 0},
        "model_version": {"type": "integer", "minimum": 1, "description": "The version that answers the whole file."},
        "notes": {"type": "array", "items": {"type": "string"}, "description": "What is to be known of the columns."},
        "created_at": {"type": "string", "format": "date-time"},
        "ended_at": {"type": ["string", "null"], "format": "date-time"},
        "address": {"type": "string", "description": "Where this is told."},
        "result": {"type": ["string", "null"], "description": "Where the answered file is, once it is there."},
        "expires_at": {"type": ["string", "null"], "format": "date-time", "description": "When it is deleted."},
    },
}
PERSON_ANSWER: Json = {
    "type": "object",
    "required": ["id", "status", "answer", "answered_by", "answered_at", "message"],
    "properties": {
        "id": {"type": "string"},
        "status": {"type": "string", "enum": ["waiting", "answered", "handed_back", "expired"]},
        "answer": {"type": ["string", "number", "null"], "description": "What the person said."},
        "answered_by": {"type": ["string", "null"], "enum": ["person", None]},
        "answered_at": {"type": ["string", "null"], "format": "date-time"},
        "message": {"type": "string", "description": "How it stands, in words."},
    },
}
METADATA: Json = {
    "type": "object",
    "required": ["deployment", "target", "task", "classes", "model_version", "digest", "approved_by", "live_since"],
    "properties": {
        "deployment": {"type": "string"},
        "target": {"type": "string", "description": "The column that is predicted."},
        "task": {"type": "string", "enum": ["binary", "multiclass", "regression"]},
        "classes": {"type": "array", "items": {"type": "string"}},
        "threshold": {
            "type": ["object", "null"],
            "description": "Of two classes: from which chance of which one on it is the answer. Else the likeliest is.",
            "properties": {
                "class": {"type": "string"},
                "chance": {"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1},
                "chosen_by": {"type": ["string", "null"], "description": "Null where no person chose it."},
            },
        },
        "model_version": {"type": "integer", "minimum": 1},
        "digest": {"type": "string", "description": "SHA-256 of the list of the model's files."},
        "approved_by": {"type": ["string", "null"]},
        "live_since": {"type": "string", "format": "date-time"},
        "canary": {"type": ["object", "null"], "description": "The version that answers a share of the questions."},
        "shadow": {"type": ["object", "null"], "description": "The version that is asked silently."},
        "scheduled": {"type": ["object", "null"], "description": "The version that goes live at a moment."},
    },
}
PROTOTYPE: Json = {
    "type": "object",
    "required": ["target", "task", "columns", "classes"],
    "properties": {
        "target": {"type": "string"},
        "task": {"type": "string"},
        "classes": {"type": "array"},
        "columns": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["name", "kind", "required"],
                "properties": {
                    "name": {"type": "string"},
                    "kind": {"type": "string"},
                    "required": {"type": "boolean"},
                },
            },
        },
    },
}
PING: Json = {
    "type": "object",
    "required": ["status", "service", "process_id"],
    "properties": {
        "status": {"type": "string", "enum": ["ok", "look"]},
        "service": {"const": "full-circle"},
        "process_id": {"type": "string"},
    },
}
READY: Json = {
    "type": "object",
    "required": ["ready", "message"],
    "properties": {"ready": {"const": True}, "message": {"type": "string"}},
}
SHARED_SCHEMAS: Json = {
    "error": ERROR,
    "labels_answer": LABELS_ANSWER,
    "batch": BATCH,
    "person_answer": PERSON_ANSWER,
    "metadata": METADATA,
    "prototype": PROTOTYPE,
}
REFUSALS = {
    401: "A key is wanted, and none that counts was sent.",
    403: "The key is not for this.",
    404: "There is nothing at this address.",
    408: "Nothing more of the body came for half a minute.",
    409: "It is not clear what is meant, or this cannot be done now.",
    413: "The body, or the list in it, is too large.",
    415: "The body is of another type than the one expected.",
    422: "The request is not as described; row and column say where.",
    429: "The key was used too often; Retry-After says when to come back.",
    500: "The model failed.",
    503: "The model, the store or the keys are not there at the moment; the request may be sent again.",
}
IDEMPOTENCY_KEY: Json = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "Sent again with the same key within 24 hours, a request has the same answer and counts once.",
    "schema": {"type": "string", "pattern": "^[!-~]{1,255}$"},
}
ROUTING_KEY: Json = {
    "name": "X-Routing-Key",
    "in": "header",
    "required": False,
    "description": "While two versions answer, the same key is always answered by the same one.",
    "schema": {"type": "string"},
}
REPLAYED: Json = {
    "Idempotency-Replayed": {
        "description": "There when this is the answer that was given to the same request before.",
        "schema": {"type": "string", "enum": ["true"]},
    }
}
RETRY_AFTER: Json = {
    "Retry-After": {
        "description": "Seconds after which it is worth asking again.",
        "schema": {"type": "integer", "minimum": 0},
    }
}
PREDICTION_ID: Json = {
    "name": "prediction_id",
    "in": "path",
    "required": True,
    "schema": {"type": "string", "pattern": "^[0-9a-f]{24,32}$"},
}
BATCH_ID: Json = {
    "name": "batch",
    "in": "path",
    "required": True,
    "schema": {"type": "string", "pattern": "^[0-9a-f]{24}$"},
}


def ref(name: str) -> Json:
    """Return where a schema is."""
    return {"$ref": f"#/components/schemas/{name}"}


def content(schema: Json, description: str, headers: Json | None = None) -> Json:
    """Return an answer in JSON."""
    told = {"description": description, "content": {JSON_TYPE: {"schema": schema}}}
    return told | {"headers": headers} if headers else told


def refusals(*statuses: int, with_key: bool) -> Json:
    """Return the answers that say no; those about keys only where keys are wanted."""
    wanted = sorted({*statuses, *((401, 403, 429) if with_key else ()), 503})
    later = {429: RETRY_AFTER}
    return {str(status): content(ref("error"), REFUSALS[status], later.get(status)) for status in wanted}


def security(*, with_key: bool) -> list[Json]:
    """Return how a caller may show a key; either way will do."""
    return [{BEARER: []}, {API_KEY: []}] if with_key else []
