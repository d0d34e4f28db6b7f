"""Examples of using the service that people can copy and run."""

import json
import shlex

from core.records import Json, Prototype

KEY_VARIABLE = "FULL_CIRCLE_KEY"


def example_row(prototype: Prototype) -> Json:
    """Return a row of typical values, one for each column."""
    return {column.name: column.example for column in prototype.columns}


def curl_snippet(address: str, slug: str, row: Json, *, with_key: bool = False) -> str:
    """Return a command line that asks the service about one row.

    Parameters
    ----------
    address : str
        Where the service is, such as "http://127.0.0.1:8601".
    slug : str
        The project's.
    row : dict
        Column name -> value.
    with_key : bool
        Whether the service wants a key; the example takes it from the environment.
    """
    body = shlex.quote(json.dumps({"rows": [row]}, ensure_ascii=False))
    parts = [f"curl -s {shlex.quote(_url(address, slug))}", "-H 'Content-Type: application/json'"]
    if with_key:
        parts.append(f'-H "Authorization: Bearer ${KEY_VARIABLE}"')
    return " \\\n  ".join([*parts, f"-d {body}"])


def python_snippet(address: str, slug: str, row: Json, *, with_key: bool = False) -> str:
    """Return a Python program, needing nothing but Python, that asks the service about one row; see `curl_snippet`."""
    imports = ["json", "os", "urllib.request"] if with_key else ["json", "urllib.request"]
    key = f'\n        "Authorization": "Bearer " + os.environ["{KEY_VARIABLE}"],' if with_key else ""
    return (
        "".join(f"import {name}\n" for name in imports) + "\n"
        f"rows = [{row!r}]\n"
        "request = urllib.request.Request(\n"
        f"    {_url(address, slug)!r},\n"
        '    data=json.dumps({"rows": rows}).encode(),\n'
        '    headers={\n        "Content-Type": "application/json",' + key + "\n    },\n"
        ")\n"
        "with urllib.request.urlopen(request) as response:\n"
        '    for answer in json.load(response)["predictions"]:\n'
        '        print(answer["prediction"], answer["probabilities"])\n'
    )


def _url(address: str, slug: str) -> str:
    return f"{address}/v1/{slug}/predict"
