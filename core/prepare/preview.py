"""Real rows before and after the recipe, so that people see what it does."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from sklearn.compose import ColumnTransformer

from core.errors import BadInputError
from core.prepare.pipeline import build_features
from core.prepare.split import divide_rows, features_and_target, load_blocks, split_rows
from core.records import DatasetVersion, Recipe
from core.store import Store

MAX_FIT_ROWS = 5_000
N_BLOCKS = 10
BLOCK_ROWS = 2_000


@dataclass(frozen=True)
class Preview:
    """The same rows as they came in, with the target, and as the model gets them."""

    before: pd.DataFrame
    after: pd.DataFrame
    n_columns_before: int
    n_columns_after: int


def preview_recipe(store: Store, recipe: Recipe, n_rows: int = 5) -> Preview:
    """Return training rows before and after the recipe, which learns from at most 5,000 rows here.

    Of a large table only blocks of rows are read, evenly spread over it, so that the answer comes at once.

    Raises
    ------
    BadInputError
        As `split_rows` and `build_pipeline`.
    """
    sample = sample_rows(store, recipe)
    features, target = features_and_target(sample, recipe)
    pipeline = build_features(recipe, dense=True)
    turned = pipeline.fit(features, target).transform(features.head(n_rows))
    after = pd.DataFrame(np.asarray(turned), columns=_names(pipeline["features"]), index=features.index[:n_rows])
    return Preview(sample.head(n_rows), after, features.shape[1], after.shape[1])


def sample_rows(store: Store, recipe: Recipe) -> pd.DataFrame:
    """Return at most 5,000 training rows, features and target, to show what a recipe does."""
    train = _training_rows(store, recipe)
    return train.sample(min(len(train), MAX_FIT_ROWS), random_state=recipe.split.random_state).sort_index()


def _training_rows(store: Store, recipe: Recipe) -> pd.DataFrame:
    n_rows = store.get(DatasetVersion, recipe.dataset_id).n_rows
    if n_rows <= N_BLOCKS * BLOCK_ROWS:
        return split_rows(store, recipe).train
    starts = np.linspace(0, n_rows - BLOCK_ROWS, N_BLOCKS, dtype=int)
    blocks = load_blocks(store, recipe, [(int(start), BLOCK_ROWS) for start in starts])
    try:
        return divide_rows(blocks, recipe).train
    except BadInputError:
        # A rare class may be missing in the blocks: only all rows can tell.
        return split_rows(store, recipe).train


def _names(blocks: ColumnTransformer) -> list[str]:
    """Return a name for each number the model gets; hashed words have none, so their sums are numbered."""
    names: list[str] = []
    for key, transformer, columns in blocks.transformers_:
        place = blocks.output_indices_[key]
        if isinstance(columns, str):
            names += [f"{columns} ({i + 1})" for i in range(place.stop - place.start)]
        elif place.stop > place.start:
            names += [str(name) for name in transformer.get_feature_names_out(columns)]
    return names
