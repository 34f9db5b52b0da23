"""A sample keeps groups whole and rare classes, and folds are counted anew."""

import numpy as np

from tests.training.tables.made_tables import made, noise, target_of
from training.tables.labels import read_labels
from training.tables.leaks.fold_rows import fold_rows, sampled_folds
from training.tables.split import split_table


def test_a_sample_keeps_groups_whole_and_rare_classes() -> None:
    labels = ["rare" if n % 100 == 0 else "pq"[n % 2] for n in range(6000)]
    typed = made({"g": [n // 3 for n in range(6000)], "x": noise(1, 6000), "y": labels})
    target = target_of(typed, "y")
    split, read = split_table(typed, target, group="g"), read_labels(typed, target)
    folds = sampled_folds(split, read, max_rows=600, seed=0)
    data = fold_rows(typed.table, read, folds)
    assert 600 <= data.num_rows <= 2200
    assert (data.labels.strata == 2).sum() >= 48
    sizes = np.bincount(split.groups[data.rows])
    assert set(sizes.tolist()) <= {0, 3}
    for fold, whole in zip(folds, split.folds, strict=True):
        assert set(fold.train) <= set(whole.train)
        assert set(fold.validation) <= set(whole.validation)
    for number, fold in enumerate(data.folds):
        assert data.rows[fold.train].tolist() == folds[number].train.tolist()
    assert data.table.column("x").to_pylist() == typed.table.column("x").take(data.rows).to_pylist()
    assert sampled_folds(split, read, max_rows=6000, seed=0) is split.folds
