"""Any encoder of timm makes a U-Net, and what cannot is refused with the reason."""

import pytest
import torch

from training.errors import ConfigError
from training.recipes.segmentation.network import (
    NetworkConfig,
    build_network,
    check_network,
    class_map,
    network_config,
)


def small(encoder: str, image_size: int = 64) -> NetworkConfig:
    return network_config(encoder, image_size=image_size, decoder_width=16, num_classes=3)


@pytest.mark.parametrize(
    ("encoder", "image_size"),
    [
        ("test_resnet", 64),
        ("convnext_atto", 64),  # begins at stride 4
        ("test_vit", 64),  # one resolution
        ("mobilenetv3_small_050", 96),
        ("vit_tiny_patch16_224", 32),
        ("sequencer2d_s", 64),  # two resolutions that are no powers of two
    ],
)
def test_an_encoder_of_any_kind_gives_a_logit_per_class_and_pixel(
    encoder: str, image_size: int
) -> None:
    network = build_network(small(encoder, image_size), seed=0)
    logits = network(torch.rand(2, 3, image_size, image_size))
    assert logits.shape == (2, 3, image_size, image_size)
    logits.mean().backward()
    unused = [name for name, parameter in network.named_parameters() if parameter.grad is None]
    assert unused == [], "several ranks wait for the gradient of every parameter"


def test_a_transformer_gives_features_of_its_whole_depth() -> None:
    assert small("test_vit").options == {"img_size": 64, "out_indices": [0, 2, 3, 5]}


def test_equal_seeds_give_equal_weights() -> None:
    first, second, other = (
        build_network(small("test_resnet"), seed=seed).state_dict() for seed in (1, 1, 2)
    )
    assert all(torch.equal(first[name], second[name]) for name in first)
    assert not torch.equal(first["head.0.weight"], other["head.0.weight"])


def test_building_a_network_leaves_the_random_numbers_of_the_training_alone() -> None:
    torch.manual_seed(7)
    expected = torch.rand(1)
    torch.manual_seed(7)
    build_network(small("test_resnet"), seed=1)
    assert torch.equal(torch.rand(1), expected)


def test_an_unknown_encoder_is_refused_with_similar_names() -> None:
    with pytest.raises(ConfigError, match=r"no model 'resnet_19'; did you mean one of .*resnet"):
        small("resnet_19")


def test_a_size_that_the_encoder_cannot_have_is_refused() -> None:
    config = small("crossvit_tiny_240", 64)
    with pytest.raises(
        ConfigError, match=r"cannot be trained on images of 64 px: .*another --image"
    ):
        check_network(config, image_size=64, num_samples=2)


def test_a_class_map_in_the_size_of_the_logits_is_their_maximum() -> None:
    logits = torch.randn(5, 16, 24)
    assert torch.equal(class_map(logits, 16, 24), logits.argmax(dim=0).to(torch.uint8))


def test_a_class_map_in_another_size_is_that_of_the_interpolated_logits() -> None:
    logits = torch.randn(5, 16, 24)
    scaled = torch.nn.functional.interpolate(logits[None], [50, 31], mode="bilinear")[0]
    assert torch.equal(class_map(logits, 50, 31), scaled.argmax(dim=0).to(torch.uint8))
