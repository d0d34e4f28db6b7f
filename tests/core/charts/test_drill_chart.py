"""The timeline of a drill, and the shade over simulated traffic."""

from datetime import UTC, datetime, timedelta

from core import charts
from core.charts.style import start_figure
from core.records import AlarmScore, DrillReport, Fault, FaultScore, PlayedSpan

START = datetime(2026, 3, 1, 12, tzinfo=UTC)


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def make_report(**changes: object) -> DrillReport:
    noticed = FaultScore(
        Fault("stuck", 10, 50, ("temp",)), "'temp' is 50% <stuck>", 40, at(10), at(50), at(25), 15.0, 15, "Temp", True
    )
    to_come = FaultScore(Fault("outage", 60, 90), "no questions come", 0, None, None)
    alarms = (
        AlarmScore("a", "Temp", at(25), 25, "right", (0,), ("temp",)),
        AlarmScore("b", "Wind", at(5), 5, "false", ()),
    )
    fields = {"ended_at": at(100), "n_rows": 100, "speed_up": 1.0, "grace_s": 20.0, "faults": (noticed, to_come)}
    fields |= {"alarms": alarms, "sentences": ("Said.",), **changes}
    return DrillReport("job", "project", START, **fields)


def test_faults_and_alarms_share_one_time_axis_a_row_each() -> None:
    figure = charts.drill(make_report())
    assert list(figure.layout.yaxis.ticktext) == ["stuck: temp", "outage", "Alarms"]
    bars = [trace for trace in figure.data if trace.mode == "lines"]
    assert [(trace.x, trace.y[0]) for trace in bars] == [((at(50), at(70)), 0), ((at(10), at(50)), 0)]
    named = {trace.name: (trace.x, trace.y[0]) for trace in figure.data if trace.name}
    assert named == {"alarm in time": ((at(25),), 2), "false alarm": ((at(5),), 2)}
    assert "simulated" in figure.layout.xaxis.title.text
    low, high = figure.layout.xaxis.range
    assert low < START
    assert high > at(100)


def test_a_drill_under_way_is_drawn_as_far_as_it_is() -> None:
    figure = charts.drill(make_report(ended_at=None))
    assert figure.layout.xaxis.range[1] > at(50)
    nothing_yet = make_report(ended_at=None, faults=make_report().faults[1:], alarms=())
    assert len(charts.drill(nothing_yet).data) == 0


def test_simulated_stretches_are_shaded_within_what_the_chart_shows_and_said_once() -> None:
    spans = (PlayedSpan(at(-90), at(-50)), PlayedSpan(at(-5), at(10)), PlayedSpan(at(50), None))
    figure = start_figure().add_scatter(x=[at(0), at(60)], y=[1, 2])
    charts.mark_simulated(figure, spans, at(99))
    assert [(shape.x0, shape.x1) for shape in figure.layout.shapes] == [(at(0), at(10)), (at(50), at(60))]
    assert [note.text for note in figure.layout.annotations] == ["simulated"]
    assert not charts.mark_simulated(start_figure(), spans, at(99)).layout.shapes
