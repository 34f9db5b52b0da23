"""Every family of networks in timm gives a map of its input, or the reason why it has none."""

import numpy as np
import pytest
import timm
import torch
from torch import nn

from serving.explanation.grad_cam import class_map
from serving.explanation.target_layer import NoMapError
from training.models.backbone import has_fixed_image_size

NUM_CLASSES = 5
SIDES = (64, 96, 112, 128, 160, 192, 224, 256, 384, 448, 518)
WORDS = ("test_", "femto", "atto", "pico", "nano", "tiny", "_xxs", "_xs", "b0", "18", "small")

# Families whose networks have no map, and why.
WITHOUT_MAP: dict[str, str] = {}


@pytest.mark.parametrize(
    ("name", "layer"),
    [
        ("test_resnet", "forward_features"),
        ("test_efficientnet", "forward_features"),
        ("test_convnext", "forward_features"),
        ("test_vit4", "blocks.5.norm1"),
        ("swin_s3_tiny_224", "forward_features"),
    ],
)
def test_each_layout_of_features_gives_a_map_of_the_input(name: str, layer: str) -> None:
    network, side = small_network(name)
    found = class_map(network, image_of(side), 1)
    assert found.layer == layer
    require_map(found.values)


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
    network, side = small_network(name)
    if name in WITHOUT_MAP:
        with pytest.raises(NoMapError, match=WITHOUT_MAP[name]):
            class_map(network, image_of(side), 1)
        return
    require_map(class_map(network, image_of(side), 1).values)


def small_network(name: str) -> tuple[nn.Module, int]:
    """The network with random weights at the smallest side that it accepts, as `fit` builds it."""
    for side in SIDES:
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
        return network, side
    pytest.fail(f"{name} accepts no side of {SIDES}")


def image_of(side: int) -> torch.Tensor:
    return torch.randn(1, 3, side, side, generator=torch.Generator().manual_seed(0))


def require_map(values: np.ndarray) -> None:  # type: ignore[type-arg]
    assert values.ndim == 2
    assert min(values.shape) >= 2
    assert np.isfinite(values).all()
    assert (values >= 0).all()
