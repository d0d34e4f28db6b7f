"""Projects: names, addresses, and that deleting takes everything along and nothing else."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from core import plan, records
from core.errors import BadInputError, ConflictError, NotFoundError
from core.store import Store


def add_table_of(store: Store, project_id: str) -> Path:
    dataset = records.DatasetVersion(
        project_id=project_id,
        number=1,
        source="upload",
        filename="t.csv",
        sha256="",
        n_rows=1,
        columns=(records.Column("a", "number", "int64"),),
    )
    store.add(dataset)
    path = store.files.dataset(dataset.id)
    pq.write_table(pa.table({"a": [1]}), path)
    return path


def test_a_name_becomes_an_address(store: Store) -> None:
    assert plan.create_project(store, "  Späte   Flüge! ", by="ann").slug == "spate-fluge"
    assert plan.create_project(store, "서울", by="ann").slug == "project"
    assert plan.find_project(store, "spate-fluge").name == "Späte Flüge!"


def test_projects_of_the_same_name_have_different_addresses(store: Store) -> None:
    slugs = [plan.create_project(store, "Wine", by="ann").slug for _ in range(3)]
    assert slugs == ["wine", "wine-2", "wine-3"]


def test_projects_created_at_the_same_moment_do_not_share_an_address(store: Store) -> None:
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: plan.create_project(store, "Wine", by="ann"), range(16)))
    slugs = [project.slug for project in plan.list_projects(store)]
    assert len(slugs) == len(set(slugs)) == 16


@pytest.mark.parametrize("name", ["", "   ", "x" * 81])
def test_a_project_needs_a_name_of_sensible_length(store: Store, name: str) -> None:
    with pytest.raises(BadInputError):
        plan.create_project(store, name, by="ann")
    assert plan.list_projects(store) == []


def test_an_unknown_address_is_said_to_be_unknown(store: Store) -> None:
    with pytest.raises(NotFoundError, match="nowhere"):
        plan.find_project(store, "nowhere")


def test_deleting_takes_records_and_files_and_leaves_other_projects_alone(store: Store) -> None:
    gone, stays = (plan.create_project(store, name, by="ann") for name in ("Gone", "Stays"))
    gone_file, staying_file = add_table_of(store, gone.id), add_table_of(store, stays.id)
    for project in (gone, stays):
        plan.change_objective(store, project.id, by="ann", question="Why?")
    plan.delete_project(store, gone.id)
    assert [project.name for project in plan.list_projects(store)] == ["Stays"]
    assert not gone_file.exists()
    assert staying_file.exists()
    assert store.count(records.DatasetVersion) == store.count(records.Objective) == 1


def test_every_record_that_names_its_project_is_deleted_with_it() -> None:
    from core.plan.projects import OWNED
    from core.store.tables import TABLES

    owned = {record for record, table in TABLES.items() if "project_id" in table.columns}
    assert owned == set(OWNED)


def test_a_project_with_running_work_is_not_deleted(store: Store) -> None:
    project = plan.create_project(store, "Busy", by="ann")
    store.add(records.Job(project_id=project.id, kind="train", status="running"))
    with pytest.raises(ConflictError, match="running"):
        plan.delete_project(store, project.id)
    assert plan.find_project(store, "busy") == project
