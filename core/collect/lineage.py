"""Which version of a table came from which, and how, as lines side by side."""

from collections.abc import Mapping

from core.collect.versions import list_datasets
from core.records import DatasetVersion, Lineage, LineageNode
from core.store import Store

SOURCES = {
    "upload": "a file",
    "sample": "a ready-made sample",
    "database": "a database",
    "web": "the web",
    "api": "an API",
    "sensor": "a sensor feed",
}


def trace_lineage(store: Store, project_id: str) -> Lineage:
    """Return all versions of a project, tables and streams, oldest first, each on a line with what it came from.

    A version goes on on its parent's line when nothing else lies there, and begins a line of its own otherwise.
    """
    datasets = list_datasets(store, project_id)
    rows = {dataset.id: row for row, dataset in enumerate(datasets)}
    by_id = {dataset.id: dataset for dataset in datasets}
    tables = [dataset.id for dataset in datasets if dataset.role == "table"]
    ends: list[int] = []  # The row of the last version on each line.
    lanes: dict[str, int] = {}
    nodes = []
    for row, dataset in enumerate(datasets):
        parent_row = rows.get(dataset.parent_id or "")
        lane = _lane(ends, lanes.get(dataset.parent_id or ""), parent_row, is_table=dataset.role == "table")
        ends[lane : lane + 1] = [row]
        lanes[dataset.id] = lane
        nodes.append(
            LineageNode(
                dataset.id,
                dataset.number,
                dataset.role,
                say_origin(dataset, by_id),
                dataset.n_rows,
                dataset.n_columns,
                row,
                lane,
                parent_row,
                is_current=bool(tables) and dataset.id == tables[-1],
            )
        )
    return Lineage(tuple(nodes))


def _lane(ends: list[int], parent_lane: int | None, parent_row: int | None, *, is_table: bool) -> int:
    """Return the line of the next version; the list of ends has room for it afterwards."""
    if parent_lane is not None and is_table and ends[parent_lane] == parent_row:
        return parent_lane
    if parent_row is None and is_table and ends:
        return 0
    for lane, end in enumerate(ends):
        # The line up from the parent has to pass by what lies there.
        if lane and parent_row is not None and end < parent_row:
            return lane
    return len(ends)


def say_origin(dataset: DatasetVersion, by_id: Mapping[str, DatasetVersion]) -> str:
    """Return in words how a version came about: from a file, from rows kept back, by an edit of which version."""
    parent = by_id.get(dataset.parent_id or "")
    of_parent = f" of {name_version(parent)}" if parent else ""
    if dataset.edit is not None:
        return f"{dataset.edit.sentence.rstrip('.')}{', in place' + of_parent if parent else ''}"
    if dataset.source == "sample" and dataset.role == "stream":
        return "Later rows of the sample, for the live stream"
    if dataset.source == "keep_back":
        return f"Rows{of_parent}, kept back as live stream" if dataset.role == "stream" else f"What was left{of_parent}"
    if dataset.source == "retrain":
        return f"Rows{of_parent} and live rows with their labels" if parent else "Live rows with their labels"
    if dataset.source == "edit":
        return f"An edit{of_parent}"
    return f"Read from {SOURCES.get(dataset.source, dataset.source)}"


def name_version(dataset: DatasetVersion) -> str:
    """Return what people call a version: "version 2", "stream 1"."""
    return f"{'version' if dataset.role == 'table' else 'stream'} {dataset.number}"
