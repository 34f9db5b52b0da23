"""The features of a network are the input of its last layer."""

import pytest
import timm
import torch
from torch import nn

from training.models.features import has_features, logits_and_features


@pytest.mark.parametrize("name", ["test_resnet", "test_vit", "test_efficientnet"])
def test_features_are_the_input_of_the_last_layer(name: str) -> None:
    model = timm.create_model(name, num_classes=4).eval()
    images = torch.randn(3, 3, 160, 160)
    seen: list[torch.Tensor] = []
    model.get_classifier().register_forward_pre_hook(lambda _, given: seen.append(given[0]))
    assert has_features(model)
    with torch.no_grad():
        logits, features = logits_and_features(model, images)
        torch.testing.assert_close(logits, model(images))
    torch.testing.assert_close(features, seen[0])
    assert features.shape == (3, model.num_features)


def test_other_networks_have_none() -> None:
    assert not has_features(nn.Linear(3, 2))
