"""What the numbers of a table look like, and what that speaks for: limits for outliers, another way to fill gaps."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from core.collect import load_frame
from core.prepare.columns import coerce_column
from core.prepare.making import DEFAULTS
from core.prepare.table_steps import find_fences
from core.records import ColumnProfile, DatasetVersion, RecipeStep
from core.store import Store

MOST_ROWS = 20_000
N_BLOCKS = 10
FEWEST_OUTSIDE = 0.001
"""Share of a column's values outside of the fences from which on capping is worth a word."""


def cap_steps(store: Store, dataset: DatasetVersion, columns: Sequence[ColumnProfile]) -> list[RecipeStep]:
    """Return the step that would cap unusual values, switched off, or nothing where there are hardly any.

    Off, because an extreme value is as often the most telling one as it is a mistake: a person has to look.
    """
    names = [column.name for column in columns if column.kind == "number" and column.n_distinct > 2]
    frame = _read_some(store, dataset, names) if names else pd.DataFrame()
    outside = {name: _count_outside(frame[name]) for name in names}
    found = {name: n for name, n in outside.items() if n >= max(1, FEWEST_OUTSIDE * len(frame))}
    if not found:
        return []
    most = max(found, key=lambda name: found[name])
    seen = f"of {len(frame):,} rows looked at" if len(frame) < dataset.n_rows else "of all rows"
    reason = (
        f"It would change {sum(found.values()):,} values {seen}, {found[most]:,} of them in '{most}'. Off, because an "
        "extreme value may be the most telling one: switch it on where they are mistakes."
    )
    title = "Cap unusual values"
    return [RecipeStep("cap", "cap", title, reason, tuple(found), enabled=False, options=dict(DEFAULTS["cap"]))]


def _read_some(store: Store, dataset: DatasetVersion, names: Sequence[str]) -> pd.DataFrame:
    """Return some rows, evenly spread over the table, as numbers."""
    if dataset.n_rows <= MOST_ROWS:
        frame = load_frame(store, dataset.id, columns=names)
    else:
        size = MOST_ROWS // N_BLOCKS
        starts = np.linspace(0, dataset.n_rows - size, N_BLOCKS, dtype=int)
        frame = pd.concat([load_frame(store, dataset.id, columns=names, start=int(at), limit=size) for at in starts])
    return pd.DataFrame({name: coerce_column(frame[name], "number") for name in names})


def _count_outside(values: "pd.Series[float]") -> int:
    fences = find_fences(values.to_numpy(), "iqr", factor=DEFAULTS["cap"]["factor"])
    return 0 if fences is None else int(((values < fences[0]) | (values > fences[1])).sum())
