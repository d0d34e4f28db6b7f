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


def node(row: int, lane: int, parent_row: int | None, **changes: object) -> records.LineageNode:
    values: dict = {"dataset_id": f"d{row}", "number": row + 1, "role": "table", "made": "Read from a file"}
    return records.LineageNode(
        **values | {"n_rows": 10, "n_columns": 2, "row": row, "lane": lane, "parent_row": parent_row} | changes
    )


def test_versions_are_joined_to_the_one_they_came_from() -> None:
    found = records.Lineage((node(0, 0, None), node(1, 1, 0, role="stream"), node(2, 0, 0, is_current=True)))
    figure = charts.lineage(found)
    to_stream, to_table, points = figure.data
    assert (list(to_stream.x), list(to_stream.y)) == ([0, 1, 1], [0, 0.8, 1])
    assert (list(to_table.x), list(to_table.y)) == ([0, 0, 0], [0, 0.8, 2])
    assert list(points.x) == [0, 1, 0]
    assert list(figure.layout.yaxis.ticktext) == ["Version 1: 10 rows", "Stream 2: 10 rows", "Version 3: 10 rows, now"]
    assert figure.layout.width <= 340


def test_one_version_and_thirty_are_drawn_with_room_for_each() -> None:
    one = charts.lineage(records.Lineage((node(0, 0, None),)))
    many = charts.lineage(records.Lineage(tuple(node(row, 0, row - 1 if row else None) for row in range(30))))
    assert len(many.data) == 30
    assert one.layout.height >= 60
    assert many.layout.height / 30 >= 24


def test_before_and_now_stand_side_by_side() -> None:
    difference = records.ColumnDifference("age", "number", 0.3, "", ("a", "missing"), (0.9, 0.1), (0.5, 0.5))
    before, now = charts.before_and_after(difference).data
    assert (list(before.x), list(now.x)) == ([90, 10], [50, 50])
