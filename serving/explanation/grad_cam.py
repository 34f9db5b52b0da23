"""Computes Grad-CAM maps (Selvaraju et al. 2017) of classifiers, without scaling them."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from pytorch_grad_cam import GradCAM
from pytorch_grad_cam.base_cam import BaseCAM
from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget
from torch import Tensor, nn

from serving.explanation.target_layer import NoMapError, TargetLayer, target_layer

Array = np.ndarray[Any, Any]

NUM_SHUFFLES = 16


@dataclass(frozen=True, kw_only=True)
class GradCamMap:
    """The evidence that the network finds for a class, by its position in the image."""

    values: Array
    """Float32 [h, w] in the frame of the network's input, not negative.

    Their sum is, to first order, what the activations contribute to the logit of the class.
    """
    reference: float
    """Median height of the peak of maps of the same activations with shuffled channel weights."""
    layer: str
    """Name of the layer in the network, such as blocks.11.norm1."""


class UnscaledCam(BaseCAM):  # type: ignore[misc]
    """Makes a method of the library return its map before it scales it; for one layer, one image.

    The library scales each map to the range from 0 to 1, which makes numerical noise look like
    strong evidence.
    """

    activations: Array
    gradients: Array

    def compute_cam_per_layer(
        self, input_tensor: Tensor, targets: list[Any], eigen_smooth: bool
    ) -> list[Array]:
        recorded = self.activations_and_grads
        if len(recorded.activations) != 1 or len(recorded.gradients) != 1:
            raise NoMapError(
                "no map: expected one pass through the layer, but there were "
                f"{len(recorded.activations)} forward and {len(recorded.gradients)} backward"
            )
        self.activations = recorded.activations[0].numpy()
        self.gradients = recorded.gradients[0].numpy()
        layer = self.target_layers[0]
        weighted = self.get_cam_image(
            input_tensor, layer, targets, self.activations, self.gradients, eigen_smooth
        )
        return [np.maximum(weighted, 0)]

    def aggregate_multi_layers(self, cam_per_target_layer: list[Array]) -> Array:
        return cam_per_target_layer[0]


class UnscaledGradCam(UnscaledCam, GradCAM):  # type: ignore[misc]
    """Grad-CAM without scaling."""


def grad_cam(
    network: nn.Module,
    prepared: Tensor,
    class_index: int,
    method: type[UnscaledCam] = UnscaledGradCam,
) -> GradCamMap:
    """The Grad-CAM map of one image for the logit `class_index`.

    `prepared` is the normalised image [1, 3, S, S] on any device. The network is put in evaluation
    mode. While the map is computed, a hook observes the network and its parameters take no
    gradients, so the caller's lock must keep other threads from the same network; afterwards both
    are as before, whatever happens. Gradients begin at the layer, so the cost is two forward passes
    at most and a short backward pass. Weights in bfloat16 are accepted; those that were made in
    `torch.inference_mode` are not.

    Raises NoMapError if the network has no layer with positions in the image, ValueError for an image
    of another shape.
    """
    if prepared.ndim != 4 or prepared.shape[0] != 1 or prepared.shape[2] != prepared.shape[3]:
        raise ValueError(f"Expected an image [1, 3, S, S], but {list(prepared.shape)} came.")
    network = getattr(network, "_orig_mod", network)
    network.eval()
    with torch.inference_mode(False), torch.enable_grad(), _without_parameter_gradients(network):
        layer = target_layer(network, _as_input(network, prepared))
        return _map_of_layer(layer, class_index, method)


def _map_of_layer(layer: TargetLayer, class_index: int, method: type[UnscaledCam]) -> GradCamMap:
    with _gradients_from(layer.module):
        cam = method(layer.network, [layer.module], layer.to_feature_map)
        # The layers after it may overwrite what they get, which must be neither a leaf nor the
        # recorded activations.
        copying = layer.module.register_forward_hook(lambda _, __, output: output.clone())
        try:
            (values,) = cam(layer.network_input, [ClassifierOutputTarget(class_index)])
            weights = cam.get_cam_weights(
                layer.network_input, layer.module, None, cam.activations, cam.gradients
            )
            reference = _shuffled_peak(cam.activations[0], weights[0])
        finally:
            copying.remove()
            cam.activations_and_grads.release()
    return GradCamMap(values=values.astype(np.float32), reference=reference, layer=layer.name)


def peak_height(values: Array) -> float:
    """How far the maximum of a map stands above its median."""
    return float(values.max() - np.median(values))


def _shuffled_peak(activations: Array, weights: Array) -> float:
    """Median peak height of maps of activations [C, h, w] with `weights` [C] in random order."""
    random = np.random.default_rng(0)
    heights = [
        peak_height(np.maximum(np.tensordot(random.permutation(weights), activations, 1), 0))
        for _ in range(NUM_SHUFFLES)
    ]
    return float(np.median(heights))


def _as_input(network: nn.Module, prepared: Tensor) -> Tensor:
    parameter = next(network.parameters())
    return prepared.clone().to(device=parameter.device, dtype=parameter.dtype)


@contextmanager
def _without_parameter_gradients(network: nn.Module) -> Iterator[None]:
    trainable = [parameter for parameter in network.parameters() if parameter.requires_grad]
    for parameter in trainable:
        parameter.requires_grad_(False)
    try:
        yield
    finally:
        for parameter in trainable:
            parameter.requires_grad_(True)


@contextmanager
def _gradients_from(module: nn.Module) -> Iterator[None]:
    """Make the outputs of `module` leaves of the graph, so that gradients are computed from there."""

    def as_leaf(_: nn.Module, __: object, output: object) -> Tensor:
        if not isinstance(output, Tensor):
            raise NoMapError(f"no map: the layer returns a {type(output).__name__}")
        return output.detach().requires_grad_()

    handle = module.register_forward_hook(as_leaf)
    try:
        yield
    finally:
        handle.remove()
