"""A candidate is fitted to all training rows and measured on the untouched test part."""

from collections.abc import Iterator

import pytest
from sklearn.metrics import recall_score, roc_auc_score

from core import evaluate, plan, prepare
from core.errors import BadInputError, NotFoundError
from core.records import Candidate, Evaluation, Job, utc_now
from core.store import JobHandle, StoppedError, Store, open_store
from tests.model_worlds import World, add_candidate, count_out_of_fold, evaluate_candidate, make_world


@pytest.fixture(scope="module")
def module_store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    opened = open_store(tmp_path_factory.mktemp("evaluate") / "home")
    yield opened
    opened.engine.dispose()


@pytest.fixture(scope="module")
def world(module_store: Store) -> World:
    return make_world(module_store, "Late flights")


@pytest.fixture(scope="module")
def evaluated(module_store: Store, world: World) -> Evaluation:
    """The evaluation of a candidate that nobody has fitted before: the job fits it in a child process."""
    candidate = module_store.add(Candidate(world.run.id, world.project.id, "linear", status="done", n_rows_used=320))
    return evaluate_candidate(module_store, candidate)


def test_the_figures_are_those_of_the_kept_pipeline_on_the_test_part(
    module_store: Store, world: World, evaluated: Evaluation
) -> None:
    features, target = prepare.features_and_target(prepare.split_rows(module_store, world.recipe).test, world.recipe)
    pipeline = evaluate.load_fitted(module_store, evaluated.candidate_id)
    first = evaluated.metrics[0]
    assert first.name == "roc_auc"
    assert first.value == pytest.approx(roc_auc_score(target == "yes", pipeline.predict_proba(features)[:, 1]))
    assert first.low < first.value < first.high
    assert evaluated.n_rows_test == len(features)


def test_all_metrics_of_the_task_are_measured_the_objectives_first(evaluated: Evaluation) -> None:
    assert {estimate.name for estimate in evaluated.metrics} == {one.name for one in plan.metrics_for("binary")}


def test_the_objective_is_judged_on_the_interval(evaluated: Evaluation) -> None:
    assert evaluated.verdict.outcome == "met"
    assert evaluated.verdict.minimum == 0.6


def test_matrix_curves_and_importance_belong_to_a_binary_evaluation(evaluated: Evaluation) -> None:
    assert evaluated.confusion is not None
    assert sum(map(sum, evaluated.confusion.counts)) == evaluated.n_rows_test
    assert evaluated.roc is not None
    assert evaluated.precision_recall is not None
    assert {one.column for one in evaluated.importance[:2]} == {"distance", "carrier"}
    assert {one.column for one in evaluated.importance} == {"distance", "delay", "carrier", "holiday", "scheduled"}


def test_evaluating_again_does_not_fit_again_and_only_the_newest_counts(
    module_store: Store, world: World, evaluated: Evaluation
) -> None:
    folder = module_store.files.candidate(evaluated.candidate_id)
    before = (folder / "model.skops").stat().st_mtime_ns
    again = evaluate_candidate(module_store, module_store.get(Candidate, evaluated.candidate_id))
    assert (folder / "model.skops").stat().st_mtime_ns == before
    assert again.metrics == evaluated.metrics
    listed = evaluate.list_evaluations(module_store, world.project.id)
    assert [one.id for one in listed if one.candidate_id == evaluated.candidate_id] == [again.id]


def test_the_positive_class_of_the_objective_decides_what_recall_means(module_store: Store) -> None:
    world = make_world(module_store, "On time flights", seed=3)
    plan.change_objective(module_store, world.project.id, by="Anna", positive_label="no", metric="recall")
    evaluation = evaluate_candidate(module_store, add_candidate(module_store, world))
    matrix = evaluation.confusion
    assert matrix is not None
    row = matrix.labels.index("no")
    assert evaluation.metrics[0].name == "recall"
    assert evaluation.metrics[0].value == pytest.approx(matrix.counts[row][row] / sum(matrix.counts[row]))
    assert any("'no'" in sentence for sentence in evaluation.sentences)


def test_a_regression_keeps_pairs_of_true_and_predicted_numbers(module_store: Store) -> None:
    world = make_world(module_store, "Minutes late", task="regression")
    evaluation = evaluate_candidate(module_store, add_candidate(module_store, world))
    assert len(evaluation.actual) == len(evaluation.predicted) == evaluation.n_rows_test
    assert evaluation.metrics[0].name == "neg_mean_absolute_error"
    assert evaluation.metrics[0].value > 0
    assert evaluation.confusion is None
    assert evaluation.verdict.outcome == "met"


def test_several_classes_have_a_matrix_and_no_curve(module_store: Store) -> None:
    world = make_world(module_store, "How late", task="multiclass")
    evaluation = evaluate_candidate(module_store, add_candidate(module_store, world))
    assert evaluation.confusion is not None
    assert len(evaluation.confusion.labels) == 3
    assert evaluation.roc is None


def test_progress_goes_up_and_is_told_in_words(module_store: Store, world: World) -> None:
    told: list[tuple[float, str]] = []

    class Listening(JobHandle):
        def report(self, progress: float, message: str) -> None:
            told.append((progress, message))

    candidates = [add_candidate(module_store, world, "dummy"), add_candidate(module_store, world, "naive_bayes")]
    ids = [candidate.id for candidate in candidates]
    job = evaluate.start_evaluation(module_store, world.project.id, candidate_ids=ids, by="Anna")
    result = evaluate.run_evaluation(Listening(module_store, job))
    assert len(result["evaluation_ids"]) == 2
    assert [progress for progress, _ in told] == sorted(progress for progress, _ in told)
    assert told[-1][0] == 1.0
    assert all(message for _, message in told)


def test_an_evaluation_that_is_asked_to_stop_stops(module_store: Store, world: World) -> None:
    candidate = add_candidate(module_store, world, "dummy")
    job = evaluate.start_evaluation(module_store, world.project.id, candidate_ids=[candidate.id], by="Anna")
    module_store.update(job, status="running")
    module_store.jobs.request_stop(job.id, utc_now())
    with pytest.raises(StoppedError):
        evaluate.run_evaluation(JobHandle(module_store, job))
    assert module_store.count(Evaluation, candidate_id=candidate.id) == 0


def test_only_finished_candidates_of_the_project_are_evaluated(module_store: Store, world: World) -> None:
    waiting = module_store.add(Candidate(world.run.id, world.project.id, "svm"))
    foreign = module_store.add(Candidate(world.run.id, "another", "svm", status="done"))
    n_jobs = module_store.count(Job)
    for ids, error, words in (
        ([], BadInputError, "No candidate"),
        ([waiting.id], BadInputError, "not finished training"),
        ([foreign.id], BadInputError, "another project"),
        (["0" * 24], NotFoundError, "no such candidate"),
    ):
        with pytest.raises(error, match=words):
            evaluate.start_evaluation(module_store, world.project.id, candidate_ids=ids, by="Anna")
    assert module_store.count(Job) == n_jobs


@pytest.fixture(scope="module")
def costly(module_store: Store) -> tuple[World, Candidate]:
    """A project whose plan names what both mistakes cost, and a candidate of it."""
    world = make_world(module_store, "Costly flights", seed=1)
    plan.change_objective(
        module_store,
        world.project.id,
        by="Anna",
        cost_false_positive=1.0,
        cost_false_negative=10.0,
        positive_label="yes",
    )
    return world, count_out_of_fold(module_store, world, add_candidate(module_store, world))


def test_the_threshold_is_chosen_by_the_training_rows_and_the_test_is_answered_with_it(
    module_store: Store, costly: tuple[World, Candidate]
) -> None:
    world, candidate = costly
    found = evaluate_candidate(module_store, candidate)
    rows = prepare.split_rows(module_store, world.recipe)
    assert candidate.out_of_fold is not None
    assert sum(candidate.out_of_fold.positives) == (rows.train["late"] == "yes").sum()
    assert sum(candidate.out_of_fold.negatives) == (rows.train["late"] == "no").sum()
    objective = plan.current_objective(module_store, world.project.id)
    assert found.threshold == evaluate.choose_threshold(candidate.out_of_fold, objective)
    assert found.threshold is not None
    assert found.threshold.value < 0.3
    features, target = prepare.features_and_target(rows.test, world.recipe)
    proba = evaluate.load_fitted(module_store, candidate.id).predict_proba(features)[:, 1]
    said, is_yes = proba >= found.threshold.value, target == "yes"
    assert found.confusion is not None
    assert found.confusion.counts[1] == ((~said & is_yes).sum(), (said & is_yes).sum())
    assert found.confusion.counts[0] == ((~said & ~is_yes).sum(), (said & ~is_yes).sum())
    values = {one.name: one for one in found.metrics}
    assert values["recall"].value == pytest.approx(recall_score(is_yes, said))
    assert values["recall"].low < values["recall"].value
    assert values["roc_auc"].value == pytest.approx(roc_auc_score(is_yes, proba))


def test_a_person_may_choose_another_threshold_and_the_test_is_answered_with_that(
    module_store: Store, costly: tuple[World, Candidate]
) -> None:
    _, candidate = costly
    by_costs, by_person = (evaluate_candidate(module_store, candidate, threshold=one) for one in (None, 0.9))
    assert by_person.threshold is not None
    assert (by_person.threshold.value, by_person.threshold.chosen_by) == (0.9, "Anna")
    recall, other = ({one.name: one.value for one in found.metrics}["recall"] for found in (by_person, by_costs))
    assert recall < other


def test_without_costs_nothing_changes(module_store: Store, world: World) -> None:
    plain = add_candidate(module_store, world)
    with_chances = count_out_of_fold(module_store, world, add_candidate(module_store, world))
    before, after = (evaluate_candidate(module_store, one) for one in (plain, with_chances))
    assert before.threshold is None
    assert after.threshold is not None
    assert after.threshold.is_likelier_class
    assert (after.confusion, after.metrics, after.sentences) == (before.confusion, before.metrics, before.sentences)


def test_a_threshold_that_makes_no_sense_is_refused_before_anything_is_queued(
    module_store: Store, world: World, costly: tuple[World, Candidate]
) -> None:
    n_jobs = module_store.count(Job)
    with pytest.raises(BadInputError, match="is no threshold"):
        evaluate_candidate(module_store, costly[1], threshold=1.5)
    with pytest.raises(BadInputError, match="two classes that give chances"):
        evaluate_candidate(module_store, add_candidate(module_store, world), threshold=0.4)
    assert module_store.count(Job) == n_jobs
