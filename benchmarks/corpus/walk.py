"""One file's way through the product: from its bytes to a drift report over answers that came by HTTP."""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.corpus.index import CorpusFile, find_target, shape_problem
from core import collect, deploy, evaluate, monitor, plan, prepare, records, serve, train
from core.errors import LifecycleError, NotReadyError
from core.records import Job, Json, ModelVersion, TaskGuess
from core.store import Store

STAGES = ("read", "shape", "task", "recipe", "training", "model", "prediction", "drift")
FAMILIES = ("decision_tree",)
"""Quick, and it needs every step of the recipe; the dummy always runs with it."""
BUDGET_S = 60.0
N_SPLITS = 2
N_LIVE_ROWS = 200
WAIT_S = 60.0
POLL_S = 0.05


@dataclass
class Outcome:
    """How far a file got: the stages it passed, what was wrong, and how long each stage took, in seconds."""

    file: CorpusFile
    passed: list[str] = field(default_factory=list)
    problems: dict[str, str] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    declined: bool = False

    @property
    def reached(self) -> str:
        """The last stage passed; `declined` when the product rightly said that nothing can be learned here."""
        return "declined" if self.declined else (self.passed[-1] if self.passed else "nothing")


class Walk:
    """The walk of one file, each stage a method; `go` does them in turn and notes what happened."""

    def __init__(self, store: Store, address: str, file: CorpusFile, path: Path) -> None:
        self.store = store
        self.address = address
        self.path = path
        self.outcome = Outcome(file)
        self.project = plan.create_project(store, Path(file.name).stem[:60], by="Ada")
        self.model: ModelVersion | None = None
        self.cancelled = False

    def go(self) -> Outcome:
        """Do all stages and clear up; a stage that raises ends the walk, whatever it raises."""
        stages: tuple[tuple[str, Callable[[], str]], ...] = (
            ("read", self.read),
            ("shape", self.check_shape),
            ("task", self.recognise),
            ("recipe", self.prepare),
            ("training", self.train),
            ("model", self.register),
            ("prediction", self.predict),
            ("drift", self.report_drift),
        )
        for key, stage in stages:
            if self.outcome.declined or not self._do(key, stage):
                break
        return self.outcome

    def _do(self, key: str, stage: Callable[[], str]) -> bool:
        """Do one stage; return whether the walk can go on. A wrong shape or task is noted, and the walk goes on."""
        started_at = time.monotonic()
        try:
            problem = stage()
        except LifecycleError as error:
            problem = f"{error.message} {error.hint}".strip()
            self.outcome.problems[key] = problem
            return False
        except Exception as error:  # noqa: BLE001 - the very thing to find: it must not end the run
            self.outcome.problems[key] = f"EXCEPTION {type(error).__name__}: {error}".splitlines()[0][:300]
            return False
        finally:
            self.outcome.seconds[key] = time.monotonic() - started_at
        if problem:
            self.outcome.problems[key] = problem
        else:
            self.outcome.passed.append(key)
        return not problem or key in ("shape", "task")

    def give_up(self) -> None:
        """Stop what still works for this file, so that the stage it waits for ends."""
        self.cancelled = True
        for job in self.store.find(Job, project_id=self.project.id):
            if job.active:
                self.store.jobs.request_stop(job.id, records.utc_now())

    def clear_up(self) -> None:
        """Delete the file's project with all that belongs to it."""
        plan.delete_project(self.store, self.project.id)

    def read(self) -> str:
        """From bytes to a dataset version."""
        self.dataset = collect.add_dataset(
            self.store, self.project.id, self.path, filename=self.outcome.file.name, by="Ada"
        )
        collect.profile_dataset(self.store, self.dataset.id)
        return ""

    def check_shape(self) -> str:
        """Compare with the index."""
        return shape_problem(self.outcome.file, self.dataset)

    def recognise(self) -> str:
        """See what kind of question the target asks. Without a sensible target the product has to decline."""
        file = self.outcome.file
        if file.task == "none":
            return self._decline()
        target = find_target(self.dataset, file.target)
        if target is None:
            raise NotReadyError(f"There is no column '{file.target}'.")
        guess = self._guess(target)
        metric = plan.default_metric(guess.task)
        plan.change_objective(
            self.store,
            self.project.id,
            by="Ada",
            question=f"What is {target}?",
            target=target,
            task=guess.task,
            metric=metric.name,
            minimum=0.5,
            owner="Grace",
        )
        return "" if guess.task == file.task else f"{guess.task} in place of {file.task}"

    def _guess(self, target: str) -> TaskGuess:
        return plan.recognise_task(collect.load_frame(self.store, self.dataset.id, columns=[target])[target])

    def _decline(self) -> str:
        """Nothing is asked, so no recipe may come out; and whichever column is tried, only plain words may come."""
        for name in self.dataset.column_names:
            try:
                self._guess(name)
            except LifecycleError:
                continue
        try:
            prepare.propose_recipe(self.store, self.project.id, by="Ada")
        except LifecycleError as error:
            self.outcome.declined = bool(error.message and error.hint)
        return "" if self.outcome.declined else "It was not declined."

    def prepare(self) -> str:
        """Save the proposed recipe."""
        self.recipe = prepare.save_recipe(self.store, prepare.propose_recipe(self.store, self.project.id, by="Ada"))
        return ""

    def train(self) -> str:
        """Cross-validate a family on the cluster."""
        job = train.start_training(
            self.store,
            self.project.id,
            families=FAMILIES,
            metric=plan.default_metric(self.recipe.task).name,
            budget_s=BUDGET_S,
            n_splits=N_SPLITS,
            by="Ada",
        )
        board = train.leaderboard(self.store, self._finish(job)["run_id"])
        trained = [one for one in board if one.status == "done" and one.family in FAMILIES]
        if not trained:
            return "; ".join(f"{one.family} {one.status}: {one.note}" for one in board)
        self.candidate = trained[0]
        return ""

    def register(self) -> str:
        """Test, register, approve and promote the model."""
        job = evaluate.start_evaluation(self.store, self.project.id, candidate_ids=[self.candidate.id], by="Ada")
        evaluation_id = self._finish(job)["evaluation_ids"][0]
        job = deploy.start_registration(self.store, self.project.id, evaluation_id=evaluation_id, by="Ada")
        model_id = self._finish(job)["model_version_id"]
        self.model = deploy.approve_model(self.store, model_id, by="Grace")
        deploy.promote_model(self.store, model_id, by="Grace", seen_generation=0)
        return ""

    def predict(self) -> str:
        """Send rows to the service and check that every answer is one the model can give."""
        prototype = deploy.load_prototype(self.store, self._model().id)
        required = [column.name for column in prototype.columns if column.required]
        # The service refuses rows that miss what no training row missed; a few test rows may.
        test_rows = prepare.split_rows(self.store, self.recipe).test.dropna(subset=required)
        rows = deploy.request_rows(prototype, test_rows.head(N_LIVE_ROWS))
        self.n_sent = len(rows)
        with serve.ServiceClient(self.address) as client:
            answers = self._ask(client, rows)["predictions"]
        if len(answers) != len(rows):
            return f"{len(answers)} answers to {len(rows)} rows"
        wrong = [one["prediction"] for one in answers if not _is_answer(one["prediction"], prototype)]
        return f"an impossible answer: {wrong[0]!r}" if wrong else ""

    def _ask(self, client: serve.ServiceClient, rows: list[Json]) -> Json:
        """Ask the service, which may need a moment to load what has just been promoted."""
        deadline = time.monotonic() + WAIT_S
        while True:
            try:
                return client.predict(self.project.slug, rows)
            except NotReadyError:
                if time.monotonic() > deadline or self.cancelled:
                    raise
            time.sleep(POLL_S)

    def report_drift(self) -> str:
        """Wait until the answers are in the log, and compare them with the reference."""
        deadline = time.monotonic() + WAIT_S
        while True:
            report = monitor.drift(self.store, self.project.id)
            if report.n_rows >= self.n_sent:
                break
            if time.monotonic() > deadline or self.cancelled:
                return f"Only {report.n_rows} rows were logged."
            time.sleep(POLL_S)
        expected = {column.name for column in prepare.feature_columns(self.recipe)}
        missing = expected - {column.name for column in report.columns}
        return f"{len(missing)} columns are not in the report." if missing else ""

    def _model(self) -> ModelVersion:
        if self.model is None:
            raise NotReadyError("There is no model yet.")
        return self.model

    def _finish(self, job: Job) -> Json:
        job = self._wait(job)
        if job.status != "done":
            raise LifecycleError(job.error or f"The work '{job.kind}' was {job.status}.", job.hint or "")
        return job.result

    def _wait(self, job: Job) -> Job:
        while job.active:
            time.sleep(POLL_S)
            job = self.store.get(Job, job.id)
        return job


def _is_answer(answer: object, prototype: records.Prototype) -> bool:
    if prototype.task != "regression":
        return answer in prototype.classes
    return isinstance(answer, int | float) and math.isfinite(answer)
