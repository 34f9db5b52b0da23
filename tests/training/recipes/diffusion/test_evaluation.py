"""An evaluation compares with real images, and looks for copies of those that the run has learned."""

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from safetensors.torch import save_file

from tests.training.ranks import lone_process
from tests.training.recipes.diffusion.tiny import Trained, make_images
from training.data.image_digests import ARTIFACT
from training.errors import ConfigError, DataError
from training.models.backbone import BackboneConfig, build_classifier
from training.recipe import EvaluationReport, TrainedModel
from training.recipes.diffusion.config import DiffusionEvaluateConfig
from training.recipes.diffusion.evaluation import evaluate_generator

BACKBONE = "test_resnet"
NUM_IMAGES, NUM_OTHERS = 12, 5
NUM_LEARNED = 10
"""Of NUM_IMAGES; the others are held out."""


@dataclass(frozen=True)
class FinishedRun:
    trained: TrainedModel
    data: Path
    others: Path
    encoder: str

    def evaluated(self, **options: Any) -> EvaluationReport:
        given = {"encoder": self.encoder, "num_images": 20, "steps": 1, "guidance": 1.0, **options}
        return evaluate_generator(
            self.trained, DiffusionEvaluateConfig.parse(given), lone_process()
        )


@pytest.fixture(scope="module")
def finished(sd15_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> FinishedRun:
    folder = tmp_path_factory.mktemp("evaluated")
    data = make_images(folder / "data", NUM_IMAGES)
    others = make_images(folder / "others", NUM_OTHERS, seed=1)
    recipe = Trained(sd15_folder, data, folder, epochs=1).recipe
    documents = {ARTIFACT: recipe.dataset().artifacts[ARTIFACT]}
    trained = TrainedModel(
        run_id="a" * 32,
        run_name="drawn",
        best_epoch=1,
        best_step=1,
        document={"config": recipe.config.model_dump(mode="json"), **recipe.document()},
        weights=recipe.part.weights(),
        read_json=documents.get,
    )
    return FinishedRun(trained, data, others, f"timm:{BACKBONE}:{random_backbone(folder)}")


def random_backbone(folder: Path) -> Path:
    config = BackboneConfig(
        name=BACKBONE,
        num_classes=2,
        image_size=224,
        drop_path=0,
        global_pool="",
        norm_layer="",
    )
    file = folder / "backbone.safetensors"
    weights = build_classifier(config).state_dict()
    save_file({name: value.contiguous() for name, value in weights.items()}, file)
    return file


def quality(report: EvaluationReport) -> dict[str, Any]:
    [document] = report.documents.values()
    return dict(document)


def test_other_images_are_real_ones_and_are_not_taken_for_learned_ones(
    finished: FinishedRun,
) -> None:
    found = quality(finished.evaluated(data=str(finished.others)))
    assert found["run"]["num_real"] == NUM_OTHERS
    assert found["run"]["num_real_trained_on"] == 0
    copies = found["memorisation"]
    # The run held out too few to tell copies, so those that it has not learned take their place.
    assert (copies["num_train"], copies["num_held_out"]) == (NUM_LEARNED, NUM_OTHERS)


def test_learned_images_among_the_real_ones_are_counted(
    finished: FinishedRun, tmp_path: Path
) -> None:
    mixed = Path(shutil.copytree(finished.others, tmp_path / "mixed"))
    for number in range(NUM_IMAGES):
        for ending in ("png", "txt"):
            shutil.copy(
                finished.data / f"{number:03}.{ending}", mixed / f"learned{number}.{ending}"
            )
    found = quality(finished.evaluated(data=str(mixed)))
    assert found["run"]["num_real"] == NUM_OTHERS + NUM_IMAGES
    assert found["run"]["num_real_trained_on"] == NUM_LEARNED
    assert found["memorisation"]["num_held_out"] == NUM_OTHERS + NUM_IMAGES - NUM_LEARNED


def test_nothing_is_said_about_copies_of_images_that_are_gone(
    finished: FinishedRun, tmp_path: Path
) -> None:
    changed = finished.data / "000.txt"
    before = changed.read_text()
    changed.write_text("another caption")
    try:
        found = quality(finished.evaluated(data=str(finished.others)))
        with pytest.raises(DataError, match="are not those of the training any more"):
            finished.evaluated()
    finally:
        changed.write_text(before)
    assert found["memorisation"]["verdict"] == "unknown"
    assert found["memorisation"]["num_train"] == 0


def test_options_that_would_be_ignored_are_refused() -> None:
    with pytest.raises(ConfigError, match="num_resamples and split: an evaluation of the recipe"):
        DiffusionEvaluateConfig.parse({"split": "val", "num_resamples": 500})
