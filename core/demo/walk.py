"""The walk of one sample project round the circle: what each stage does, and what there is to say about it."""

import time
from collections.abc import Callable
from dataclasses import replace

from core import collect, deploy, evaluate, monitor, plan, prepare, records, report, retrain, serve, simulate, train
from core.errors import LifecycleError, NotReadyError
from core.records import Json, ModelVersion, Project, Recipe
from core.store import Store

REQUESTER, APPROVER = "Ada", "Grace"
FAMILIES = ("dummy", "linear", "decision_tree", "hist_gradient_boosting")
"""Four families, so that the walk takes minutes on two cores; the Train page offers them all."""
BUDGET_S = 90.0
N_SPLITS = 3
N_LIVE_ROWS = 4_000
ROWS_PER_SECOND = 800.0
LABEL_DELAY_S = 1.0
LABEL_SHARE = 0.9
N_DRILL_ROWS = 1_500
DRILL_ROWS_PER_SECOND = 400.0
DRILL_GRACE_S = 2.0
ALERT_INTERVAL_S = 0.5
POLL_S = 0.1
START_TIMEOUT_S = 60.0


def say(words: str) -> None:
    """Print a line at once."""
    print(words, flush=True)


class Walk:
    """The walk of one sample project round the circle; each stage returns what to say about it."""

    def __init__(self, store: Store, sample: collect.Sample) -> None:
        self.store = store
        self.sample = sample
        self.project: Project | None = None
        self.seconds: list[float] = []

    @property
    def project_id(self) -> str:
        """Id of the project, once there is one."""
        if self.project is None:
            raise NotReadyError("There is no project yet.", "Begin the walk at the beginning.")
        return self.project.id

    def go_round(self) -> bool:
        """Do all stages; return whether the second lap was promoted."""
        stages: tuple[tuple[str, Callable[[], str]], ...] = (
            ("Plan", self.plan),
            ("Collect", self.collect),
            ("Prepare", self.prepare),
            ("Train", self.train),
            ("Evaluate", self.evaluate),
            ("Deploy", self.deploy),
            ("Monitor", self.monitor),
            ("Retrain", self.retrain),
        )
        for title, stage in stages:
            started_at = time.monotonic()
            words = stage()
            self.seconds.append(time.monotonic() - started_at)
            say(f"{title:<9}{self.seconds[-1]:6.1f} s  {words}")
        laps = plan.list_laps(self.store, self.project_id)
        for lap in laps:
            say(f"Lap {lap.number}: {lap.reason}. {_say_result(lap)} Made live by {lap.promoted_by}.")
        return len(laps) == 2 and laps[-1].number == 2

    def plan(self) -> str:
        """Create the sample project with its objective and its tables."""
        self.project = collect.create_sample_project(self.store, self.sample.key, by=REQUESTER)
        objective = plan.current_objective(self.store, self.project.id)
        if objective.metric is None or objective.minimum is None:
            return objective.question
        metric = plan.metric(objective.metric)
        bound = "at least" if metric.greater_is_better else "at most"
        wanted = f"{bound} {plan.format_value(metric.name, objective.minimum)}"
        return f"{objective.question} {metric.label} {wanted}, for {objective.owner}."

    def collect(self) -> str:
        """Look at the table."""
        dataset = collect.current_dataset(self.store, self.project_id)
        stream = collect.current_stream(self.store, self.project_id)
        profile = collect.profile_dataset(self.store, dataset.id)
        n_missing = sum(column.n_missing for column in profile.columns)
        kept_back = stream.n_rows if stream else 0
        return (
            f"{dataset.n_rows:,} rows, {dataset.n_columns} columns, {n_missing:,} missing values; "
            f"{kept_back:,} rows kept back as live traffic."
        )

    def prepare(self) -> str:
        """Save the proposed recipe, which leaves out the columns that would give the answer away."""
        recipe = prepare.propose_recipe(self.store, self.project_id, by=REQUESTER)
        prepare.save_recipe(self.store, recipe)
        leaks = self.sample.known_leaks
        left_out = f" without {', '.join(leaks)}" if leaks else ""
        n_inputs = len(prepare.feature_columns(recipe))
        return f"{n_inputs} columns go in{left_out}; {len(recipe.steps)} steps; split: {recipe.split.kind}."

    def train(self) -> str:
        """Cross-validate the families on the cluster."""
        recipe = self._recipe()
        metric = plan.current_objective(self.store, self.project_id).metric or plan.default_metric(recipe.task).name
        job = train.start_training(
            self.store,
            self.project_id,
            families=FAMILIES,
            metric=metric,
            budget_s=BUDGET_S,
            n_splits=N_SPLITS,
            by=REQUESTER,
        )
        board = train.leaderboard(self.store, self._finish(job)["run_id"])
        return f"{N_SPLITS} folds: {'; '.join(_say_candidate(candidate) for candidate in board)}."

    def evaluate(self) -> str:
        """Put the best candidate to the test."""
        run = train.current_run(self.store, self.project_id)
        board = train.leaderboard(self.store, run.id) if run else ()
        best = next((candidate for candidate in board if candidate.status == "done"), None)
        if best is None:
            raise NotReadyError("No candidate was trained.", "Give training more time.")
        job = evaluate.start_evaluation(self.store, self.project_id, candidate_ids=[best.id], by=REQUESTER)
        evaluation = self.store.get(records.Evaluation, self._finish(job)["evaluation_ids"][0])
        return (
            f"{best.family} on {evaluation.n_rows_test:,} untouched rows. {evaluation.verdict.sentence} "
            f"{self._say_decisions(evaluation)}"
        ).rstrip()

    def deploy(self) -> str:
        """Register, approve and promote the model; ask the service one question."""
        evaluation = evaluate.list_evaluations(self.store, self.project_id)[0]
        job = deploy.start_registration(self.store, self.project_id, evaluation_id=evaluation.id, by=REQUESTER)
        model = self._promote(self._finish(job)["model_version_id"], reason="")
        address = serve.start_service(self.store)
        with serve.ServiceClient(address, key=deploy.internal_key(self.store)) as client:
            row = serve.example_row(deploy.load_prototype(self.store, model.id))
            answer = _ask(client, self._slug(), row)
        return (
            f"Version {model.number} ({model.engine}), asked for by {REQUESTER}, approved by {APPROVER}, is live. "
            f"A typical row over HTTP: {answer['predictions'][0]['prediction']}."
        )

    def monitor(self) -> str:
        """Play kept-back rows against the service, with labels that come later, and look."""
        job = simulate.start_replay(
            self.store,
            self.project_id,
            rows_per_second=ROWS_PER_SECOND,
            n_rows=N_LIVE_ROWS,
            label_delay_s=LABEL_DELAY_S,
            label_share=LABEL_SHARE,
            by=REQUESTER,
        )
        self._finish(job)
        drill = self._play_drill()
        traffic = monitor.traffic(self.store, self.project_id)
        performance = monitor.performance(self.store, self.project_id)
        alerts = [alert.title for alert in monitor.list_alerts(self.store, self.project_id)]
        told = f"Alerts: {'; '.join(alerts)}." if alerts else "No alert."
        return f"{traffic.sentence} {performance.sentence} {told} The drill: {drill.sentences[0]}"

    def _play_drill(self) -> records.DrillReport:
        """Play made rows in which a number comes a thousand times as large from the middle on; return how it went.

        Without labels, so that nothing is learnt from what was broken on purpose.
        """
        monitor.check_alerts(self.store, self.project_id, now=records.utc_now())
        fault = records.Fault("duplicated", N_DRILL_ROWS // 2, N_DRILL_ROWS)
        column = self._quiet_number()
        if column:
            fault = replace(fault, kind="unit_change", columns=(column,), value="thousand")
        choices = simulate.Choices(
            N_DRILL_ROWS,
            DRILL_ROWS_PER_SECOND,
            label_share=0.0,
            origin="made",
            speed_up=3_600.0,
            faults=(fault,),
            grace_s=DRILL_GRACE_S,
        )
        job = simulate.start_playing(self.store, self.project_id, choices, by=REQUESTER)
        while self.store.get(records.Job, job.id).active:
            # The job runner looks for alerts every ten seconds, which is long for a drill of a few seconds.
            monitor.check_alerts(self.store, self.project_id, now=records.utc_now())
            time.sleep(ALERT_INTERVAL_S)
        self._finish(job)
        return simulate.score_drill(self.store, job.id, now=records.utc_now())

    def _quiet_number(self) -> str | None:
        """Return an input that is a number and that no alert has named."""
        alerts = monitor.list_alerts(self.store, self.project_id)
        told = [alert.newest.figures if alert.newest else alert.evidence for alert in alerts]
        named = {column["name"] for figures in told for column in figures.get("columns", ())}
        model = deploy.live_model(self.store, self.project_id)
        inputs = deploy.load_prototype(self.store, model.id).columns if model else ()
        return next((one.name for one in inputs if one.kind == "number" and one.name not in named), None)

    def retrain(self) -> str:
        """Train a challenger from old and labelled live rows, and promote it unless it is clearly worse."""
        alerts = monitor.list_alerts(self.store, self.project_id)
        reason = alerts[0].title if alerts else f"Asked by {REQUESTER}"
        self._finish(retrain.start_retraining(self.store, self.project_id, reason=reason, by=REQUESTER))
        challenge = retrain.current_challenge(self.store, self.project_id)
        if challenge is None or challenge.high < 0:
            return challenge.recommendation if challenge else "No challenger came out."
        model = self._promote(challenge.challenger_id, reason=challenge.reason)
        decided = "" if challenge.better else f" {APPROVER} promotes it all the same, to complete the lap."
        evaluation = self.store.get(records.Evaluation, model.evaluation_id)
        return (
            f"{challenge.recommendation}{decided} Version {model.number} is live. {self._say_decisions(evaluation)}"
        ).rstrip()

    def _say_decisions(self, evaluation: records.Evaluation) -> str:
        """Say from which chance on a model says which class, and what its mistakes on the test rows cost."""
        threshold = evaluation.threshold
        costs = report.expected_costs(plan.current_objective(self.store, self.project_id), evaluation)
        said = [threshold.sentence] if threshold else []
        return " ".join([*said, *([costs.sentence, costs.comparison] if costs else [])])

    def _recipe(self) -> Recipe:
        recipe = prepare.current_recipe(self.store, self.project_id)
        if recipe is None:
            raise NotReadyError("There is no recipe yet.", "Prepare first.")
        return recipe

    def _slug(self) -> str:
        return self.store.get(Project, self.project_id).slug

    def _promote(self, model_version_id: str, *, reason: str) -> ModelVersion:
        model = deploy.approve_model(self.store, model_version_id, by=APPROVER)
        live = self.store.releases.current(self.project_id)
        seen = live.generation if live else 0
        deploy.promote_model(self.store, model.id, by=APPROVER, seen_generation=seen, reason=reason)
        return model

    def _finish(self, job: records.Job) -> Json:
        """Wait until the job runner has done a job, and return its result.

        Raises
        ------
        LifecycleError
            When it failed, with its own words.
        """
        while job.active:
            time.sleep(POLL_S)
            job = self.store.get(records.Job, job.id)
        if job.status != "done":
            raise LifecycleError(job.error or f"The work '{job.kind}' was {job.status}.", job.hint or "")
        return job.result


def _say_result(lap: records.Lap) -> str:
    if lap.metric is None or lap.value is None:
        return ""
    return f"{plan.metric(lap.metric).label} {plan.format_value(lap.metric, lap.value)} on its own test rows."


def _say_candidate(candidate: records.Candidate) -> str:
    if candidate.score_mean is None:
        return f"{candidate.family} {candidate.status.replace('_', ' ')}"
    sampled = f" on {candidate.n_rows_used:,} rows" if candidate.note else ""
    return f"{candidate.family} {candidate.score_mean:.3g} ± {candidate.score_sd or 0.0:.2g}{sampled}"


def _ask(client: serve.ServiceClient, slug: str, row: Json) -> Json:
    """Ask the service, which may need a moment until it has loaded what has just been promoted."""
    deadline = time.monotonic() + START_TIMEOUT_S
    while True:
        try:
            return client.predict(slug, [row])
        except LifecycleError:
            if time.monotonic() > deadline:
                raise
        time.sleep(POLL_S)
