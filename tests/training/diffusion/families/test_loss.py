"""The loss of a sample is its mean squared error, over its mask where it has one."""

import torch

from training.diffusion.families.loss import diffusion_loss

ONE = torch.ones(2)


def test_the_loss_is_the_weighted_mean_squared_error() -> None:
    prediction, target = torch.randn(2, 4, 8, 8), torch.randn(2, 4, 8, 8)
    weights = torch.tensor([1.0, 0.25])
    expected = torch.stack(
        [torch.nn.functional.mse_loss(*pair) for pair in zip(prediction, target, strict=True)]
    )
    loss = diffusion_loss(prediction, target, weights, None)
    torch.testing.assert_close(loss, expected * weights)


def test_half_precision_is_compared_in_float32() -> None:
    prediction = torch.full((2, 4, 8, 8), 300.0, dtype=torch.float16)
    loss = diffusion_loss(prediction, torch.zeros_like(prediction), ONE, None)
    assert loss.dtype == torch.float32
    assert loss.tolist() == [90_000.0, 90_000.0]


def test_only_the_mask_counts_whatever_its_size() -> None:
    prediction = torch.zeros(2, 4, 8, 8)
    prediction[:, :, :4] = 2.0
    prediction[:, :, 4:] = 50.0
    mask = torch.zeros(2, 1, 16, 16)
    mask[0, :, :8] = 1.0
    mask[1, :, :2, :2] = 1.0
    loss = diffusion_loss(prediction, torch.zeros_like(prediction), ONE, mask)
    torch.testing.assert_close(loss, torch.tensor([4.0, 4.0]))


def test_a_full_mask_changes_nothing() -> None:
    prediction, target = torch.randn(2, 4, 8, 8), torch.randn(2, 4, 8, 8)
    plain = diffusion_loss(prediction, target, ONE, None)
    torch.testing.assert_close(
        diffusion_loss(prediction, target, ONE, torch.ones(2, 1, 8, 8)), plain
    )


def test_an_empty_mask_teaches_nothing() -> None:
    prediction = torch.randn(2, 4, 8, 8, requires_grad=True)
    loss = diffusion_loss(prediction, torch.zeros(2, 4, 8, 8), ONE, torch.zeros(2, 1, 8, 8))
    assert loss.tolist() == [0.0, 0.0]
    loss.sum().backward()
    assert prediction.grad is not None
    assert not prediction.grad.any()
