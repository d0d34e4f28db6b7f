"""Does any real table get all the way round? One line a file with the stage it reached, the goals as JSON at the end.

`python -m benchmarks.corpus --data DIR --index FILE.tsv [--limit N] [--json OUT] [--quick]`

bytes -> dataset -> task -> recipe -> a short training -> model folder -> prediction over HTTP -> drift report, with a
real cluster and the real service process. A truth file beside the index (`NAME-truth.json`) marks uncertain files.
"""

import argparse
import csv
import json
import sys
import tarfile
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.goals import at_least, print_goals, print_versions
from core import collect, deploy, evaluate, monitor, plan, prepare, serve, train
from core.errors import LifecycleError
from core.records import DatasetVersion, Job, Json, Project, utc_now
from core.store import JobHandle, Store, open_store
from core.store.job_handle import StoppedError

STAGES = ("read", "task", "recipe", "trained", "model", "served", "drift")
SHARED = Path(__file__).resolve().parents[2] / "shared" / "corpus"
FAMILIES = ("decision_tree",)
N_SPLITS = 2
BUDGET_S = 30.0
FILE_LIMIT_S = 90.0
N_SERVED_ROWS = 200
QUICK_LIMIT = 10
LOG_WAIT_S = 20.0


@dataclass
class Outcome:
    """What became of one file. `stage` is the last one reached; `words` say why no further."""

    file: str
    task: str
    stage: str = "nothing"
    words: str = ""
    shape_right: bool = False
    header_right: bool = False
    uncertain: bool = False
    task_right: bool = False
    declined: bool = False
    crashed: bool = False
    seconds: float = 0.0
    found: str = ""

    @property
    def n_stages(self) -> int:
        """How many stages were reached."""
        return STAGES.index(self.stage) + 1 if self.stage in STAGES else 0


class TimedHandle(JobHandle):
    """A job's handle that stops the work when the file's time is up."""

    def __init__(self, store: Store, job: Job, scheduler_address: str, deadline: float) -> None:
        super().__init__(store, job, scheduler_address)
        self._deadline = deadline

    @property
    def stop_requested(self) -> bool:
        """Whether the time is up."""
        return time.monotonic() > self._deadline


@dataclass
class Lap:
    """One file on its way round."""

    store: Store
    scheduler_address: str
    client: serve.ServiceClient
    row: dict[str, str]
    path: Path
    outcome: Outcome
    deadline: float = field(default_factory=lambda: time.monotonic() + FILE_LIMIT_S)

    def go(self) -> None:
        """Carry the file as far as it gets."""
        project = plan.create_project(self.store, self.row["file"], by="Ada")
        dataset = self._read(project)
        target = self._find_target(dataset)
        if target is None:
            prepare.propose_recipe(self.store, project.id, by="Ada")  # declines: there is nothing to predict
            return
        self._recognise(project, dataset, target)
        prepare.save_recipe(self.store, prepare.propose_recipe(self.store, project.id, by="Ada"))
        self.outcome.stage = "recipe"
        model_version_id = self._deploy(self._train(project))
        self._watch(project, dataset, model_version_id)

    def _read(self, project: Project) -> DatasetVersion:
        dataset = collect.add_dataset(self.store, project.id, self.path, filename=self.row["file"], by="Ada")
        has_header = dataset.reading.has_header if dataset.reading else True
        self.outcome.stage = "read"
        self.outcome.shape_right = (str(dataset.n_rows), str(dataset.n_columns)) == (self.row["rows"], self.row["cols"])
        self.outcome.header_right = str(int(has_header)) == self.row["header"]
        self.outcome.found = f"{dataset.n_rows}x{dataset.n_columns}{'' if has_header else ' without header'}"
        return dataset

    def _find_target(self, dataset: DatasetVersion) -> str | None:
        """Return the column meant by the index: by position (`#k`), or by name, however it is blanked or cased."""
        wanted = self.row["target"]
        names = dataset.column_names
        if wanted.startswith("#") and wanted[1:].isdigit() and int(wanted[1:]) < len(names):
            return names[int(wanted[1:])]
        if not wanted:
            return None
        if wanted in names:
            return wanted
        plain = {" ".join(name.split()).casefold(): name for name in names}
        return plain.get(" ".join(wanted.split()).casefold(), wanted)

    def _recognise(self, project: Project, dataset: DatasetVersion, target: str) -> None:
        guess = plan.recognise_task(collect.load_frame(self.store, dataset.id, columns=[target])[target])
        self.outcome.task_right = guess.task == self.row["task"]
        self.outcome.stage = "task"
        if not self.outcome.task_right:
            self.outcome.words = f"taken for {guess.task}"
        metric = plan.default_metric(guess.task).name
        plan.change_objective(self.store, project.id, by="Ada", target=target, task=guess.task, metric=metric)

    def _do(self, job: Job, work: object) -> Json:
        """Do a job here and now, the way the job runner does it."""
        result: Json = work(TimedHandle(self.store, job, self.scheduler_address, self.deadline))  # type: ignore[operator]
        self.store.update(job, status="done", result=result, ended_at=utc_now())
        return result

    def _train(self, project: Project) -> str:
        metric = plan.current_objective(self.store, project.id).metric
        job = train.start_training(
            self.store,
            project.id,
            families=FAMILIES,
            metric=metric,
            budget_s=BUDGET_S,
            n_splits=N_SPLITS,
            by="Ada",
        )
        board = train.leaderboard(self.store, self._do(job, train.run_training)["run_id"])
        done = [candidate for candidate in board if candidate.status == "done"]
        if not done:
            raise LifecycleError(f"No candidate finished: {board[0].note}")
        self.outcome.stage = "trained"
        job = evaluate.start_evaluation(self.store, project.id, candidate_ids=(done[0].id,), by="Ada")
        evaluation_id: str = self._do(job, evaluate.run_evaluation)["evaluation_ids"][0]
        return evaluation_id

    def _deploy(self, evaluation_id: str) -> str:
        model = deploy.register_model(self.store, evaluation_id, by="Ada")
        deploy.approve_model(self.store, model.id, by="Grace")
        deploy.promote_model(self.store, model.id, by="Grace", seen_generation=0)
        self.outcome.stage = "model"
        return model.id

    def _watch(self, project: Project, dataset: DatasetVersion, model_version_id: str) -> None:
        names = [column.name for column in deploy.load_prototype(self.store, model_version_id).columns]
        frame = collect.load_frame(self.store, dataset.id, columns=names, limit=N_SERVED_ROWS)
        rows = json.loads(frame.to_json(orient="records", date_format="iso"))
        answers = self.client.predict(project.slug, rows)["predictions"]
        if len(answers) != len(rows):
            raise LifecycleError(f"{len(answers)} answers to {len(rows)} rows.")
        self.outcome.stage = "served"
        deadline = time.monotonic() + LOG_WAIT_S
        while monitor.traffic(self.store, project.id).n_rows < len(rows):
            if time.monotonic() > deadline:
                raise LifecycleError("The answers did not arrive in the log.")
            time.sleep(0.1)
        report = monitor.drift(self.store, project.id)
        if {column.name for column in report.columns} != set(names):
            raise LifecycleError("The drift report lacks columns.")
        self.outcome.stage = "drift"


def go_round(lap: Lap) -> Outcome:
    """Carry one file round; whatever happens to it, the run goes on."""
    started_at, outcome = time.monotonic(), lap.outcome
    try:
        lap.go()
    except StoppedError:
        outcome.words = f"not finished within {FILE_LIMIT_S:.0f} s"
    except LifecycleError as error:
        outcome.declined = outcome.stage in ("read", "task", "nothing")
        outcome.words = str(error)
    except Exception as error:  # noqa: BLE001 - a crash is a finding here, and must not end the run
        outcome.crashed = True
        outcome.words = f"CRASH {type(error).__name__}: {error}"
    outcome.seconds = time.monotonic() - started_at
    return outcome


def print_outcome(number: int, n_files: int, outcome: Outcome) -> None:
    """Print the file's line."""
    marks = [] if outcome.shape_right and outcome.header_right else [f"read as {outcome.found}"]
    words = "; ".join(part for part in (*marks, " ".join(outcome.words.split())[:200]) if part)
    print(f"{number:>3}/{n_files} {outcome.stage:<8}{outcome.seconds:6.1f} s  {outcome.file}  {words}", flush=True)


def summarise(outcomes: Sequence[Outcome]) -> tuple[dict[str, Json], Json]:
    """Return the goals, and the counts of files by the stage they reached."""
    certain = [one for one in outcomes if not one.uncertain]
    learnable = [one for one in outcomes if one.task != "none"]
    nothing = [one for one in outcomes if one.task == "none"]
    goals = {
        "opened_share": at_least(_share(one.stage != "nothing" for one in outcomes), 1.0),
        "shape_and_header_share": at_least(_share(one.shape_right and one.header_right for one in certain), 0.97),
        "task_share": at_least(_share(one.task_right for one in learnable), 0.97),
        "declined_share": at_least(_share(one.declined for one in nothing), 1.0),
        "drift_report_share": at_least(_share(one.stage == "drift" for one in learnable), 1.0),
        "without_crash_share": at_least(_share(not one.crashed for one in outcomes), 1.0),
    }
    reached = {stage: sum(one.n_stages > index for one in learnable) for index, stage in enumerate(STAGES)}
    stopped = Counter(one.stage for one in learnable if one.stage != "drift")
    return goals, {"files": len(outcomes), "with_target": len(learnable), "reached": reached, "stopped_at": stopped}


def _share(facts: Iterator[bool] | Sequence[bool]) -> float:
    known = list(facts)
    return round(sum(known) / len(known), 4) if known else 1.0


def read_index(path: Path) -> list[dict[str, str]]:
    """Return the rows of an index file with the columns of the corpus' index."""
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))


def read_uncertain(index: Path) -> set[str]:
    """Return the files whose true shape nobody is sure of."""
    truth = index.with_name(f"{index.stem}-truth.json")
    if not truth.exists():
        return set()
    return {name for name, facts in json.loads(truth.read_text(encoding="utf-8")).items() if facts.get("uncertain")}


@contextmanager
def data_folder(given: Path | None) -> Iterator[Path]:
    """Give the folder of the files: the one named, or the shared archive unpacked for the while."""
    if given is not None:
        yield given
        return
    with tempfile.TemporaryDirectory() as folder, tarfile.open(SHARED / "open.tar.gz") as archive:
        archive.extractall(folder, filter="data")
        yield Path(folder)


def find_file(folder: Path, name: str) -> Path:
    """Return where a file lies, in the folder or one of its own."""
    return next(iter([folder / name] if (folder / name).exists() else folder.rglob(name)), folder / name)


def run(options: argparse.Namespace) -> list[Outcome]:
    """Carry all files round, in one store with one cluster and one service."""
    uncertain = read_uncertain(options.index)
    rows = read_index(options.index)[: options.limit]
    outcomes = []
    with (
        data_folder(options.data) as folder,
        tempfile.TemporaryDirectory() as home,
        train.open_cluster() as cluster,
    ):
        store = open_store(home)
        try:
            with serve.ServiceClient(serve.start_service(store)) as client:
                for number, row in enumerate(rows, 1):
                    outcome = Outcome(row["file"], row["task"], uncertain=row["file"] in uncertain)
                    path = find_file(folder, row["file"])
                    go_round(Lap(store, cluster.scheduler_address, client, row, path, outcome))
                    print_outcome(number, len(rows), outcome)
                    outcomes.append(outcome)
        finally:
            serve.stop_service(store)
            store.engine.dispose()
    return outcomes


def main() -> int:
    """Run the benchmark; return 0 even when a goal is not met, which the last line says."""
    parser = argparse.ArgumentParser(prog="benchmarks.corpus", description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--data", type=Path, default=None, help="folder with the files (default: the shared open half)")
    parser.add_argument("--index", type=Path, default=SHARED / "open.tsv", help="index of the files")
    parser.add_argument("--limit", type=int, default=None, help="only the first so many files")
    parser.add_argument("--json", type=Path, default=None, help="write every file's outcome there")
    parser.add_argument("--quick", action="store_true", help=f"only the first {QUICK_LIMIT} files")
    options = parser.parse_args()
    if options.quick and options.limit is None:
        options.limit = QUICK_LIMIT
    print_versions("pandas", "duckdb", "scikit-learn", "pyarrow", "distributed", "fastapi")
    outcomes = run(options)
    goals, counts = summarise(outcomes)
    if options.json:
        options.json.write_text(json.dumps([vars(one) for one in outcomes], indent=1), encoding="utf-8")
    print_goals(goals, **counts)
    return 0


if __name__ == "__main__":
    sys.exit(main())
