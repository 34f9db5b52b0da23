"""Every family of networks in timm gives a map of its input, or the reason why it has none."""

import numpy as np
import pytest
import timm
import torch
from torch import nn

from serving.explanation.grad_cam import grad_cam
from serving.explanation.target_layer import NoMapError
from training.models.backbone import classifier_parameters, has_fixed_image_size

NUM_CLASSES = 5
SIDES = (64, 96, 112, 128, 160, 192, 224, 240, 256, 384, 448, 518)
WORDS = ("test_", "femto", "atto", "pico", "nano", "tiny", "_xxs", "_xs", "b0", "18", "small")

# Families whose networks have no map, and why.
WITHOUT_MAP = {"efficientvim_m1": "features as list"}


@pytest.mark.parametrize(
    ("name", "layer"),
    [
        ("test_resnet", "forward_features"),
        ("test_efficientnet", "forward_features"),
        ("test_convnext", "forward_features"),
        ("test_vit4", "blocks.8.norm1"),
        ("swin_s3_tiny_224", "forward_features"),
        # Only class tokens leave their features.
        ("coat_lite_tiny", "serial_blocks4.1.norm1"),
        ("pit_ti_224", "transformers.2.blocks.3.norm1"),
    ],
)
def test_each_layout_of_features_gives_a_map_of_the_input(name: str, layer: str) -> None:
    network, side = small_network(name)
    require_maps(network, side)
    assert grad_cam(network, image_of(side), 1).layer == layer


def smallest_of_each_family() -> list[str]:
    """One small network of each module of timm, by the words in its name."""
    chosen = []
    for module in timm.list_modules():
        names = timm.list_models(module=module)
        small = (name for word in WORDS for name in names if word in name)
        chosen.extend([next(small, names[0])] if names else [])
    return chosen


@pytest.mark.soak
@pytest.mark.parametrize("name", smallest_of_each_family())
def test_every_family_gives_a_map_or_a_named_reason(name: str) -> None:
    # Below this, the features of some families have a single place.
    network, side = small_network(name, smallest_side=128)
    if name in WITHOUT_MAP:
        with pytest.raises(NoMapError, match=WITHOUT_MAP[name]):
            grad_cam(network, image_of(side), 1)
        return
    require_maps(network, side)


def small_network(name: str, smallest_side: int = SIDES[0]) -> tuple[nn.Module, int]:
    """The network with random weights at the smallest side that it accepts, as `fit` builds it."""
    for side in [side for side in SIDES if side >= smallest_side]:
        options = {"img_size": side} if has_fixed_image_size(name) else {}
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)
            try:
                network = timm.create_model(name, num_classes=NUM_CLASSES, **options).eval()
                with torch.no_grad():
                    output = network(image_of(side))
            except (TypeError, ValueError, AssertionError, RuntimeError):
                continue
        assert output.shape == (1, NUM_CLASSES)
        # Some families begin with a classifier of zeros, on which no class depends.
        for parameter in classifier_parameters(network):
            torch.nn.init.normal_(parameter, std=0.3)
        return network, side
    pytest.fail(f"{name} accepts no side of {SIDES}")


def image_of(side: int) -> torch.Tensor:
    return torch.randn(1, 3, side, side, generator=torch.Generator().manual_seed(0))


def require_maps(network: nn.Module, side: int) -> None:
    maps = [grad_cam(network, image_of(side), index) for index in range(NUM_CLASSES)]
    for found in maps:
        assert found.values.ndim == 2
        assert min(found.values.shape) >= 2
        assert np.isfinite(found.values).all()
        assert (found.values >= 0).all()
    # Of a layer that no class depends on, all weights are zero, and so are map and reference.
    assert any(found.reference > 0 or found.values.any() for found in maps)
