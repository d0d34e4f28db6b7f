"""The page at /docs: how to use the service, complete in itself, with examples that can be copied."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from core.records import Prototype, PrototypeColumn
from core.serve.snippets import curl_snippet, example_row, python_snippet

STYLE = """body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#1d2433;
background:#fff}pre{background:#f2f4f8;padding:1rem;overflow-x:auto;border-radius:6px}table{border-collapse:collapse}
td,th{text-align:left;padding:.3rem .8rem;border-bottom:1px solid #d9dee8}
@media (prefers-color-scheme:dark){body{color:#e8ebf2;background:#12161f}pre{background:#1d2433}
td,th{border-color:#39435a}
a{color:#8ab4ff}}"""
ADDRESSES = (
    ("POST /v1/{deployment}/predict", 'Rows in, predictions out. Body: {"rows": [{...}, ...]}, at most 1,000 rows.'),
    ("POST /v1/{deployment}/labels", 'True values, once known. Body: {"labels": [{"id": "...", "label": ...}]}.'),
    ("GET /v1/{deployment}/prototype", "What a row must look like."),
    ("GET /v1/{deployment}/metadata", "Which model answers, since when, who approved it."),
    ("GET /ping", "Whether the service is there, and whether all is well."),
    ("GET /ready", "Whether everything live is loaded; 503 until then."),
    ("GET /metrics", "Counts and latencies for Prometheus."),
    ("GET /openapi.json", "All of this for programs."),
)


@dataclass(frozen=True)
class Documented:
    """A live deployment to document; without a prototype when its model cannot be loaded, with the reason."""

    slug: str
    prototype: Prototype | None
    trouble: str = ""
    with_key: bool = False


def render_docs(address: str, deployments: Sequence[Documented]) -> str:
    """Return the page as HTML; everything that comes from data is escaped."""
    rows = "".join(f"<tr><td><code>{escape(name)}</code></td><td>{escape(text)}</td></tr>" for name, text in ADDRESSES)
    nothing = "<p>Nothing is live, or it wants a key.</p>"
    parts = [_render_deployment(address, one) for one in deployments] or [nothing]
    return (
        "<!doctype html><html lang=en><head><meta charset=utf-8><meta name=viewport content='width=device-width'>"
        f"<title>Full Circle predictions</title><style>{STYLE}</style></head><body><h1>Full Circle predictions</h1>"
        f"<table>{rows}</table><p>While exactly one project is live, /predict, /labels, /prototype and /metadata work "
        "without /v1/{deployment}, too. "
        "A project that wants a key is shown to those who send it. A request that cannot be answered gets "
        '<code>{"error": {"code", "message", "hint", "row", "column"}}</code>.</p>' + "".join(parts) + "</body></html>"
    )


def _render_deployment(address: str, deployment: Documented) -> str:
    title = f"<h2>{escape(deployment.slug)}</h2>"
    prototype = deployment.prototype
    if prototype is None:
        return f"{title}<p>{escape(deployment.trouble)}</p>"
    row = example_row(prototype)
    curl, python = (
        snippet(address, deployment.slug, row, with_key=deployment.with_key)
        for snippet in (curl_snippet, python_snippet)
    )
    columns = "".join(_render_column(column) for column in prototype.columns)
    return (
        f"{title}<p>Predicts <b>{escape(prototype.target)}</b>.</p>"
        f"<table><tr><th>Field</th><th>Kind</th><th>Required</th><th>Example</th></tr>{columns}</table>"
        f"<h3>curl</h3><pre>{escape(curl)}</pre>"
        f"<h3>Python</h3><pre>{escape(python)}</pre>"
    )


def _render_column(column: PrototypeColumn) -> str:
    cells = (
        column.name,
        column.kind,
        "yes" if column.required else "no",
        "" if column.example is None else column.example,
    )
    return "<tr>" + "".join(f"<td>{escape(str(cell))}</td>" for cell in cells) + "</tr>"
