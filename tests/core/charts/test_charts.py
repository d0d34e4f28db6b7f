"""Charts draw what the record says: every value, in its place, with the lines that give it meaning."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import plotly.graph_objects as go
import pytest

from core import charts, records
from core.charts.style import ACCENT, BAD, QUIET, SECOND

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
AUC = records.Metric("roc_auc", "Ranking (ROC AUC)", "{value}", ("binary",))
MAE = records.Metric("neg_mean_absolute_error", "Mean absolute error", "{value}", ("regression",), False, 0.0, None)


def annotations(figure: go.Figure) -> list[str]:
    return [note.text for note in figure.layout.annotations]


def trace(figure: go.Figure, name: str) -> go.Figure:
    return next(drawn for drawn in figure.data if drawn.name == name)


def column(**changes: object) -> records.ColumnProfile:
    values: dict = {
        "name": "age",
        "kind": "number",
        "n_rows": 3,
        "n_missing": 0,
        "n_distinct": 3,
        "distribution": records.Distribution(("0 to 10", "10 to 30"), (1, 2), (0.0, 10.0, 30.0)),
    }
    return records.ColumnProfile(**values | changes)


def candidate(family: str, scores: tuple[float, ...]) -> records.Candidate:
    mean = sum(scores) / len(scores) if scores else None
    return records.Candidate("run", "project", family, fold_scores=scores, score_mean=mean, status="done")


def evaluation(candidate_id: str, value: float, **changes: object) -> records.Evaluation:
    values: dict = {
        "project_id": "p",
        "run_id": "r",
        "candidate_id": candidate_id,
        "dataset_id": "d",
        "n_rows_test": 100,
        "metrics": (records.MetricEstimate("roc_auc", AUC.label, value, value - 0.1, value + 0.05),),
        "verdict": records.Verdict("met", "Good enough.", "roc_auc", value, minimum=0.6),
    }
    return records.Evaluation(**values | changes)


def drift_of(name: str, psi: float | None, outcome: str) -> records.ColumnDrift:
    return records.ColumnDrift(name, outcome, psi, 0.5, "", (0.6, 0.4), (0.2, 0.8), ("low", "high"))


def traffic_report(n_dropped: int = 0) -> records.TrafficReport:
    points = tuple(
        records.TrafficPoint(
            NOON + timedelta(minutes=minute),
            NOON + timedelta(minutes=minute + 1),
            5,
            10 + minute,
            1,
            2,
            n_dropped,
            3.5,
            9.0,
        )
        for minute in range(3)
    )
    return records.TrafficReport("p", points, 15, 33, 3, 6, 3 * n_dropped, 3.5, 9.0, "")


def performance_report() -> records.PerformanceReport:
    values = ((0.8, 0.7, 0.9), (None, None, None), (0.6, 0.5, 0.7))
    points = tuple(
        records.PerformancePoint(NOON + timedelta(hours=n), NOON + timedelta(hours=n + 1), 4, 10, *values[n])
        for n in range(3)
    )
    return records.PerformanceReport("p", "roc_auc", points, 30, 12, 0.4, "", reference_value=0.82, minimum=0.75)


def two_versions() -> records.PerformanceReport:
    """The same, the last stretch answered by a new version."""
    report = performance_report()
    last = replace(report.points[-1], model_version_id="second")
    return replace(report, points=(*report.points[:-1], last), model_version_id="second")


def test_a_number_column_is_a_histogram_whose_bars_are_as_wide_as_their_bins() -> None:
    bars = charts.distribution(column()).data[0]
    assert list(bars.x) == [0, 10]
    assert list(bars.width) == [10, 20]
    assert list(bars.y) == [1, 2]


def test_a_category_column_is_a_bar_list_in_the_order_given_with_long_names_shortened() -> None:
    long = "a category whose name would not fit on a telephone"
    figure = charts.distribution(column(kind="category", distribution=records.Distribution(("b", long), (5, 2))))
    assert list(figure.data[0].x) == [5, 2]
    assert figure.layout.yaxis.ticktext[0] == "b"
    assert len(figure.layout.yaxis.ticktext[1]) < 30
    assert figure.data[0].customdata[1] == long


def test_a_date_column_runs_from_left_to_right() -> None:
    figure = charts.distribution(column(kind="date", distribution=records.Distribution(("2026-01", "2026-02"), (5, 2))))
    assert list(figure.data[0].x) == ["2026-01", "2026-02"]


def test_a_small_distribution_has_no_axes() -> None:
    figure = charts.distribution(column(), small=True)
    assert figure.layout.xaxis.visible is False
    assert figure.layout.height < 120


def test_the_leaderboard_shows_each_fold_and_the_guess_to_beat() -> None:
    tried = [candidate("forest", (0.8, 0.9)), candidate("dummy", (0.5, 0.5)), candidate("svm", ())]
    figure = charts.leaderboard(tried, AUC, {"forest": "Random forest"})
    assert list(figure.data[0].x) == [80, 90]
    assert list(figure.data[-1].x) == pytest.approx([85, 50])
    assert list(figure.layout.yaxis.ticktext) == ["Random forest", "dummy"]
    assert figure.layout.shapes[0].x0 == 50
    assert "guessing" in annotations(figure)


@pytest.mark.parametrize(("metric", "words"), [(AUC, "more is better"), (MAE, "less is better")])
def test_the_leaderboard_says_which_way_is_better(metric: records.Metric, words: str) -> None:
    assert words in charts.leaderboard([candidate("forest", (0.8,))], metric, {}).layout.xaxis.title.text


def test_shares_are_drawn_out_of_100_and_errors_in_their_own_unit() -> None:
    assert list(charts.leaderboard([candidate("forest", (0.8,))], AUC, {}).data[0].x) == [80]
    assert list(charts.leaderboard([candidate("forest", (0.8,))], MAE, {}).data[0].x) == [0.8]


def test_compared_models_carry_their_intervals_and_the_wanted_value() -> None:
    figure = charts.compare([evaluation("a", 0.8), evaluation("b", 0.7, metrics=())], AUC, {"a": "Forest"})
    assert list(figure.layout.yaxis.ticktext) == ["Forest"]
    assert figure.data[0].error_x.arrayminus[0] == pytest.approx(10)
    assert figure.data[0].error_x.array[0] == pytest.approx(5)
    assert figure.layout.shapes[0].x0 == 60


def test_a_confusion_matrix_shows_counts_and_shades_by_share_of_the_true_class() -> None:
    figure = charts.confusion(records.ConfusionMatrix(("no", "yes", "never"), ((90, 10, 0), (1, 1, 0), (0, 0, 0))))
    assert figure.data[0].text[0][0] == "90"
    assert list(figure.data[0].z[1]) == [0.5, 0.5, 0.0]
    assert list(figure.data[0].z[2]) == [0.0, 0.0, 0.0]


def test_a_roc_curve_is_drawn_with_guessing_and_its_area() -> None:
    figure = charts.roc(records.Curve((0.0, 0.2, 1.0), (0.0, 0.9, 1.0), 0.87))
    assert list(figure.data[0].y) == [0.0, 0.9, 1.0]
    assert "0.870" in figure.data[0].name
    assert list(trace(figure, "guessing").x) == [0, 1]
    assert len(charts.precision_recall(records.Curve((0.0, 1.0), (1.0, 0.5))).data) == 1


def test_predicted_values_are_set_against_the_line_of_perfect_answers() -> None:
    figure = charts.predicted_against_actual(evaluation("a", 0.8, actual=(3.0, 1.0), predicted=(2.0, 1.5)))
    assert list(figure.data[0].x) == [3.0, 1.0]
    assert list(figure.data[0].y) == [2.0, 1.5]
    assert list(trace(figure, "a perfect answer").x) == [1.0, 3.0]


def test_importance_puts_the_column_that_matters_most_on_top_and_stops_at_fifteen() -> None:
    columns = [records.ColumnImportance(f"c{n}", n / 10, 0.01) for n in range(20)]
    figure = charts.importance(columns, AUC)
    assert figure.layout.yaxis.ticktext[0] == "c19"
    assert len(figure.data[0].x) == 15
    assert figure.data[0].x[0] == pytest.approx(190)


def test_traffic_names_rows_that_were_not_logged_only_when_there_are_any() -> None:
    assert [drawn.name for drawn in charts.traffic(traffic_report()).data] == ["predicted"]
    lossy = charts.traffic(traffic_report(n_dropped=4))
    assert list(trace(lossy, "answered, but not logged").y) == [4, 4, 4]


def test_latency_has_the_middle_and_the_slow_answers() -> None:
    figure = charts.latency(traffic_report())
    assert [list(drawn.y) for drawn in figure.data] == [[9.0] * 3, [3.5] * 3]


def test_errors_tell_the_senders_mistakes_from_ours() -> None:
    refused, failed = charts.errors(traffic_report()).data
    assert (list(refused.y), list(failed.y)) == ([1, 1, 1], [2, 2, 2])
    assert failed.marker.color == BAD


def test_drift_is_sorted_and_coloured_by_the_verdict_with_the_threshold_drawn() -> None:
    report = records.DriftReport(
        "p",
        "m",
        500,
        0,
        (
            drift_of("calm", 0.01, "stable"),
            drift_of("moved", 0.4, "drifted"),
            drift_of("thin", 0.3, "not_enough_data"),
            drift_of("unmeasured", None, "not_enough_data"),
        ),
        None,
        "",
    )
    figure = charts.drift_by_column(report, threshold=0.2)
    assert list(figure.layout.yaxis.ticktext) == ["moved", "thin", "calm"]
    assert {drawn.customdata[0]: drawn.marker.color for drawn in figure.data} == {
        "moved": BAD,
        "calm": ACCENT,
        "thin": QUIET,
    }
    assert figure.layout.shapes[0].x0 == 0.2


def test_one_column_that_moved_far_does_not_hide_the_others() -> None:
    columns = (drift_of("month", 8.0, "drifted"), drift_of("moved", 0.4, "drifted"))
    figure = charts.drift_by_column(records.DriftReport("p", "m", 500, 0, columns, None, ""), threshold=0.02)
    assert figure.layout.xaxis.range[1] == 1.0
    assert list(figure.data[0].x) == [8.0, 0.4]


def test_one_column_shows_then_and_now_side_by_side() -> None:
    reference, current = charts.reference_and_current(drift_of("moved", 0.4, "drifted")).data
    assert (list(reference.x), list(current.x)) == ([0.6, 0.4], [0.2, 0.8])
    assert current.marker.color == BAD


def estimate_report() -> records.EstimateReport:
    """Two stretches with an estimate, of which labels confirm one and contradict the other; one without."""
    first = records.EstimatedPoint(NOON, NOON + timedelta(minutes=1), 300, 0.8, 0.75, 0.85, 0.0, 60, 0.81, 0.8)
    second = replace(first, started_at=NOON + timedelta(minutes=1), measured=0.5, is_off=True)
    empty = records.EstimatedPoint(NOON, NOON, 3, None, None, None, 0.0)
    return records.EstimateReport("p", "m", "roc_auc", (first, second, empty), "unreliable", "", "")


def told(**changes: object) -> charts.History:
    """Return a history with a release, an alert, a changed stretch and some traffic."""
    events = (records.LiveEvent("release", "version 1 live", NOON), records.LiveEvent("alert", "Lost", NOON))
    drift = (
        records.DriftPoint(NOON, NOON + timedelta(minutes=1), 500, 2, ("distance", "carrier")),
        records.DriftPoint(NOON + timedelta(minutes=1), NOON + timedelta(minutes=2), 20, None),
    )
    plain = charts.History(performance_report(), estimate_report(), drift, traffic_report(), events)
    return replace(plain, **changes)


def test_what_happened_is_marked_over_all_rows_of_the_history() -> None:
    figure = charts.history(told(), AUC)
    assert {drawn.name for drawn in figure.data if drawn.yaxis == "y5"} == {"new model live", "alert"}
    assert [list(drawn.y) for drawn in figure.data if drawn.yaxis == "y3"] == [[2]]
    assert sum(shape.yref == "paper" for shape in figure.layout.shapes) == 2


def test_a_bar_of_traffic_is_as_wide_as_its_stretch_beside_shorter_ones_on_the_same_axis() -> None:
    figure = charts.history(told(), AUC)
    (rows, lost) = (drawn for drawn in figure.data if drawn.yaxis == "y4")
    assert set(rows.width) == set(lost.width) == {60_000}
    assert rows.x[0] == NOON + timedelta(seconds=30)


def test_quality_skips_what_is_not_known_and_shows_objective_and_test_value() -> None:
    figure = charts.history(told(), AUC)
    assert list(trace(figure, "measured where the truth is known").y) == [80, 60]
    assert {shape.y0 for shape in figure.layout.shapes} == {75, 82, 0}
    assert "wanted" in annotations(figure)
    nothing = records.EstimateReport("p", "m", "roc_auc", (), "not_available", "", "")
    assert len(charts.history(told(estimate=nothing), AUC).data) == len(figure.data) - 3


def test_an_estimate_that_labels_contradict_is_hollow_and_red() -> None:
    expected = trace(charts.history(told(), AUC), "expected without the truth")
    assert list(expected.y) == [80, 80]
    assert list(expected.marker.symbol) == ["circle", "circle-open"]
    assert list(expected.marker.color) == [SECOND, BAD]
    assert [told for *_, told in expected.customdata] == ["labels confirm it", "labels contradict it"]


def test_the_share_of_unknown_truth_lies_below_on_the_same_axis_of_time() -> None:
    report = performance_report()
    figure = charts.history(told(performance=report), AUC)
    (bars,) = (drawn for drawn in figure.data if drawn.yaxis == "y2")
    assert list(bars.y) == [100 * (1 - point.n_labelled / point.n_predictions) for point in report.points]
    assert figure.layout.xaxis.anchor == "y4"


def test_the_value_at_the_test_stands_over_the_time_of_its_own_model_only() -> None:
    report = two_versions()
    figure = charts.history(told(performance=report), AUC)
    (line,) = (shape for shape in figure.layout.shapes if shape.y0 == 82)
    assert (line.x0, line.x1) == (report.points[-1].started_at, report.points[-1].ended_at)
    asked_nothing = charts.history(told(performance=replace(report, model_version_id="third")), AUC)
    assert 82 not in {shape.y0 for shape in asked_nothing.layout.shapes}


def test_slices_with_too_few_labels_are_left_out_and_worse_ones_marked() -> None:
    found = (
        records.Slice("north", 400, 0.9, 0.88, 0.92),
        records.Slice("south", 300, 0.6, 0.55, 0.65, is_worse=True),
        records.Slice("east", 3, None, None, None),
    )
    figure = charts.slices(records.SliceReport("shop", "roc_auc", found, 0.8, 703, ""), AUC)
    assert list(figure.data[0].x) == [90, 60]
    assert list(figure.data[0].marker.color) == [ACCENT, BAD]
    assert list(figure.layout.yaxis.ticktext) == ["north", "south"]
    assert figure.layout.shapes[0].x0 == 80


def test_a_lone_minute_of_traffic_has_room_on_either_side() -> None:
    report = traffic_report()
    lone = replace(report, points=report.points[:1])
    for chart in (charts.traffic, charts.latency, charts.errors):
        assert [moment - NOON for moment in chart(lone).layout.xaxis.range] == [
            timedelta(minutes=-5),
            timedelta(minutes=5),
        ]
        assert chart(report).layout.xaxis.range is None


def test_laps_leave_out_what_was_measured_otherwise() -> None:
    history = [
        records.Lap("p", 1, "first", "d", "m", "roc_auc", 0.7),
        records.Lap("p", 2, "drift", "d", "m", "accuracy", 0.9),
        records.Lap("p", 3, "drift", "d", "m", "roc_auc", 0.75),
    ]
    assert list(charts.laps(history, AUC).data[0].x) == [1, 3]


@pytest.mark.parametrize(("ends", "color"), [((0.01, 0.05), ACCENT), ((-0.05, -0.01), BAD), ((-0.01, 0.02), QUIET)])
def test_a_challenge_takes_its_colour_from_the_whole_interval(ends: tuple[float, float], color: str) -> None:
    low, high = ends
    result = records.Challenge("p", "j", "a", "b", "d", 500, "roc_auc", 0.7, 0.72, 0.02, low, high, "", better=low > 0)
    figure = charts.challenge(result, AUC)
    assert figure.data[0].marker.color == color
    assert figure.layout.shapes[0].x0 == 0


def test_every_chart_lets_the_theme_show_through() -> None:
    for figure in (charts.distribution(column()), charts.errors(traffic_report()), charts.roc(records.Curve((), ()))):
        assert figure.layout.paper_bgcolor == "rgba(0, 0, 0, 0)"
        assert figure.layout.font.color is None


def test_step_prices_show_each_range_around_zero_and_colour_only_what_is_clear() -> None:
    prices = [
        records.StepPrice("scale", "Scale", (0.03, 0.05), 0.04, 0.014, 0.01, 0.07, "helps"),
        records.StepPrice("fill", "Fill", (-0.01, 0.01), 0.0, 0.014, -0.05, 0.05, "unclear"),
        records.StepPrice("drop", "Drop", (-0.03, -0.05), -0.04, 0.014, -0.07, -0.01, "costs"),
        records.StepPrice("text", "Text", problem="It cannot be left out."),
    ]
    figure = charts.step_prices(prices, AUC)
    bars = figure.data[0]
    assert list(bars.x) == pytest.approx([4.0, 0.0, -4.0])
    assert list(bars.error_x.array) == pytest.approx([3.0, 5.0, 3.0])
    assert list(bars.error_x.arrayminus) == pytest.approx([3.0, 5.0, 3.0])
    assert list(bars.marker.color) == [charts.steps.faded(color, 0.55) for color in (ACCENT, QUIET, BAD)]
    assert [line.x0 for line in figure.layout.shapes] == [0]
    assert list(figure.layout.yaxis.ticktext) == ["Scale", "Fill", "Drop"]
