"""Prediction on several ranks: each image once, in order, with the metrics of scikit-learn."""

from pathlib import Path
from typing import Any

import pytest
import torch
from sklearn.metrics import accuracy_score, cohen_kappa_score, roc_auc_score

from tests.training.data.images import make_folder
from tests.training.ranks import lone_process, run_ranks
from training.config import Split
from training.evaluation.metrics import evaluate_predictions
from training.evaluation.scoring import Predictions
from training.process import Process
from training.recipes.classification.data import ClassifierData
from training.recipes.classification.model import backbone_config, build_model
from training.recipes.classification.prediction import InferenceTransform, predict
from training.recipes.classification.recipe import split_dataset
from training.recipes.retinal.config import retinal_config
from training.recipes.retinal.data import find_data

TINY = {"preset": "small", "backbone": "test_resnet", "image_size": 32, "batch_size": 1}


def _found(root: Path) -> tuple[Any, ClassifierData]:
    config = retinal_config({**TINY, "data": str(root)}, has_gpu=False)
    return config, find_data(config, root, (Split.TRAIN, Split.VAL))


def _predict(process: Process, root: Path) -> Predictions | None:
    config, data = _found(root)
    model = build_model(backbone_config(config, len(data.taxonomy.classes)), config).eval()
    with torch.no_grad():
        return predict(
            model, split_dataset(config, data, Split.VAL), InferenceTransform.of(config), process
        )


def test_metrics_are_exact_with_uneven_shards_and_an_absent_class(tmp_path: Path) -> None:
    root = make_folder(tmp_path / "data", {"train": 2, "val": 4})
    for path in (root / "val" / "Fundus_RAO").iterdir():
        path.unlink()
    (root / "val" / "OCT_Normal" / "000.jpg").unlink()
    alone = _predict(lone_process(), root)
    together, *others = run_ranks(_predict, root, world_size=3, folder=tmp_path)
    assert others == [None, None]
    assert alone is not None
    assert len(together.targets) == 7, "seven images on three ranks, none twice"
    assert torch.equal(together.targets, alone.targets)
    torch.testing.assert_close(together.logits, alone.logits)
    _, data = _found(root)
    evaluation = evaluate_predictions(together, data.taxonomy)
    targets, probabilities = together.targets, together.logits.double().softmax(dim=1)
    called = probabilities.argmax(dim=1)
    assert evaluation.metrics["accuracy"] == pytest.approx(accuracy_score(targets, called))
    assert evaluation.metrics["kappa"] == pytest.approx(cohen_kappa_score(targets, called))
    present = [roc_auc_score(targets == index, probabilities[:, index]) for index in (0, 2)]
    assert evaluation.metrics["auc_roc_macro"] == pytest.approx(sum(present) / 2)
    assert evaluation.support["Fundus_RAO"] == 0
    assert "Fundus_RAO" not in evaluation.recall
