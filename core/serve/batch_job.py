"""Answering a file: part by part, each logged once, going on where it was when the process dies.

A part is a file that is there before its rows are in the log; the log remembers in the same transaction how many rows
of the file it has. What is done a second time has the same prediction ids, because they follow from job and row.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from core.deploy import Answers, LoadedModel, load_model
from core.errors import BadInputError, LifecycleError
from core.records import KEY_COUNTS, LATENCY_EDGES_MS, Json, ServingRules, Window
from core.serve.batch_formats import BatchFile, answer_columns, open_file, say_columns
from core.serve.batch_rows import Answered, Chunk, RowAnswer
from core.serve.batches import SENT, place_name, result_path
from core.serve.contract import Contract
from core.serve.log_entry import LogEntry, count_entries
from core.serve.refusal import RefusalError
from core.serve.rules import NONE_ABSTAINED, Abstained, RowRules
from core.store import JobHandle, JournalPlace

ROWS_A_PART = 1_000
REPORT_INTERVAL_S = 0.5
LEFT_OPEN = "The model leaves this row to a person."
NO_LATENCY = (0,) * (len(LATENCY_EDGES_MS) + 1)


@dataclass
class Progress:
    """How far a file is. A part's name says up to which row it goes, and how many of its rows were refused."""

    folder: Path
    n_rows: int
    n_done: int
    n_refused: int = 0
    parts: list[Path] = field(default_factory=list)
    reported_at: float = 0.0

    @classmethod
    def read(cls, folder: Path, n_rows: int, n_done: int) -> "Progress":
        """Return how far a file is by what is there; a part whose rows are not in the log is made again."""
        folder.mkdir(exist_ok=True)
        progress = cls(folder, n_rows, n_done)
        for part in sorted(folder.glob("*.part")):
            end, n_refused = map(int, part.stem.split("-"))
            if end > n_done:
                part.unlink()
                continue
            progress.parts.append(part)
            progress.n_refused += n_refused
        return progress

    def add(self, part: Path, end: int, n_refused: int) -> None:
        """Note a part whose rows are in the log."""
        self.parts.append(part)
        self.n_done = end
        self.n_refused += n_refused

    def part(self, end: int, n_refused: int) -> Path:
        """Return where a part belongs."""
        return self.folder / f"{end:012d}-{n_refused}.part"

    def to_result(self, notes: Sequence[str]) -> Json:
        """Return the counts, for the job."""
        n_answered = self.n_done - self.n_refused
        return {"n_rows": self.n_rows, "n_answered": n_answered, "n_refused": self.n_refused, "notes": list(notes)}


class BatchRun:
    """The answering of one file, from wherever it was.

    Parameters
    ----------
    handle : JobHandle
        The job; its params are those of `new_batch`.
    """

    def __init__(self, handle: JobHandle) -> None:
        self._handle, self._store, self._job = handle, handle.store, handle.job
        params = handle.job.params
        self._loaded: LoadedModel = load_model(self._store, params["model_version_id"])
        prototype = self._loaded.prototype
        self._contract = Contract(prototype)
        self._file: BatchFile = open_file(self._folder / SENT, params["kind"], prototype)
        self._notes = say_columns(self._file.columns, prototype)
        self._classes = [str(name) for name in prototype.classes]
        self._names = answer_columns(self._file.columns, self._classes)
        rules = self._store.newest(ServingRules, project_id=self._job.project_id)
        self._rules = RowRules(rules, self._loaded) if rules and (rules.refuses or rules.abstains) else None

    @property
    def _folder(self) -> Path:
        return self._store.files.batch(self._job.id)

    def run(self) -> Json:
        """Answer what is not answered yet and write the result; return the counts.

        Raises
        ------
        BadInputError
            When the file cannot be read, or has no rows.
        StoppedError
            When a person stopped it.
        """
        self._handle.report(0.0, "Counting the rows.")
        n_rows = self._file.count_rows()
        if n_rows == 0:
            raise BadInputError("The file has no rows.", "Send one with rows below the column names.")
        progress = Progress.read(self._folder / "parts", n_rows, self._store.log.journalled(place_name(self._job.id)))
        try:
            for chunk in self._file.chunks(progress.n_done, ROWS_A_PART):
                self._handle.raise_if_stopped()
                self._answer(chunk, progress)
                self._report(progress)
        except LifecycleError:
            # A file that was stopped, or cannot be read to its end, has a result, too.
            self._finish(progress)
            raise
        self._finish(progress)
        return progress.to_result(self._notes)

    def _answer(self, chunk: Chunk, progress: Progress) -> None:
        """Answer a part, put it on the disk, and only then into the log."""
        started_at = time.perf_counter()
        answers, entry = self._score(chunk)
        n_refused = sum(1 for answer in answers if answer.refused)
        part = progress.part(chunk.end, n_refused)
        answered = Answered(self._names, self._classes, self._job.params["model_version"], answers)
        with self._store.files.write_file(part) as temporary:
            self._file.write_part(temporary, chunk, answered)
        latency_ms = (time.perf_counter() - started_at) * 1000 / len(chunk.rows)
        entry = replace(entry, latency_ms=latency_ms)
        is_first = progress.n_done == progress.n_refused
        place = JournalPlace(place_name(self._job.id), chunk.start, chunk.end)
        windows, referrals = _windows(entry, is_first=is_first), entry.to_referrals()
        self._store.log.append(entry.to_predictions(), windows, place, referrals=referrals)
        progress.add(part, chunk.end, n_refused)

    def _score(self, chunk: Chunk) -> tuple[list[RowAnswer], LogEntry]:
        checked = self._check(chunk)
        told = [
            trouble or (f"{one.message} {one.hint}" if isinstance(one, RefusalError) else "")
            for trouble, one in zip(chunk.trouble, checked, strict=True)
        ]
        taken = [(place, one) for place, one in enumerate(checked) if isinstance(one, dict) and not told[place]]
        good, rows = [place for place, _ in taken], [row for _, row in taken]
        answers, failed = self._predict(rows)
        for place in failed:
            told[good[place]] = "The model could not answer this row."
        kept = [place for place in range(len(good)) if place not in failed]
        good, rows = [good[place] for place in kept], [rows[place] for place in kept]
        ids = tuple(f"{self._job.id}{chunk.start + place + 1:08x}" for place in good)
        warnings = self._contract.find_all_warnings(rows)
        abstained = self._rules.find_abstained(rows, answers) if self._rules else NONE_ABSTAINED
        found = {
            place: RowAnswer(None, None, ids[number], " ".join([LEFT_OPEN, *abstained[number], *warnings[number]]))
            if number in abstained
            else RowAnswer(
                answers.predictions[number],
                answers.probabilities[number] if answers.probabilities else None,
                ids[number],
                " ".join(warnings[number]),
            )
            for number, place in enumerate(good)
        }
        whole = [found.get(place) or RowAnswer(refused=trouble) for place, trouble in enumerate(told)]
        return whole, self._entry(ids, rows, answers, abstained)

    def _check(self, chunk: Chunk) -> list[Json | RefusalError]:
        """Return the rows that the model may be asked about, and of the others, why not."""
        checked = self._contract.read_each(chunk.rows, first=chunk.start + 1)
        if self._rules is None or not (self._rules.refused_categories or self._rules.refused_ranges):
            return checked
        return [one if isinstance(one, RefusalError) else self._refuse_or_keep(one) for one in checked]

    def _refuse_or_keep(self, row: Json) -> Json | RefusalError:
        try:
            if self._rules is not None:
                self._rules.check([row])
        except RefusalError as refusal:
            # It counts the one row it is given from 0; here the row stands beside the words.
            refusal.message = refusal.message.removeprefix("Row 0, ")
            return refusal
        return row

    def _entry(self, ids: tuple[str, ...], rows: list[Json], answers: Answers, abstained: Abstained) -> LogEntry:
        return LogEntry(
            project_id=self._job.project_id,
            model_version_id=self._job.params["model_version_id"],
            reference=self._loaded.reference,
            outcome="answered",
            latency_ms=0.0,
            request_id=self._job.id,
            ids=ids,
            rows=tuple(rows),
            predictions=tuple(answers.predictions),
            probabilities=None if answers.probabilities is None else tuple(answers.probabilities),
            simulated=self._job.params["simulated"],
            abstained=abstained,
            rules_id=self._rules.referred_by if self._rules and abstained else "",
            key_id=self._job.params.get("key_id", ""),
        )

    def _predict(self, rows: list[Json]) -> tuple[Answers, frozenset[int]]:
        """Score rows; where the model fails on them together, each by itself. Return which rows it fails on, too."""
        if not rows:
            return Answers([], None), frozenset()
        try:
            return self._loaded.predict_rows(rows), frozenset()
        except Exception as error:  # noqa: BLE001 - a border: whatever a model raises is told of the row
            if len(rows) == 1:
                return Answers([], None), frozenset([0])
            return self._predict_alone(rows, error)

    def _predict_alone(self, rows: list[Json], error: Exception) -> tuple[Answers, frozenset[int]]:
        predictions, probabilities, failed = [], [], set()
        for place, row in enumerate(rows):
            answers, is_failed = self._predict([row])
            if is_failed:
                failed.add(place)
                continue
            predictions += answers.predictions
            probabilities += answers.probabilities or []
        if not predictions:
            raise BadInputError("The model could not answer any row of a part of the file.", str(error)[:200])
        return Answers(predictions, probabilities or None), frozenset(failed)

    def _finish(self, progress: Progress) -> None:
        """Write the result out of the parts, and let go of them and of the file that was sent."""
        if not progress.parts:
            return
        with self._store.files.write_file(result_path(self._store, self._job)) as temporary:
            self._file.join(progress.parts, temporary, self._names)
        self._report(progress, at_once=True)
        for path in (*progress.parts, self._folder / SENT):
            path.unlink(missing_ok=True)

    def _report(self, progress: Progress, *, at_once: bool = False) -> None:
        if not at_once and time.monotonic() - progress.reported_at < REPORT_INTERVAL_S:
            return
        progress.reported_at = time.monotonic()
        told = f"{progress.n_done:,} of {progress.n_rows:,} rows are done"
        told += f", {progress.n_refused:,} of them refused." if progress.n_refused else "."
        share = min(progress.n_done / progress.n_rows, 1.0)
        changes = {"progress": share, "message": told, "result": progress.to_result(self._notes)}
        self._handle.job = self._store.update(self._handle.job, **changes)


def _windows(entry: LogEntry, *, is_first: bool) -> list[Window]:
    """Return the counts of a part: the whole file is one request, and nobody waited for its answer."""
    if not entry.ids:
        return []
    return [
        replace(
            window,
            n_requests=int(is_first),
            latency=NO_LATENCY,
            keys={
                key_id: (int(is_first), *counts[1 : len(KEY_COUNTS)], *NO_LATENCY)
                for key_id, counts in window.keys.items()
            },
        )
        for window in count_entries([entry])
    ]


def run_batch(handle: JobHandle) -> Json:
    """Answer the file of a job; what it leaves behind is the result, and the rows in the log."""
    sent = handle.store.files.batch(handle.job.id) / SENT
    if not sent.exists() and result_path(handle.store, handle.job).exists():
        # It was done already when the process died.
        return dict(handle.job.result)
    return BatchRun(handle).run()
