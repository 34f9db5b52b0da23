"""A network is run once before the training: what cannot train is refused with a sentence."""

import pytest
import torch
from torch import nn

from training.errors import ConfigError
from training.models.backbone import BackboneConfig, build_classifier
from training.models.forward_check import require_forward


def check(name: str, image_size: int, *, num_samples: int = 2, global_pool: str = "avg") -> None:
    backbone = BackboneConfig(
        name=name,
        num_classes=3,
        image_size=image_size,
        drop_path=0.0,
        global_pool=global_pool,
        norm_layer="",
    )
    require_forward(
        lambda: build_classifier(backbone),
        name=name,
        image_size=image_size,
        num_classes=3,
        num_samples=num_samples,
    )


def check_module(module: nn.Module) -> None:
    require_forward(lambda: module, name="own", image_size=16, num_classes=3, num_samples=2)


@pytest.mark.parametrize("name", ["test_resnet", "test_vit", "test_convnext", "test_efficientnet"])
def test_sound_networks_pass(name: str) -> None:
    check(name, 64)


def test_a_network_whose_input_is_too_small_is_refused() -> None:
    with pytest.raises(
        ConfigError, match=r"inception_v3 cannot be trained on images of 64 px.*-size"
    ):
        check("inception_v3", 64)


def test_a_batch_that_normalisation_cannot_use_is_refused() -> None:
    check("test_resnet", 32, num_samples=2)
    with pytest.raises(ConfigError, match="Expected more than 1 value per channel"):
        check("test_resnet", 32, num_samples=1)


def test_an_output_of_another_shape_is_refused() -> None:
    with pytest.raises(
        ConfigError, match=r"returns \[3, 16, 16\] for an image instead of 3 logits"
    ):
        check_module(nn.Identity())


class _Pair(nn.Module):
    def forward(self, images: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        return images, images


def test_an_output_that_is_no_tensor_is_refused() -> None:
    with pytest.raises(ConfigError, match="returns a tuple instead of one tensor"):
        check_module(_Pair())


class _NeedsValues(nn.Module):
    """Reads a value of its input, which the meta device does not have."""

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return images.new_zeros(len(images), 3) + float(images.sum())


def test_what_only_the_meta_device_cannot_do_passes() -> None:
    check_module(_NeedsValues())
