"""The loss falls with the overlap, counts every image alike, and leaves ignored pixels out."""

import pytest
import torch
import torch.nn.functional as F

from training.data.mask_folder import IGNORED
from training.recipes.segmentation.loss import segmentation_losses

CLASSES = 3


def masks() -> torch.Tensor:
    found = torch.zeros(2, 16, 16, dtype=torch.int64)
    found[0, 2:9, 2:9] = 1
    found[1, :, 12:] = 2
    return found


def sure_logits(masks: torch.Tensor) -> torch.Tensor:
    known = masks.where(masks != IGNORED, 0)
    return 30 * F.one_hot(known, CLASSES).movedim(3, 1).float()


@pytest.mark.parametrize("dice_weight", [0.0, 0.5, 1.0])
def test_a_perfect_prediction_has_no_loss(dice_weight: float) -> None:
    losses = segmentation_losses(sure_logits(masks()), masks(), dice_weight)
    torch.testing.assert_close(losses, torch.zeros(2), atol=1e-5, rtol=0)


def test_without_dice_it_is_the_cross_entropy_of_each_image() -> None:
    logits = torch.randn(2, CLASSES, 16, 16)
    expected = F.cross_entropy(logits, masks(), reduction="none").mean(dim=(1, 2))
    torch.testing.assert_close(segmentation_losses(logits, masks(), 0.0), expected)


def test_dice_is_the_mean_over_the_structures_of_an_image() -> None:
    logits = torch.randn(2, CLASSES, 16, 16)
    probabilities = logits.softmax(dim=1)
    expected = []
    for image, structure in ((0, 1), (1, 2)):
        truth = (masks()[image] == structure).float()
        predicted = probabilities[image, structure]
        overlap = (2 * (truth * predicted).sum() + 1) / (truth.sum() + predicted.sum() + 1)
        expected.append(1 - overlap)
    torch.testing.assert_close(segmentation_losses(logits, masks(), 1.0), torch.stack(expected))


def test_an_image_without_structures_has_no_dice_loss() -> None:
    empty = torch.zeros(1, 16, 16, dtype=torch.int64)
    assert segmentation_losses(torch.randn(1, CLASSES, 16, 16), empty, 1.0).tolist() == [0.0]


def test_ignored_pixels_change_nothing() -> None:
    partly = masks()
    partly[:, 10:] = IGNORED
    logits = torch.randn(2, CLASSES, 16, 16, requires_grad=True)
    losses = segmentation_losses(logits, partly, 0.5)
    losses.sum().backward()
    assert logits.grad is not None
    assert (logits.grad[:, :, 10:] == 0).all()
    assert (logits.grad[:, :, :10] != 0).any()
    torch.testing.assert_close(losses, segmentation_losses(logits[:, :, :10], partly[:, :10], 0.5))


def test_an_image_that_nobody_has_labelled_has_no_loss() -> None:
    unknown = torch.full((1, 16, 16), IGNORED)
    assert segmentation_losses(torch.randn(1, CLASSES, 16, 16), unknown, 0.5).tolist() == [0.0]


def test_each_image_counts_alike_in_any_batch() -> None:
    logits = torch.randn(2, CLASSES, 16, 16)
    together = segmentation_losses(logits, masks(), 0.5)
    alone = [segmentation_losses(logits[i : i + 1], masks()[i : i + 1], 0.5)[0] for i in (0, 1)]
    torch.testing.assert_close(together, torch.stack(alone))


def test_half_precision_is_computed_in_full() -> None:
    logits = torch.randn(2, CLASSES, 16, 16)
    assert segmentation_losses(logits.bfloat16(), masks(), 0.5).dtype == torch.float32
