"""The recipe of classifiers: trained parameters, learning rates, and gradients over several ranks."""

from pathlib import Path
from typing import Any

import pytest
import torch

from tests.training.data.images import CLASSES, make_folder
from tests.training.ranks import lone_process, run_ranks
from training.config import Split
from training.process import Process
from training.recipes.classification.recipe import ClassifierRecipe
from training.recipes.retinal.config import retinal_config
from training.recipes.retinal.data import find_data
from training.recipes.schedule import WarmupCosine

TINY = {"preset": "small", "backbone": "test_resnet", "image_size": 32, "batch_size": 4}


def recipe(root: Path, process: Process | None = None, **settings: Any) -> ClassifierRecipe:
    config = retinal_config({**TINY, **settings, "data": str(root)}, has_gpu=False)
    data = find_data(config, root, (Split.TRAIN, Split.VAL))
    return ClassifierRecipe(config, data, process or lone_process(), name="retinal")


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_folder(tmp_path_factory.mktemp("data"), {"train": 8, "val": 2})


def _first_gradients(process: Process, argument: tuple[Path, dict[str, Any]]) -> Any:
    folder, settings = argument
    trained = recipe(folder, process, **settings)
    trained.train_mode(trained.model)
    (batch,) = next(iter(trained.batches(0)))
    trained.training_step(trained.model, batch).loss.backward()
    return [p.grad for p in trained.model.parameters() if p.grad is not None]


@pytest.mark.parametrize("imbalance", ["none", "weighted-loss"])
def test_the_mean_gradient_of_two_ranks_is_that_of_the_whole_batch(
    root: Path, tmp_path: Path, imbalance: str
) -> None:
    # Batch normalisation spans the ranks; mirror images, drawn per rank, are the one difference.
    settings = {"class_imbalance": imbalance, "backbone": "resnet10t", "smallest_crop": 1.0}
    shares = run_ranks(
        _unflipped_gradients, (root, {**settings, "batch_size": 3}), world_size=2, folder=tmp_path
    )
    whole = _unflipped_gradients(lone_process(), (root, {**settings, "batch_size": 6}))
    for first, second, expected in zip(*shares, whole, strict=True):
        torch.testing.assert_close((first + second) / 2, expected, rtol=1e-3, atol=1e-5)


def _unflipped_gradients(process: Process, argument: tuple[Path, dict[str, Any]]) -> Any:
    from training.data import augmentation  # noqa: PLC0415
    from training.recipes.classification import recipe as module  # noqa: PLC0415

    def plain(images: torch.Tensor, config: Any, random: Any) -> torch.Tensor:
        return augmentation.evaluation_transform(
            images, config.image_size, augmentation.Framing.STRETCH
        )

    original = module.augment
    module.augment = plain
    try:
        return _first_gradients(process, argument)
    finally:
        module.augment = original


def test_a_linear_probe_trains_only_the_classifier(root: Path) -> None:
    probe = recipe(root, tuning="linear-probe")
    trained = {name for name, p in probe.model.named_parameters() if p.requires_grad}
    assert trained == {"fc.weight", "fc.bias"}
    assert sum(len(group["params"]) for group in probe.build_optimizer().param_groups) == 2
    probe.train_mode(probe.model)
    assert not probe.model.training, "a frozen backbone keeps its running statistics"


def test_lower_layers_learn_more_slowly(root: Path) -> None:
    vit = recipe(root, backbone="test_vit", norm_layer="", layer_decay=0.65)
    scales = {
        id(parameter): group["lr_scale"]
        for group in vit.build_optimizer().param_groups
        for parameter in group["params"]
    }
    named = dict(vit.model.named_parameters())
    depth = len(vit.model.get_submodule("blocks"))
    assert scales[id(named["head.weight"])] == 1
    assert scales[id(named["patch_embed.proj.weight"])] == pytest.approx(0.65 ** (depth + 1))
    assert scales[id(named["blocks.0.attn.qkv.weight"])] == pytest.approx(0.65**depth)


def test_biases_and_norms_do_not_decay(root: Path) -> None:
    groups = recipe(root).build_optimizer().param_groups
    for group in groups:
        flat = all(parameter.ndim <= 1 for parameter in group["params"])
        assert group["weight_decay"] == (0 if flat else 0.05)


def test_the_peak_learning_rate_scales_with_the_images_of_a_step(root: Path) -> None:
    scaled = recipe(root, base_learning_rate=5e-3, batch_size=4, gradient_accumulation=2)
    assert scaled.samples_per_step == 8
    assert max(scaled.learning_rate(s) for s in range(100)) == pytest.approx(5e-3 * 8 / 256)
    assert max(
        recipe(root, learning_rate=0.1).learning_rate(s) for s in range(99)
    ) == pytest.approx(0.1)


def test_the_schedule_warms_up_and_follows_half_a_cosine() -> None:
    schedule = WarmupCosine(peak=1.0, minimum=0.0, warmup_steps=4, total_steps=12)
    rates = [schedule(step) for step in range(13)]
    assert rates[:5] == [0.25, 0.5, 0.75, 1.0, 1.0]
    assert rates[8] == pytest.approx(0.5)
    assert rates[12] == pytest.approx(0.0)
    assert rates[4:] == sorted(rates[4:], reverse=True)


def test_rare_classes_have_a_larger_weight_in_a_weighted_loss(tmp_path: Path) -> None:
    folder = make_folder(tmp_path, {"train": 6, "val": 1})
    for path in sorted((folder / "train" / CLASSES[1]).iterdir())[:4]:
        path.unlink()
    weights = recipe(folder, class_imbalance="weighted-loss")._class_weights
    assert weights[1] == pytest.approx(3 * float(weights[0]))
    support = torch.tensor([6.0, 2.0, 6.0])
    assert float((weights * support).sum() / support.sum()) == pytest.approx(1.0)


def test_a_resumed_step_gets_the_same_batch(root: Path) -> None:
    walked = recipe(root, random_erasing=0.5).batches(0)
    for _ in range(3):
        expected = next(walked)
    jumped = next(recipe(root, random_erasing=0.5).batches(2))
    assert torch.equal(jumped[0].images, expected[0].images)
    assert torch.equal(jumped[0].targets, expected[0].targets)
