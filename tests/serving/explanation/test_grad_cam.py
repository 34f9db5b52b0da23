import copy

import numpy as np
import pytest
import timm
import torch
from torch import Tensor, nn

from serving.explanation.grad_cam import Array, grad_cam
from serving.explanation.target_layer import NoMapError, to_feature_map
from tests.serving.explanation.lesions import SmallNetwork

NUM_CLASSES = 5
SIDE = 64


def network_of(name: str, **options: object) -> nn.Module:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        network: nn.Module = timm.create_model(name, num_classes=NUM_CLASSES, **options)
        for parameter in network.get_classifier().parameters():  # type: ignore[operator]
            nn.init.normal_(parameter, std=0.5)
    return network.eval()


@pytest.fixture(scope="module")
def vit() -> nn.Module:
    return network_of("test_vit", img_size=SIDE)


@pytest.fixture(scope="module")
def image() -> Tensor:
    return torch.randn(1, 3, SIDE, SIDE, generator=torch.Generator().manual_seed(0))


def values_of(network: nn.Module, image: Tensor, class_index: int) -> Array:
    return grad_cam(network, image, class_index).values


def test_a_map_of_a_vision_transformer_comes_from_the_norm_of_its_last_block(
    vit: nn.Module, image: Tensor
) -> None:
    found = grad_cam(vit, image, 1)
    assert found.layer == "blocks.5.norm1"
    assert found.values.shape == (4, 4)
    assert found.values.dtype == np.float32
    assert (found.values >= 0).all()


def test_a_map_of_a_cnn_sums_up_to_what_the_class_gets_from_the_features() -> None:
    """With mean pooling and one linear layer, the map is the logit without its bias, place by place."""
    network = SmallNetwork().eval()
    with torch.no_grad():
        network.classifier.weight.abs_()
    image = torch.randn(1, 3, SIDE, SIDE, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        logit = (network(image) - network.classifier.bias)[0, 1]
    assert values_of(network, image, 1).sum() == pytest.approx(float(logit), rel=1e-4)


def test_the_map_is_not_scaled(image: Tensor) -> None:
    network = SmallNetwork().eval()
    before = values_of(network, image, 0)
    with torch.no_grad():
        network.classifier.weight.mul_(3)
    np.testing.assert_allclose(values_of(network, image, 0), 3 * before, rtol=1e-4, atol=1e-6)


def test_maps_of_two_classes_differ(vit: nn.Module, image: Tensor) -> None:
    assert not np.allclose(values_of(vit, image, 0), values_of(vit, image, 1))


def test_prefix_tokens_are_no_places(image: Tensor) -> None:
    """Three registers and a class token come before the 16 patches."""
    network = network_of("test_vit", img_size=SIDE, reg_tokens=3)
    assert network.num_prefix_tokens == 4
    assert values_of(network, image, 1).shape == (4, 4)
    tokens = torch.arange(20.0).view(1, 20, 1)
    assert to_feature_map(tokens, 4).flatten().tolist() == list(range(4, 20))


def test_channels_may_come_last() -> None:
    values = torch.arange(24.0).view(1, 2, 2, 6)
    assert to_feature_map(values, None).shape == (1, 6, 2, 2)
    assert to_feature_map(values, None)[0, :, 1, 0].tolist() == list(range(12, 18))


@pytest.mark.parametrize(
    ("shape", "problem"),
    [((1, 7, 3), "square"), ((1, 8, 1, 1), "single place"), ((1, 8), "places")],
)
def test_activations_without_places_are_refused(shape: tuple[int, ...], problem: str) -> None:
    with pytest.raises(NoMapError, match=f"no map: .*{problem}"):
        to_feature_map(torch.zeros(shape), num_prefix_tokens=1)


@pytest.mark.parametrize("class_index", [0, NUM_CLASSES])
def test_afterwards_the_network_is_as_before_whatever_happens(
    vit: nn.Module, image: Tensor, class_index: int
) -> None:
    network = copy.deepcopy(vit)
    network.patch_embed.requires_grad_(False)  # type: ignore[operator, union-attr]
    trainable = [parameter.requires_grad for parameter in network.parameters()]
    with torch.no_grad():
        before = network(image)
    if class_index < NUM_CLASSES:
        grad_cam(network, image, class_index)
    else:
        with pytest.raises(IndexError):
            grad_cam(network, image, class_index)
    assert [parameter.requires_grad for parameter in network.parameters()] == trainable
    assert all(parameter.grad is None for parameter in network.parameters())
    assert not any(module._forward_hooks for module in network.modules())
    with torch.no_grad():
        assert torch.equal(network(image), before)


def test_a_map_can_be_computed_within_inference_mode(vit: nn.Module, image: Tensor) -> None:
    with torch.inference_mode():
        inside = values_of(vit, image.clone(), 1)
    np.testing.assert_array_equal(inside, values_of(vit, image, 1))


def test_weights_in_bfloat16_give_nearly_the_same_map(vit: nn.Module, image: Tensor) -> None:
    halved = copy.deepcopy(vit).bfloat16()
    values = values_of(halved, image, 1)
    assert values.dtype == np.float32
    assert np.corrcoef(values.ravel(), values_of(vit, image, 1).ravel())[0, 1] > 0.95


def test_layers_that_overwrite_their_input_do_not_change_the_map() -> None:
    class Overwriting(SmallNetwork):
        def forward_head(self, features: Tensor) -> Tensor:
            logits: Tensor = self.classifier(features.mul_(2).mean((2, 3)))
            return logits

    network = SmallNetwork().eval()
    overwriting = Overwriting().eval()
    overwriting.load_state_dict(network.state_dict())
    image = torch.ones(1, 3, SIDE, SIDE)
    np.testing.assert_allclose(
        values_of(overwriting, image, 1), 2 * values_of(network, image, 1), rtol=1e-5
    )


def test_a_network_without_features_has_no_map(image: Tensor) -> None:
    network = nn.Sequential(nn.Flatten(), nn.Linear(3 * SIDE * SIDE, NUM_CLASSES))
    with pytest.raises(NoMapError, match="before the pooling"):
        grad_cam(network, image, 0)


def test_another_shape_than_one_square_image_is_refused(vit: nn.Module) -> None:
    with pytest.raises(ValueError, match=r"\[2, 3, 64, 64\]"):
        grad_cam(vit, torch.zeros(2, 3, SIDE, SIDE), 0)
