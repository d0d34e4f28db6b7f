"""Our own classes as plain Python: no annotations, nothing of our package, the same results."""

import ast
from typing import Any

import pandas as pd
import pytest
from sklearn.base import clone

from core.collect.plain_source import PlainSource
from core.prepare import encoders, look_back, rows, table_steps, transformers
from core.prepare.columns import coerce_frame
from core.records import Column

OWN = [
    transformers.CoerceColumns,
    transformers.ExpandDates,
    encoders.NearestImputer,
    encoders.FrequencyEncoder,
    rows.AnomalousRows,
    rows.LearningPipeline,
    table_steps.CapOutliers,
    table_steps.CombineColumns,
    table_steps.BinColumns,
    table_steps.DropColumns,
    table_steps.ElapsedDays,
    look_back.look_back,
]


def run(*wanted: Any) -> tuple[str, dict[str, Any]]:
    source = PlainSource()
    for one in wanted:
        source.add(one)
    code = "\n".join(sorted(source.imports)) + "\n" + source.text()
    names: dict[str, Any] = {"__name__": "program"}
    exec(compile(code, "program.py", "exec"), names)  # noqa: S102 - our own code
    return code, names


@pytest.mark.parametrize("wanted", OWN, ids=lambda one: one.__name__)
def test_the_code_needs_nothing_of_ours_and_has_no_annotations(wanted: Any) -> None:
    code, names = run(wanted)
    assert wanted.__name__ in names
    assert "core." not in code
    assert "noqa" not in code
    assert "type: ignore" not in code
    functions = [node for node in ast.walk(ast.parse(code)) if isinstance(node, ast.FunctionDef)]
    assert functions
    assert not any(one.returns or any(argument.annotation for argument in one.args.args) for one in functions)


def test_the_code_does_what_the_class_does() -> None:
    frame = pd.DataFrame({"at": pd.to_datetime(["2024-02-29 18:30", None]), "n": ["1.5", "x"]})
    _, names = run(transformers.CoerceColumns, transformers.ExpandDates)
    ours = [
        transformers.CoerceColumns(["at", "n"], ["date", "number"]),
        transformers.ExpandDates({"at": ["hour", "year"]}),
    ]
    theirs = [names[type(one).__name__](**clone(one).get_params()) for one in ours]
    results = [two.fit_transform(one.fit_transform(frame)) for one, two in (ours, theirs)]
    pd.testing.assert_frame_equal(*results)


def test_records_and_functions_come_along_with_what_they_need() -> None:
    code, names = run(coerce_frame)
    column = names.get("Column", Column)
    made = names["coerce_frame"](pd.DataFrame({"a": [True, None]}), [column("a", "boolean", "")])
    assert made["a"].tolist()[0] == 1.0
    assert code.count("def label_text") == 1


def test_an_error_of_ours_becomes_a_plain_one() -> None:
    code, names = run(rows.LearningPipeline)
    assert "BadInputError" not in code.replace("    BadInputError", "")
    with pytest.raises(ValueError, match="left out as unusual"):
        names["_check_share"](pd.Series([True, True, False]).to_numpy())


def test_two_things_of_one_name_are_refused() -> None:
    source = PlainSource()
    source.add(coerce_frame)
    source.code["coerce_frame"] = "def coerce_frame(): pass"
    with pytest.raises(TypeError, match="Two different things"):
        source.add(coerce_frame)
