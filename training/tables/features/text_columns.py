"""Turns free texts into their lengths and a few numbers about their words."""

import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import HashingVectorizer, TfidfTransformer
from sklearn.pipeline import Pipeline

from training.tables.features.table_transformer import (
    NewFeature,
    State,
    TableTransformer,
    column_of,
)
from training.tables.labels import Floats
from training.tables.learners.skops_file import read_skops, write_skops

MAX_CHARS = 2_000
"""Of a text that are read."""
MAX_TEXT_COLUMNS = 20
"""Further columns have their length alone: each needs its weights in memory and in the file."""
NUM_HASHES = 2**13
NUM_COMPONENTS = 16
_MAX_FITTED_TEXTS = 20_000


class TextColumns(TableTransformer):
    """The number of characters, and numbers about the words: latent semantic analysis.

    Hashed words are weighted by TF-IDF and reduced by a truncated SVD (Deerwester et al. 1990).
    Work and memory are linear in the characters that are read, whatever the vocabulary.
    """

    words_: dict[str, Pipeline]
    """Of each column with words that differ; it maps texts to (num_texts, num_components)."""

    def __init__(self, columns: Sequence[str] = (), seed: int = 0) -> None:
        self.columns = columns
        self.seed = seed

    def fit(self, table: pa.Table, y: None = None) -> Self:
        self.words_ = {}
        for name in self.columns[:MAX_TEXT_COLUMNS]:
            pipeline = _fitted(column_of(table, name).drop_null(), self.seed)
            if pipeline is not None:
                self.words_[name] = pipeline
        return self

    def transform(self, table: pa.Table) -> Floats:
        features = []
        for name in self.columns:
            values = column_of(table, name)
            lengths = pc.cast(pc.utf8_length(values), pa.float64())
            features.append(lengths.to_numpy(zero_copy_only=False)[:, None])
            if name in self.words_:
                features.append(_topics(self.words_[name], values))
        return np.hstack(features)

    def new_features(self) -> list[NewFeature]:
        features = []
        for name in self.columns:
            features.append(NewFeature(column=name, label=f"length of {name}"))
            features += [
                NewFeature(column=name, label=f"words of {name}: {number + 1}")
                for number in range(_num_components(self.words_.get(name)))
            ]
        return features

    def state(self) -> State:
        return {"words": [self.columns.index(name) for name in self.words_]}

    def restore(self, state: State) -> Self:
        """The pipelines follow by `load_words`."""
        self.words_ = {self.columns[number]: None for number in state["words"]}
        return self

    def save_words(self, folder: Path) -> None:
        """Write a file of skops for each pipeline. Raises OSError."""
        for name, pipeline in self.words_.items():
            write_skops(folder / self._file(name), pipeline)

    def load_words(self, folder: Path) -> None:
        """Read what `save_words` wrote.

        Raises OSError, TableError for types that are not scikit-learn's, or what skops raises for
        a damaged file.
        """
        for name in self.words_:
            pipeline = read_skops(folder / self._file(name))
            if not isinstance(pipeline, Pipeline):
                raise TypeError("expected a scikit-learn pipeline")
            self.words_[name] = pipeline

    def _file(self, name: str) -> str:
        return f"words-{self.columns.index(name)}.skops"


def _num_components(pipeline: Pipeline | None) -> int:
    return 0 if pipeline is None else int(pipeline[-1].components_.shape[0])


def _fitted(texts: pa.Array, seed: int) -> Pipeline | None:
    """The pipeline; None if the texts have no words, or all the same ones."""
    random = np.random.default_rng(seed)
    if len(texts) > _MAX_FITTED_TEXTS:
        texts = texts.take(np.sort(random.choice(len(texts), _MAX_FITTED_TEXTS, replace=False)))
    words = HashingVectorizer(n_features=NUM_HASHES, alternate_sign=False, norm=None)
    counts = words.transform(_cut(texts)) if len(texts) else None
    if counts is None or not counts.nnz:
        return None
    num_components = min(NUM_COMPONENTS, counts.shape[0] - 1, len(np.unique(counts.indices)) - 1)
    if num_components < 1:
        return None
    weights = TfidfTransformer(sublinear_tf=True)
    svd = TruncatedSVD(num_components, random_state=seed)
    with warnings.catch_warnings(), np.errstate(invalid="ignore", divide="ignore"):
        # The explained variance of equal texts is no number; it is not used.
        warnings.simplefilter("ignore")
        svd.fit(weights.fit_transform(counts))
    return Pipeline([("words", words), ("weights", weights), ("components", svd)])


def _topics(pipeline: Pipeline, values: pa.Array) -> Floats:
    """(num_rows, num_components); NaN where the text is missing."""
    topics = np.full((len(values), _num_components(pipeline)), np.nan)
    present = pc.is_valid(values).to_numpy(zero_copy_only=False)
    if present.any():
        topics[present] = pipeline.transform(_cut(values.drop_null()))
    return topics


def _cut(texts: pa.Array) -> list[Any]:
    cut: list[Any] = pc.utf8_slice_codeunits(texts, 0, MAX_CHARS).to_pylist()
    return cut
