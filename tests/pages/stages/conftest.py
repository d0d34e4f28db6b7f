"""A project in every state it can be in, put straight into the store, and pages opened on it without a browser."""

import json
import re
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from core import plan, records
from core.evaluate.model_folder import write_manifest
from core.records import utc_now
from core.store import Store, record_to_json

APP = Path(__file__).resolve().parents[3] / "app.py"
COLUMNS = (records.Column("distance", "number", "double"), records.Column("carrier", "category", "string"))
PROTOTYPE = records.Prototype(
    "late",
    "binary",
    (
        records.PrototypeColumn("distance", "number", True, 80.0, 4983.0, example=872.0),
        records.PrototypeColumn("carrier", "category", False, categories=("UA", "B6", "EV"), example="UA"),
        records.PrototypeColumn("holiday", "boolean", False, categories=("False", "True"), example=False),
        records.PrototypeColumn("scheduled", "date", False, example="2013-05-01T12:00:00"),
        records.PrototypeColumn("remark*", "text", False, example="none"),
    ),
    ("no", "yes"),
)
REFERENCE = records.Reference(
    (
        records.ReferenceColumn("distance", "number", edges=(500.0, 1000.0), counts=(300, 400, 300, 0)),
        records.ReferenceColumn("carrier", "category", categories=("UA", "B6"), counts=(500, 300, 200, 0)),
    ),
    records.ReferenceColumn("late", "category", categories=("no", "yes"), counts=(800, 200, 0, 0)),
    1000,
)


class World:
    """One project; each method brings it one stage further, going through the stages before."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.project = plan.create_project(store, "Late flights", by="Anna")

    @property
    def id(self) -> str:
        return self.project.id

    def prepare(self) -> None:
        self.table = self.store.add(
            records.DatasetVersion(self.id, 1, "upload", "flights.csv", "0" * 64, 5000, COLUMNS, created_by="Anna")
        )
        plan.change_objective(
            self.store,
            self.id,
            by="Anna",
            question="Will this flight be late?",
            task="binary",
            metric="roc_auc",
            minimum=0.65,
            positive_label="yes",
            cost_false_positive=5.0,
            cost_false_negative=20.0,
            owner="Olga",
        )
        columns = (*COLUMNS, records.Column("late", "category", "string"))
        self.recipe = self.store.add(
            records.Recipe(self.id, self.table.id, "late", "binary", (), records.Split(), columns)
        )

    def train(self, status: str = "done") -> None:
        self.prepare()
        self.run = self.store.add(
            records.TrainingRun(
                self.id, self.table.id, self.recipe.id, "roc_auc", ("random_forest", "dummy", "svm"), status=status
            )
        )
        done = {"status": "done", "progress": 1.0, "score_sd": 0.02, "n_rows_used": 4000, "fit_seconds": 1.5}
        self.forest = records.Candidate(
            self.run.id, self.id, "random_forest", fold_scores=(0.7, 0.74), score_mean=0.72, **done
        )
        guess = records.Candidate(self.run.id, self.id, "dummy", fold_scores=(0.5, 0.5), score_mean=0.5, **done)
        slow = records.Candidate(
            self.run.id, self.id, "svm", status="left_out", note="Too slow for 4,000 rows in the time given."
        )
        self.store.add_all([self.forest, guess, slow])

    def evaluate(self, outcome: str = "met") -> None:
        self.train()
        verdict = records.Verdict(
            outcome, "Good enough. Ranking: 72 (between 68 and 75).", "roc_auc", 0.72, 0.68, 0.75, 0.65
        )
        self.evaluation = self.store.add(
            records.Evaluation(
                self.id,
                self.run.id,
                self.forest.id,
                self.table.id,
                1000,
                (records.MetricEstimate("roc_auc", "Ranking (ROC AUC)", 0.72, 0.68, 0.75),),
                verdict,
                ("Of 100 rows for which it says late is 'yes', 40 really are.",),
                records.ConfusionMatrix(("no", "yes"), ((700, 100), (60, 140))),
                records.Curve((0.0, 0.125, 1.0), (0.0, 0.7, 1.0), 0.72),
                records.Curve((0.0, 0.7, 1.0), (1.0, 0.58, 0.2), 0.6),
                importance=(records.ColumnImportance("distance", 0.1, 0.01),),
            )
        )

    def choose_threshold(self, value: float, reason: str = "", chosen_by: str = "") -> None:
        """Give the tested model what cross-validation counted, and the threshold it was tested with."""
        self.evaluate()
        below, above = (0,) * 100, (0,) * 600
        chances = records.OutOfFold(
            "yes", (*below, *(1,) * 300, *above, 0), (*below, *(5,) * 100, *(1,) * 200, *above, 0)
        )
        self.forest = self.store.update(self.forest, out_of_fold=chances)
        threshold = records.DecisionThreshold(value, "yes", reason, chosen_by)
        self.evaluation = self.store.update(self.evaluation, threshold=threshold)

    def register(self, status: str = "registered") -> None:
        self.evaluate()
        self.model = self.add_model(1, status)

    def add_model(self, number: int, status: str) -> records.ModelVersion:
        model = records.ModelVersion(
            self.id,
            number,
            self.forest.id,
            self.evaluation.id,
            self.table.id,
            self.recipe.id,
            "random_forest",
            "",
            "onnx",
            "ONNX Runtime computes the model.",
            requested_by="Anna",
            status=status,
            approved_by="Ben" if status == "approved" else None,
            created_at=utc_now() - timedelta(hours=1),
        )
        with self.store.files.write_folder(self.store.files.model(model.id)) as folder:
            (folder / "prototype.json").write_text(record_to_json(PROTOTYPE), encoding="utf-8")
            (folder / "reference.json").write_text(record_to_json(REFERENCE), encoding="utf-8")
            digest = write_manifest(folder)
        return self.store.add(replace(model, digest=digest))

    def go_live(self) -> None:
        self.register("approved")
        self.put_live(self.model, 1)

    def put_live(self, model: records.ModelVersion, lap: int) -> None:
        release = records.Release(self.id, model.id, lap, "promote", "Anna")
        self.store.releases.swap(release, seen_generation=lap - 1, now=utc_now())
        self.store.add(records.Lap(self.id, lap, "First model", self.table.id, model.id, "roc_auc", 0.72, "Anna"))

    def keep_back(self, n_rows: int = 900) -> None:
        self.store.add(
            records.DatasetVersion(
                self.id, 1, "keep_back", "flights.csv", "1" * 64, n_rows, COLUMNS, role="stream", created_by="Anna"
            )
        )

    def get_traffic(self, rows: int = 600, *, changed: bool = True) -> None:
        """Five minutes of rows whose answers are no better than guesses; when `changed`, all distances are long."""
        n_minutes, label_every = 5, 2
        distances = (0, 0, rows, 0) if changed else (rows * 3 // 10, rows * 4 // 10, rows * 3 // 10, 0)
        self.go_live()
        self.keep_back()
        start = utc_now().replace(second=0, microsecond=0) - timedelta(minutes=n_minutes)
        predictions, windows = [], []
        for minute in range(n_minutes):
            began = start + timedelta(minutes=minute)
            windows.append(
                records.Window(
                    self.id,
                    self.model.id,
                    began,
                    n_requests=rows // 10,
                    n_rows=rows,
                    latency=(0, 0, rows // 10, *(0,) * 9),
                    columns={"distance": distances, "carrier": (rows // 2, rows * 3 // 10, rows // 5, 0)},
                    predictions=(rows * 8 // 10, rows // 5, 0, 0),
                )
            )
            predictions += [
                records.Prediction(
                    self.id,
                    self.model.id,
                    "request",
                    {"distance": 2000.0, "carrier": "UA"},
                    "yes" if row % 5 == 0 else "no",
                    {"no": 0.7, "yes": 0.3} if row % 5 else {"no": 0.2, "yes": 0.8},
                    2.5,
                    simulated=True,
                    predicted_at=began + timedelta(seconds=row * 60 / rows),
                )
                for row in range(rows)
            ]
        self.store.log.append(predictions, windows)
        self.store.log.add_labels(
            [
                records.LabelRecord(prediction.id, self.id, "yes" if number % 3 == 0 else "no", simulated=True)
                for number, prediction in enumerate(predictions)
                if number % label_every == 0
            ]
        )

    def raise_alert(self) -> records.Alert:
        return self.store.add(
            records.Alert(self.id, self.model.id, "drift", "The questions changed.", "'distance' is longer now.")
        )

    def challenge(self, status: str = "registered") -> None:
        self.get_traffic()
        self.challenger = self.add_model(2, status)
        self.store.add(
            records.Challenge(
                self.id,
                "job",
                self.model.id,
                self.challenger.id,
                self.table.id,
                500,
                "roc_auc",
                0.66,
                0.71,
                0.05,
                0.02,
                0.08,
                "The new model is better; it pays to change.",
                better=True,
                reason="The questions changed",
            )
        )


@pytest.fixture
def world(store: Store, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    monkeypatch.setenv("FULL_CIRCLE_HOME", str(store.home))
    yield World(store)
    st.cache_resource.clear()
    st.cache_data.clear()


@pytest.fixture
def service(world: World) -> Iterator[list]:
    """A stand-in for the prediction service on a free port: keeps what it is asked, and answers 'yes'."""
    asked: list = []
    info = records.ProcessInfo("serve", 0, "")
    troubles = ["The journal of predictions cannot be written (No space left on device)."]

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.answer({"status": "look", "process_id": info.id, "troubles": troubles})

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            asked.append((self.path, body["rows"]))
            answer = {
                "id": "abc123",
                "prediction": "yes",
                "probabilities": {"no": 0.2, "yes": 0.8},
                "warnings": ["far"],
            }
            self.answer({"request_id": "r", "model_version": 1, "predictions": [answer]})

        def answer(self, content: dict) -> None:
            body = json.dumps(content).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Keep quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    address = f"http://127.0.0.1:{server.server_port}"
    world.store.add(records.ProcessInfo("serve", 0, address, id=info.id))
    yield asked
    server.shutdown()
    thread.join()
    server.server_close()


OpenPage = Callable[[str], AppTest]


@pytest.fixture
def open_page(world: World) -> OpenPage:
    """Open a page of the world's project inside the frame, as Anna."""

    def open_file(stem: str) -> AppTest:
        page = AppTest.from_file(str(APP), default_timeout=120)
        page.query_params["project"] = world.project.slug
        page.query_params["you"] = "Anna"
        page.run()
        page.switch_page(f"pages/{stem}.py").run()
        return page

    return open_file


@pytest.fixture
def text_of() -> Callable[[AppTest], str]:
    """Everything a person reads on a page, in one string."""

    def read(page: AppTest) -> str:
        assert not page.exception
        parts: list[str] = []
        for kind in ("title", "subheader", "markdown", "caption"):
            parts += [element.value for element in page.get(kind)]
        for kind in ("info", "success", "warning", "error"):
            parts += [f"{element.proto.title} {element.value}" for element in page.get(kind)]
        parts += [f"{metric.label}: {metric.value}" for metric in page.metric]
        return re.sub(r"\\([^\w\s])", r"\1", "\n".join(parts))

    return read
