"""Parts by hash, running statistics and files of features."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from tests.training.tables.made_tables import made, target_of
from training.tables.columns.row_codes import cell_codes
from training.tables.descriptions import ColumnKind
from training.tables.large.feature_file import FeatureFile
from training.tables.large.hash_parts import HashParts, is_kept
from training.tables.large.settings import LargeSettings
from training.tables.large.statistics import ColumnSummary, DistinctSketch
from training.tables.large.target_reader import TargetReader
from training.tables.model.input_column import InputColumn
from training.tables.target import RANK_UNDECIDED


def hash_parts(group: str | None, seed: int = 0) -> HashParts:
    return HashParts(group=group, features=("x",), holdout_share=0.2, num_folds=5, seed=seed)


def test_groups_are_never_divided_and_shares_are_near() -> None:
    stars = np.arange(20_000) // 4
    rows = pa.table({"star": stars, "x": np.arange(20_000.0)})
    keys = hash_parts("star").keys(rows)
    parts = hash_parts("star").parts(keys)
    assert len({*zip(stars.tolist(), parts.tolist(), strict=True)}) == 5000
    assert np.bincount(parts) / 20_000 == pytest.approx([0.2, *[0.16] * 5], abs=0.02)
    other = hash_parts("star", seed=1)
    assert other.parts(other.keys(rows)).tolist() != parts.tolist()
    one_by_one = [hash_parts("star").keys(rows.slice(row, 1))[0] for row in range(10)]
    assert one_by_one == keys[:10].tolist()


def test_without_a_group_equal_rows_stay_together() -> None:
    rows = pa.table({"star": pa.array([1, 1, None, None]), "x": [1.0, 2.0, 3.0, 3.0]})
    of_rows = hash_parts(None).keys(rows)
    assert len(set(of_rows.tolist())) == 3
    assert of_rows[2] == of_rows[3]
    by_star = hash_parts("star").keys(rows)
    assert by_star[0] == by_star[1]
    assert by_star[2:].tolist() == of_rows[2:].tolist()


def test_a_sample_of_a_part_takes_whole_groups_of_it() -> None:
    rows = pa.table({"star": np.arange(9000) // 3, "x": np.zeros(9000)})
    keys = hash_parts("star").keys(rows)
    of_part = keys[hash_parts("star").parts(keys) == 2]
    kept = is_kept(of_part, 0.3)
    assert kept.mean() == pytest.approx(0.3, abs=0.06)
    assert not set(of_part[kept].tolist()) & set(of_part[~kept].tolist())


def test_running_statistics_are_those_of_all_values() -> None:
    generator = np.random.default_rng(1)
    values = 1e9 + generator.normal(size=30_000)
    column = InputColumn(name="x", kind=ColumnKind.NUMBER, num_rows=1, num_missing=0)
    summary = ColumnSummary(column)
    for part in np.array_split(values, 7):
        summary.add(pa.chunked_array([pa.array([*part.tolist(), None])]))
    found = summary.summary()
    assert (found.num_rows, found.num_missing) == (30_007, 7)
    assert (found.minimum, found.maximum) == (values.min(), values.max())
    assert found.mean == pytest.approx(values.mean(), abs=1e-6)
    assert found.deviation == pytest.approx(values.std(), rel=1e-6)
    assert found.num_distinct == pytest.approx(30_000, rel=0.05)


def test_few_distinct_values_are_counted_exactly() -> None:
    sketch = DistinctSketch()
    for start in range(5):
        sketch.add(cell_codes(pa.array([f"value {n % 3000}" for n in range(start, 6000)])))
    assert sketch.estimate == 3000


def test_encoded_rows_come_back_in_single_precision(tmp_path: Path) -> None:
    generator = np.random.default_rng(2)
    values, targets = generator.normal(size=(1000, 3)), generator.normal(size=1000)
    values[4, 1], values[5, 1] = np.nan, np.inf
    keys = generator.integers(2**63, size=1000).astype(np.uint64)
    file = FeatureFile(tmp_path / "part.bin", 3)
    assert list(file.batches(10)) == []
    for rows in np.array_split(np.arange(1000), 3):
        file.append(values[rows], targets[rows], keys[rows])
    batches = list(file.batches(300))
    assert [len(batch.keys) for batch in batches] == [300, 300, 300, 100]
    found = np.concatenate([batch.values for batch in batches])
    expected = np.minimum(values, 1e38).astype(np.float32)
    assert np.array_equal(found, expected, equal_nan=True)
    assert np.concatenate([batch.targets for batch in batches]).tolist() == targets.tolist()
    some = np.concatenate([batch.keys for batch in file.batches(300, share=0.5)])
    assert some.tolist() == keys[is_kept(keys, 0.5)].tolist()


def test_labels_are_read_as_in_a_small_table() -> None:
    typed = made({"x": list(range(30)), "y": [2, 10, 7] * 10})
    reader = TargetReader(target_of(typed, "y"), typed.table.schema.field("y").type)
    targets, codes = reader.read(pa.chunked_array([pa.array([10.0, 2.0, 2.5, 8.0, None])]))
    assert codes.tolist() == [2, 0, -1, -1, -1]
    assert targets[:2].tolist() == [2.0, 0.0]
    assert reader.num_missing == 2
    assert reader.unknown == {"8": 1}


def test_undecided_labels_are_counted_apart() -> None:
    labels = ["CONFIRMED", "FALSE POSITIVE", "CANDIDATE"] * 10
    typed = made({"x": list(range(30)), "disposition": labels})
    target = target_of(typed, "disposition", {"undecided_labels": RANK_UNDECIDED})
    reader = TargetReader(target, pa.string())
    _, codes = reader.read(pa.chunked_array([labels[:4]]))
    assert codes.tolist() == [0, 1, -1, 0]
    assert reader.num_undecided == 1
    reader.read(pa.chunked_array([[f"other {n}" for n in range(150)]]))
    assert (len(reader.unknown), reader.num_unnamed) == (100, 50)


@pytest.mark.parametrize("wrong", [{"memory_bytes": 1}, {"holdout_share": 0.0}, {"num_folds": 1}])
def test_settings_are_checked(wrong: dict[str, float]) -> None:
    (field,) = wrong
    with pytest.raises(ValueError, match=field):
        LargeSettings(**wrong)  # type: ignore[arg-type]
