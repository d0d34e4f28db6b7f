"""Rows kept back from learning, to be played later as if they were live traffic."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from core.collect.versions import Draft, store_rows
from core.errors import BadInputError
from core.records import DatasetVersion
from core.store import Store


def keep_back_stream(
    store: Store,
    dataset_id: str,
    *,
    share: float,
    time_column: str | None = None,
    by: str,
    random_state: int = 0,
) -> tuple[DatasetVersion, DatasetVersion]:
    """Split a table in two: a new table version to learn from, and a stream of the rows kept back.

    Parameters
    ----------
    share : float
        Share of the rows to keep back, in (0, 1).
    time_column : str, optional
        A column of dates or numbers: the newest rows by it become the stream, in that order; rows without a time stay
        in the table. Without it, random rows in random order.

    Returns
    -------
    tuple of DatasetVersion
        The table, its rows in their old order, and the stream. Both have the table they came from as parent.

    Raises
    ------
    BadInputError
        When the share leaves one of the two without rows, or the time column is missing or holds words.
    """
    parent = store.get(DatasetVersion, dataset_id)
    table = pq.read_table(store.files.dataset(dataset_id))
    n_kept_back = round(share * parent.n_rows) if 0 < share < 1 else 0
    if not 0 < n_kept_back < parent.n_rows:
        raise BadInputError(
            f"Keeping back {share:.0%} of {parent.n_rows:,} rows leaves nothing for one of the two parts.",
            "Choose a share between 0 and 100 %, and a table with more rows.",
        )
    if time_column is None:
        order = np.random.default_rng(random_state).permutation(parent.n_rows)
        how = f"{share:.0%} of the rows, drawn at random"
    else:
        order = _order_by_time(parent, table, time_column)
        how = f"the newest {share:.0%} of the rows by '{time_column}'"
    kept_back = order[-n_kept_back:]
    rest = np.sort(order[:-n_kept_back])
    learned = Draft(parent.project_id, parent.filename, by, "keep_back", "table", parent.id, f"Without {how}.")
    played = Draft(parent.project_id, parent.filename, by, "keep_back", "stream", parent.id, f"Kept back: {how}.")
    return (
        store_rows(store, learned, table.take(pa.array(rest)), parent.columns),
        store_rows(store, played, table.take(pa.array(kept_back)), parent.columns),
    )


def _order_by_time(
    parent: DatasetVersion, table: pa.Table, time_column: str
) -> "np.ndarray[tuple[int], np.dtype[np.int64]]":
    """Return row numbers from the oldest to the newest; rows without a time come first."""
    kinds = {column.name: column.kind for column in parent.columns}
    if time_column not in kinds:
        raise BadInputError(f"The table has no column '{time_column}'.", "Choose among its columns.")
    if kinds[time_column] not in ("date", "number"):
        raise BadInputError(
            f"Column '{time_column}' holds no dates or numbers.", "Choose a column that tells the time."
        )
    by_time = [(time_column, "ascending", "at_start")]
    order: np.ndarray[tuple[int], np.dtype[np.int64]] = (
        pc.sort_indices(table, sort_keys=by_time).to_numpy().astype(np.int64)
    )
    return order
