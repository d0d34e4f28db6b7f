"""Numbers from free text without scikit-learn's checks of every step, which cost more than the work for one row."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import HashingVectorizer, TfidfTransformer
from sklearn.pipeline import Pipeline

TextBlock = Callable[[NDArray[Any]], NDArray[np.float64]]
STEPS = (HashingVectorizer, TfidfTransformer, TruncatedSVD)


def compile_text_block(step: Any) -> TextBlock:
    """Return a function that does what a fitted block does: texts of shape (n,) into numbers of shape (n, n_numbers).

    Words counted, weighed and pressed into few numbers, as Prepare builds it, are computed directly; any other block is
    asked itself.
    """
    usual = isinstance(step, Pipeline) and tuple(type(part) for _, part in step.steps) == STEPS
    if usual and step[1].norm == "l2" and step[1].use_idf and not step[1].sublinear_tf:
        return _press_words(*(part for _, part in step.steps))
    return lambda texts: np.asarray(step.transform(texts))


def _press_words(words: HashingVectorizer, weights: TfidfTransformer, svd: TruncatedSVD) -> TextBlock:
    pressed = np.ascontiguousarray(weights.idf_[:, np.newaxis] * svd.components_.T)
    idf = np.asarray(weights.idf_)

    def block(texts: NDArray[Any]) -> NDArray[np.float64]:
        counts = words.transform(texts)
        squares = counts.copy()
        squares.data = (counts.data * idf[counts.indices]) ** 2
        length = np.sqrt(np.asarray(squares.sum(axis=1)).reshape(-1, 1))
        return np.asarray(counts @ pressed) / np.where(length > 0, length, 1.0)

    return block
