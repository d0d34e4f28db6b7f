"""Where has a live model been right more or less often than was expected? Learnt from the rows whose labels came.

A few small trees over the answer, the chance it was given and the inputs. What they find holds for rows like those: it
is there again when such rows come back, and leaves all others alone.
"""

from dataclasses import dataclass
from hashlib import sha256
from threading import Lock

import numpy as np
from numpy.typing import NDArray
from scipy import special
from sklearn.tree import DecisionTreeRegressor

from core.monitor.significance import Floats, Mask

N_TREES = 5
MOST_LEAVES = 16
FEWEST_ROWS_A_LEAF = 25
STEP = 0.5
"""Share of what a tree finds that is believed; the next one looks at what is left."""
PRIOR_WEIGHT = 2.0
"""How firmly a leaf is thought to need no shift: as by a normal prior with a standard deviation of 0.7 logits."""
MOST_COLUMNS = 8
"""Columns tried for a split, drawn anew each time where there are more: wide tables must not make it slow."""
N_KEPT = 256
"""Corrections kept for the next look: those of an unchanged past are asked for again and again. Each is a few kB."""
Singles = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class LocalCorrection:
    """Trees, each with the shift of the chance of being right, in logits, for each of its nodes."""

    trees: tuple[tuple[DecisionTreeRegressor, Floats], ...] = ()

    def shift(self, features: Singles) -> Floats:
        """Return by how much the chance of each row is shifted, shape (n,), in logits."""
        found = np.zeros(len(features))
        for tree, shifts in self.trees:
            found += shifts[tree.apply(features)]
        return found


_kept: dict[bytes, LocalCorrection] = {}
_lock = Lock()


def learn_local_correction(features: Singles, logits: Floats, is_right: Mask) -> LocalCorrection:
    """Return what makes the chances of being right fit rows with labels; nothing for fewer than two leaves of rows.

    Parameters
    ----------
    features : array of shape (n, c)
        What rows are told apart by; NaN where nothing is known.
    logits : array of shape (n,)
        The chance of being right that was expected.
    is_right : array of shape (n,)
        Whether they were.

    Source
    ------
    Boosted trees with a penalty on the leaves, their values by one step of Newton's: Chen and Guestrin, "XGBoost: a
    scalable tree boosting system", KDD 2016.
    """
    if len(features) < 2 * FEWEST_ROWS_A_LEAF:
        return LocalCorrection()
    inputs = features.astype(np.float32)
    key = sha256(b"".join([inputs.tobytes(), logits.tobytes(), is_right.tobytes()])).digest()
    found = _kept.get(key) or _learn(inputs, logits, is_right)
    with _lock:
        _kept[key] = found
        if len(_kept) > N_KEPT:
            del _kept[next(iter(_kept))]
    return found


def _learn(inputs: Singles, expected: Floats, is_right: Mask) -> LocalCorrection:
    right, trees = is_right.astype(float), []
    n_tried = min(MOST_COLUMNS, inputs.shape[1])
    for _ in range(N_TREES):
        chance = special.expit(expected)
        tree = DecisionTreeRegressor(
            max_leaf_nodes=MOST_LEAVES, min_samples_leaf=FEWEST_ROWS_A_LEAF, max_features=n_tried, random_state=0
        ).fit(inputs, right - chance)
        leaves, n_nodes = tree.apply(inputs), tree.tree_.node_count
        missed = np.bincount(leaves, right - chance, n_nodes)
        shifts = STEP * missed / (np.bincount(leaves, chance * (1 - chance), n_nodes) + PRIOR_WEIGHT)
        expected = expected + shifts[leaves]
        trees.append((tree, shifts))
    return LocalCorrection(tuple(trees))
