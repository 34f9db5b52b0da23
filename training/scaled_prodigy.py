"""Prodigy whose groups may have a scale of their own, which the original refuses."""

from typing import Any

import torch
from prodigyopt import Prodigy


class ScaledProdigy(Prodigy):  # type: ignore[misc]
    """Prodigy (Mishchenko and Defazio 2023) that multiplies the update of a group by its `lr_scale`.

    The loop sets the `lr` of a group to the learning rate times `lr_scale`. Prodigy takes one
    learning rate for all groups, so the scale is applied to its updates instead.
    """

    @torch.no_grad()
    def step(self, closure: Any = None) -> Any:
        scales = [group.get("lr_scale", 1.0) for group in self.param_groups]
        given = [group["lr"] for group in self.param_groups]
        shared = max(
            (lr / scale for lr, scale in zip(given, scales, strict=True) if scale), default=0
        )
        before = []
        for group, scale in zip(self.param_groups, scales, strict=True):
            group["lr"] = shared if scale else 0.0
            is_scaled = scale not in (0, 1)
            before.append([each.detach().clone() for each in group["params"]] if is_scaled else [])
        loss = super().step(closure)
        for group, scale, lr, old in zip(self.param_groups, scales, given, before, strict=True):
            group["lr"] = lr
            for weight, weight_before in zip(group["params"], old, strict=False):
                weight.copy_(weight_before + scale * (weight - weight_before))
        return loss
