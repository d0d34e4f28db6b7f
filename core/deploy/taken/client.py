"""A client of a Full Circle prediction service: one file that needs nothing but Python 3.11.

Use it in a program of yours:

    client = PredictionClient("http://127.0.0.1:8601", "late-flights")
    for answer in client.predict([{"distance": 872, "carrier": "UA"}]):
        print(answer.prediction, answer.probabilities)
    client.send_labels({answer.id: "yes"})  # when the truth is known

or ask from a command line about the rows of a file `{"rows": [{...}]}`:

    python client.py http://127.0.0.1:8601 late-flights example.json
"""

import json
import os
import sys
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

Value = str | float | bool | None
MOST_ROWS = 1_000


class PredictionError(Exception):
    """The service refused what was sent, or does not answer.

    Parameters
    ----------
    message : str
        What is wrong, in the service's own words.
    status : int
        HTTP status; 0 when the service did not answer.
    """

    def __init__(self, message: str, status: int = 0) -> None:
        super().__init__(message)
        self.status = status


@dataclass(frozen=True)
class Answer:
    """What the model says about one row. `id` is what a label is sent for later.

    `prediction` is None where the model leaves the row to a person, for the `reasons` given: `person_answer(id)` asks
    for what the person says. A service without people beside it leaves the row to whoever asked.
    """

    id: str
    prediction: str | float | None
    probabilities: dict[str, float] | None
    model_version: int
    warnings: list[str] = field(default_factory=list)
    reasons: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class PredictionClient:
    """Asks one deployment of a service; may be used from several threads.

    Parameters
    ----------
    address : str
        Where the service is, such as "http://127.0.0.1:8601".
    deployment : str
        Which of its models, such as "late-flights".
    timeout_s : float > 0
        How long to wait for an answer, in seconds.
    key : str
        The secret of a key, where the service wants one.
    headers : mapping
        Sent with every request, for what stands before the service (a gateway that wants to know who asks).
    """

    address: str
    deployment: str
    timeout_s: float = 30.0
    key: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)

    def predict(self, rows: Sequence[Mapping[str, Value]]) -> list[Answer]:
        """Return one answer a row, in the same order; more rows than one request may have are sent in several.

        Raises
        ------
        PredictionError
            When the service refuses a row, or does not answer; rows of earlier requests are answered, and logged.
        """
        answers: list[Answer] = []
        for start in range(0, len(rows), MOST_ROWS):
            said = self._call("predict", {"rows": [dict(row) for row in rows[start : start + MOST_ROWS]]})
            answers += [
                Answer(
                    one["id"],
                    one["prediction"],
                    one["probabilities"],
                    said["model_version"],
                    one["warnings"],
                    one.get("reasons", []),
                )
                for one in said["predictions"]
            ]
        return answers

    def send_labels(self, labels: Mapping[str, Value]) -> list[str]:
        """Send what was true, by the id of the prediction, and return the ids that the service does not know (yet).

        A prediction is written down within about a second after its answer; send what came too early again then.

        Raises
        ------
        PredictionError
            As `predict`.
        """
        pairs = [{"id": prediction_id, "label": label} for prediction_id, label in labels.items()]
        parts = [pairs[start : start + MOST_ROWS] for start in range(0, len(pairs), MOST_ROWS)]
        return [unknown for part in parts for unknown in self._call("labels", {"labels": part})["unknown"]]

    def person_answer(self, answer_id: str) -> dict[str, Any]:
        """Return what a person said about a row that the model left open, by the id of its answer.

        `status` is "waiting", "answered" (then `answer` is there), or "handed_back" or "expired": no answer will come.

        Raises
        ------
        PredictionError
            As `predict`; 404 for an id that is not known, 409 for a row that the model answered itself, or that
            nobody answers.
        """
        return self._call(f"answers/{answer_id}")

    def metadata(self) -> dict[str, Any]:
        """Return which model answers, since when, and who approved it."""
        return self._call("metadata")

    def prototype(self) -> dict[str, Any]:
        """Return what a row has to look like."""
        return self._call("prototype")

    def _call(self, name: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        if not self.address.startswith(("http://", "https://")):
            raise PredictionError(f"{self.address!r} is no address of a service: it begins with http:// or https://.")
        url = f"{self.address.rstrip('/')}/v1/{self.deployment}/{name}"
        content = None if body is None else json.dumps(body, allow_nan=False).encode()
        headers = {"Content-Type": "application/json", **self.headers}
        if self.key:
            headers["Authorization"] = f"Bearer {self.key}"
        request = urllib.request.Request(url, data=content, headers=headers)  # noqa: S310 - looked at above
        try:
            with urllib.request.urlopen(request, timeout=self.timeout_s) as response:  # noqa: S310
                answer: dict[str, Any] = json.load(response)
        except urllib.error.HTTPError as error:
            with error:
                raise PredictionError(_read_error(error), error.code) from error
        except (OSError, ValueError) as error:
            raise PredictionError(f"No service answers at {self.address}: {error}.") from error
        return answer


def _read_error(error: urllib.error.HTTPError) -> str:
    """Return what the service says is wrong, with the place."""
    try:
        said = json.load(error)["error"]
        return f"{said['message']} {said.get('hint', '')}".strip()
    except (OSError, ValueError, KeyError, TypeError):
        return f"The service answered {error.code}."


def main() -> int:
    """Ask about the rows of a file and print the answers, one JSON object a line."""
    if len(sys.argv) != 4:
        print("Use: python client.py ADDRESS DEPLOYMENT FILE", file=sys.stderr)
        return 2
    address, deployment, file = sys.argv[1:]
    client = PredictionClient(address, deployment, key=os.environ.get("FULL_CIRCLE_KEY", ""))
    try:
        rows = json.loads(Path(file).read_text(encoding="utf-8"))["rows"]
        for answer in client.predict(rows):
            print(json.dumps(answer.__dict__, ensure_ascii=False))
    except (OSError, ValueError, KeyError, TypeError) as error:
        print(f'{file} does not hold {{"rows": [...]}}: {error}', file=sys.stderr)
        return 1
    except PredictionError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
