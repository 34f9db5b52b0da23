"""TabICL itself, with a checkpoint that the test makes."""

import os
import pickle
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tests.training.tables.learners.made_examples import MULTICLASS, examples
from tests.training.tables.selection.made_tables import split_rows
from training.tables.errors import TableError
from training.tables.selection.engine import EngineRequest
from training.tables.selection.tabicl_engine import TabICLEngine

MAKE = """
import sys, torch
from tabicl._model.tabicl import TabICL
config = dict(
    max_classes=int(sys.argv[2]), num_quantiles=9, embed_dim=16, col_num_blocks=1, col_nhead=2,
    col_num_inds=4, row_num_blocks=1, row_nhead=2, row_num_cls=2, icl_num_blocks=1, icl_nhead=2,
)
torch.manual_seed(0)
torch.save({"config": config, "state_dict": TabICL(**config).state_dict()}, sys.argv[1])
"""


@pytest.fixture
def python() -> Path:
    """TabICL is installed beside what the tests need."""
    return Path(sys.executable)


def made_checkpoint(python: Path, path: Path, max_classes: int) -> Path:
    """A small one with random weights."""
    subprocess.run([str(python), "-c", MAKE, str(path), str(max_classes)], check=True, timeout=120)
    return path


def request(folder: Path) -> EngineRequest:
    known = examples(MULTICLASS, 60)
    return EngineRequest(
        task=MULTICLASS,
        values=known.values,
        targets=known.targets,
        split=split_rows(60),
        budget_s=60,
        folder=folder,
    )


def test_it_predicts_with_a_checkpoint_from_a_path(tmp_path: Path, python: Path) -> None:
    checkpoint = made_checkpoint(python, tmp_path / "c.ckpt", 10)
    asked = request(tmp_path / "engine")
    result = TabICLEngine(python, checkpoint).fit(asked)
    assert result.selection_metric == "log_loss"
    assert result.selection_score is not None
    assert 0 < result.selection_score < 10
    assert any("c.ckpt with the SHA-256" in note for note in result.notes)
    predicted = result.model.predict(asked.values[:4])
    assert predicted.shape == (4, 3)
    assert predicted.sum(axis=1) == pytest.approx(1, abs=1e-5)
    assert np.isfinite(predicted).all()


class Opened:
    """A pickle that leaves a file behind where it is loaded."""

    def __init__(self, left: Path) -> None:
        self.left = left

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return (os.mkdir, (str(self.left),))


def test_a_pickle_is_not_executed(tmp_path: Path, python: Path) -> None:
    left = tmp_path / "left"
    (tmp_path / "p.ckpt").write_bytes(pickle.dumps(Opened(left)))
    with pytest.raises(TableError, match="something else than tensors"):
        TabICLEngine(python, tmp_path / "p.ckpt").fit(request(tmp_path / "engine"))
    assert not left.exists()


def test_a_checkpoint_for_numbers_does_not_predict_classes(tmp_path: Path, python: Path) -> None:
    checkpoint = made_checkpoint(python, tmp_path / "n.ckpt", 0)
    with pytest.raises(TableError, match="predicts numbers, but the target is of the other kind"):
        TabICLEngine(python, checkpoint).fit(request(tmp_path / "engine"))
