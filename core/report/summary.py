"""One project on one screen, in sentences a person can decide by, and the decisions that wait for somebody."""

from collections.abc import Sequence
from dataclasses import dataclass

from core import monitor, plan, retrain, train
from core.errors import LifecycleError
from core.records import (
    Alert,
    Challenge,
    DatasetVersion,
    Evaluation,
    ModelVersion,
    Objective,
    Outcome,
    PerformanceReport,
    Project,
    Severity,
)
from core.report.costs import expected_costs
from core.store import Store

JUDGED: dict[Outcome, str] = {
    "met": "Good enough.",
    "not_met": "Not good enough.",
    "not_enough_data": "Too few rows to say whether it is good enough.",
    "no_objective": "Nobody has said how good is good enough.",
}


@dataclass(frozen=True)
class Fact:
    """One thing worth knowing: `key` names it, `sentences` say it; the first is the main one."""

    key: str
    title: str
    sentences: tuple[str, ...]


@dataclass(frozen=True)
class OpenDecision:
    """Something that waits for a person, and the stage at which it is decided."""

    sentence: str
    stage: str


@dataclass(frozen=True)
class ProjectSummary:
    """A project in words. `outcome` is the verdict on the model that is live, else on the best tested one.

    `alarm` is the greatest severity of the alerts that are open, None without any: a test passed once says little then.
    """

    headline: str
    outcome: Outcome | None
    alarm: Severity | None
    facts: tuple[Fact, ...]
    decisions: tuple[OpenDecision, ...]


@dataclass(frozen=True)
class _Standing:
    """What the store holds about a project, read once."""

    project: Project
    objective: Objective
    table: DatasetVersion | None
    learned_from: DatasetVersion | None
    model: ModelVersion | None
    evaluation: Evaluation | None
    alerts: tuple[Alert, ...]
    challenge: Challenge | None
    n_predictions: int
    n_labelled: int


def summarise_project(store: Store, project_id: str) -> ProjectSummary:
    """Return the summary of a project as it stands now.

    Raises
    ------
    NotFoundError
        When there is no such project.
    """
    standing = _read(store, project_id)
    facts = (
        _question(standing),
        _wanted(standing),
        _data(standing),
        _model(standing),
        _live(store, standing),
        _going(store, standing),
        _cost(standing),
    )
    outcome = standing.evaluation.verdict.outcome if standing.evaluation else None
    return ProjectSummary(
        _headline(standing), outcome, _alarm(standing.alerts), facts, tuple(_decisions(store, standing))
    )


def _read(store: Store, project_id: str) -> _Standing:
    deployment = store.releases.current(project_id)
    model = store.get(ModelVersion, deployment.model_version_id) if deployment else None
    evaluation = store.get(Evaluation, model.evaluation_id) if model else _best_tested(store, project_id)
    n_predictions, n_labelled = store.log.coverage(project_id, model_version_id=model.id) if model else (0, 0)
    return _Standing(
        project=store.get(Project, project_id),
        objective=plan.current_objective(store, project_id),
        table=store.newest(DatasetVersion, project_id=project_id, role="table"),
        learned_from=store.newest(DatasetVersion, id=evaluation.dataset_id) if evaluation else None,
        model=model,
        evaluation=evaluation,
        alerts=tuple(alert for alert in monitor.list_alerts(store, project_id) if alert.state == "open"),
        challenge=retrain.current_challenge(store, project_id),
        n_predictions=n_predictions,
        n_labelled=n_labelled,
    )


def _best_tested(store: Store, project_id: str) -> Evaluation | None:
    """Return the evaluation of the candidate that led the leaderboard: picking by the test itself would flatter it."""
    run = train.current_run(store, project_id)
    for candidate in train.leaderboard(store, run.id) if run else ():
        found = store.newest(Evaluation, candidate_id=candidate.id)
        if found is not None:
            return found
    return store.newest(Evaluation, project_id=project_id)


def _alarm(alerts: Sequence[Alert]) -> Severity | None:
    found = {alert.severity for alert in alerts}
    severities: tuple[Severity, ...] = ("critical", "warning", "info")
    return next((severity for severity in severities if severity in found), None)


def _headline(standing: _Standing) -> str:
    if standing.evaluation is None:
        return "There is no tested model yet."
    is_live = "A model is live" if standing.model else "No model is live yet"
    judged = {
        "met": "it passed the test you set",
        "not_met": "it did not pass the test you set",
        "not_enough_data": "there were too few rows to say whether it is good enough",
        "no_objective": "nobody has said how good is good enough",
    }[standing.evaluation.verdict.outcome]
    if standing.model is None:
        judged = judged.replace("it ", "the best tested one ", 1) if judged.startswith("it ") else judged
    n_alerts = len(standing.alerts)
    warned = {0: "", 1: " One thing needs a look."}.get(n_alerts, f" {n_alerts} things need a look.")
    urgent = next((alert for alert in standing.alerts if alert.severity == "critical"), None)
    if urgent is not None:
        warned = f" Now it needs somebody: {urgent.title[:1].lower()}{urgent.title[1:].rstrip('.')}."
    return f"{is_live}; {judged}.{warned}"


def _question(standing: _Standing) -> Fact:
    objective = standing.objective
    asked = objective.question or "Nobody has written down the question yet."
    owner = f"{objective.owner} answers for it." if objective.owner else "Nobody answers for it yet."
    return Fact("question", "The question", (asked, owner))


def _wanted(standing: _Standing) -> Fact:
    objective = standing.objective
    if objective.metric is None or objective.minimum is None:
        return Fact("wanted", "Good enough means", ("Nobody has said how good is good enough.",))
    metric = plan.metric(objective.metric)
    bound = "At least this" if metric.greater_is_better else "No worse than this"
    return Fact("wanted", "Good enough means", (f"{bound}: {plan.say_value(metric.name, objective.minimum)}",))


def _data(standing: _Standing) -> Fact:
    newest, table = standing.table, standing.learned_from or standing.table
    if table is None or newest is None:
        return Fact("data", "What it learns from", ("There is no table yet.",))
    told = f"{table.n_rows:,} rows with {table.n_columns:,} columns, from {table.filename}."
    known = "This is version" if standing.learned_from is None else "The model learned from version"
    newer = (f"There is a newer version {newest.number} that it does not know.",) if newest.id != table.id else ()
    return Fact("data", "What it learns from", (told, f"{known} {table.number} of the table.", *newer))


def _model(standing: _Standing) -> Fact:
    evaluation = standing.evaluation
    if evaluation is None:
        return Fact("model", "How good it is", ("No model has been tested yet.",))
    verdict = evaluation.verdict
    said = plan.say_value(verdict.metric, verdict.value) if verdict.metric and verdict.value is not None else ""
    tested = f"Tested on {evaluation.n_rows_test:,} rows it had never seen."
    decides = (evaluation.threshold.sentence,) if evaluation.threshold else ()
    judged = f"{JUDGED[verdict.outcome]} {said}".strip()
    return Fact("model", "How good it is", (judged, *evaluation.sentences, *decides, tested))


def _live(store: Store, standing: _Standing) -> Fact:
    deployment = store.releases.current(standing.project.id)
    if standing.model is None or deployment is None:
        return Fact("live", "What is live", ("Nothing: no program is using a model of this project.",))
    kind = train.find_family(standing.model.family).title
    return Fact(
        "live",
        "What is live",
        (
            f"Version {standing.model.number} ({kind}), since {deployment.promoted_at:%d %B %Y}.",
            f"Made live by {deployment.promoted_by}, approved by {standing.model.approved_by or 'nobody'}.",
            f"Lap {plan.current_lap(store, standing.project.id)} round the circle.",
        ),
    )


def _going(store: Store, standing: _Standing) -> Fact:
    title = "How it is doing"
    if standing.model is None:
        return Fact("going", title, ("It can be watched once it is live.",))
    if standing.n_predictions == 0:
        return Fact("going", title, ("Nobody has asked it anything yet.",))
    asked = f"It has answered {standing.n_predictions:,} times; the truth is known for {standing.n_labelled:,}."
    try:
        lately = _say_lately(monitor.performance(store, standing.project.id))
        drift = monitor.drift(store, standing.project.id).sentence
    except LifecycleError as error:
        # Not enough to go by is an answer, too.
        return Fact("going", title, (asked, error.message))
    return Fact("going", title, (lately, drift, asked))


def _say_lately(report: PerformanceReport) -> str:
    """Return what the live model's newest answers whose truth is known say, without the name of the metric."""
    if report.latest is None:
        return "Whether it is right is not known yet: no truth has arrived."
    said = f"Lately: {plan.say_value(report.metric, report.latest.value)}"
    if report.reference_value is not None:
        said += f" When it was tested: {plan.format_value(report.metric, report.reference_value)}."
    if report.minimum is not None:
        said += f" Wanted: {plan.format_value(report.metric, report.minimum)}."
    return said


def _cost(standing: _Standing) -> Fact:
    title = "What mistakes cost"
    costs = expected_costs(standing.objective, standing.evaluation) if standing.evaluation else None
    if costs is None:
        return Fact("cost", title, ("Not known: nobody has said what a mistake costs, or nothing is tested yet.",))
    return Fact("cost", title, (costs.sentence, costs.comparison))


def _decisions(store: Store, standing: _Standing) -> list[OpenDecision]:
    objective = standing.objective
    found = []
    if not objective.question or objective.minimum is None or not objective.owner:
        found.append(OpenDecision("Say what is asked, how good is good enough, and who answers for it.", "plan"))
    found += [OpenDecision(f"{alert.title.rstrip('.')}. Is it serious?", "monitor") for alert in standing.alerts]
    found += _decisions_on_models(store, standing)
    return found


def _decisions_on_models(store: Store, standing: _Standing) -> list[OpenDecision]:
    found = []
    challenge, live_id = standing.challenge, standing.model.id if standing.model else None
    challenger_id = challenge.challenger_id if challenge and challenge.champion_id == live_id else None
    if challenge is not None and challenger_id is not None:
        found.append(OpenDecision(f"A new model waits. {challenge.recommendation} Shall it go live?", "retrain"))
    for model in store.find(ModelVersion, project_id=standing.project.id):
        if model.id == challenger_id:
            continue
        if model.status == "registered":
            found.append(OpenDecision(f"Version {model.number} waits for somebody to approve it.", "deploy"))
        elif model.status == "approved" and live_id is None:
            found.append(OpenDecision(f"Version {model.number} is approved. Shall it go live?", "deploy"))
    if (
        standing.evaluation is not None
        and standing.model is None
        and not store.count(ModelVersion, project_id=standing.project.id)
    ):
        found.append(OpenDecision("A model is tested. Shall it be handed in to go live?", "deploy"))
    return found
