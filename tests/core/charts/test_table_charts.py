"""Charts of tables draw what was found: every group, every class, every version."""

from core import charts, records


def relations(task: str, groups: tuple[records.TargetGroup, ...]) -> records.TargetRelations:
    relation = records.Relation("age", "number", 0.5, "value", 80, 60, "It tells much.", groups)
    classes = ("no", "yes") if task == "binary" else ()
    return records.TargetRelations("d", "comes", task, 30, 30, (relation,), classes)


def test_classes_are_stacked_to_a_hundred_in_each_group() -> None:
    found = relations(
        "binary",
        (records.TargetGroup("1 to 5", 10, (0.9, 0.1)), records.TargetGroup("missing", 20, (0.25, 0.75))),
    )
    figure = charts.target_by_group(found.relations[0], found)
    assert [bar.name for bar in figure.data] == ["no", "yes"]
    assert [list(bar.x) for bar in figure.data] == [[90, 25], [10, 75]]
    assert list(figure.layout.yaxis.ticktext) == ["1 to 5", "missing"]
    assert figure.layout.barmode == "stack"


def test_amounts_show_the_middle_half_and_the_median_of_each_group() -> None:
    found = relations("regression", (records.TargetGroup("a", 10, low=1.0, middle=2.0, high=4.0),))
    bars, medians = charts.target_by_group(found.relations[0], found).data
    assert (bars.base[0], bars.x[0], medians.x[0]) == (1.0, 3.0, 2.0)


def test_lengths_are_a_histogram() -> None:
    lengths = records.Distribution(("1", "2"), (3, 4), (0.5, 1.5, 2.5))
    detail = records.ColumnDetail("note", "text", 7, 0, (), lengths=lengths)
    (bars,) = charts.lengths(detail).data
    assert list(bars.y) == [3, 4]
