"""Collect, Prepare and Plan on tables that are hardly tables: words in place of results, never a bug."""

from collections.abc import Callable

import pytest
from streamlit.testing.v1 import AppTest

from core import collect, plan
from core.store import Store

Visit = Callable[..., AppTest]
Read = Callable[[AppTest], str]
TABLES = {
    "one column": "x\n" + "".join(f"{n}\n" for n in range(50)),
    "two rows": "x,y\n1,a\n2,b\n",
    "an empty target": "x,y\n" + "".join(f"{n},\n" for n in range(50)),
    "a constant target": "x,y\n" + "".join(f"{n},1\n" for n in range(50)),
    "all different texts": "x,y\n" + "".join(f"{n},name {n}\n" for n in range(500)),
    "many columns": ",".join(f"c{n}" for n in range(300)) + ",y\n" + ("1," * 300 + "a\n" + "2," * 300 + "b\n") * 30,
    "names that look like markup": "a*b*,$x$,:red[y],y\n" + "1,2,3,u\n2,3,1,v\n" * 40,
}


@pytest.mark.parametrize("name", TABLES)
def test_awkward_tables_are_spoken_about_in_words(visit: Visit, read: Read, store: Store, name: str) -> None:
    project = plan.create_project(store, "Odd", by="Anna")
    path = store.files.upload("odd")
    path.write_text(TABLES[name], encoding="utf-8")
    table = collect.add_dataset(store, project.id, path, filename="odd.csv", by="Anna")
    target = table.column_names[-1]
    app = visit("collect_data", project="odd")
    app.selectbox(key="collect_target").set_value(target).run()
    assert "Something went wrong" not in read(app)
    plan.change_objective(store, project.id, by="Anna", target=target)
    for stem in ("plan_project", "prepare_data"):
        assert "Something went wrong" not in read(visit(stem, project="odd"))
