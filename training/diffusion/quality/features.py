"""Turns images into features with a named encoder, in batches and always with the same result."""

import hashlib
import json
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor, nn

from training.data.decode import square_tensor
from training.data.framing import Framing
from training.diffusion.quality.schema import EncoderIdentity
from training.errors import DataError

BATCH_SIZE = 32
"""Fixed, because the rounding of a network can depend on it."""

Picture = NDArray[np.uint8]
"""RGB, uint8 [H, W, 3]."""


@dataclass(frozen=True, kw_only=True)
class Encoder:
    """A network in evaluation mode, and how its images are prepared."""

    identity: EncoderIdentity
    decode_size: int
    """Pixels per side of the square that an image becomes first."""
    framing: Framing
    forward: Callable[[Tensor], Tensor]
    """Maps uint8 [B, 3, S, S] with S = decode_size to features [B, D]."""
    device: torch.device


def encode(
    encoder: Encoder, pictures: Iterable[Picture], *, mirrored: bool = False
) -> NDArray[np.float32]:
    """Features, float32 [N, D], of RGB images of any size; at most a batch of them is in memory.

    With `mirrored` they are the mean over the image and its three mirror images, so that all four
    have the same features. Raises DataError for an image of another kind.
    """
    parts = [np.zeros((0, encoder.identity.dimension), np.float32)]
    with torch.inference_mode(), _deterministic():
        for batch in _batches(encoder, pictures):
            views = [batch, *(_mirror_images(batch) if mirrored else ())]
            found = [encoder.forward(view.contiguous()).float() for view in views]
            parts.append(torch.stack(found).mean(dim=0).cpu().numpy())
    return np.concatenate(parts)


def identity_of(
    name: str,
    network: nn.Module,
    preparation: Mapping[str, Any],
    *,
    dimension: int,
    without: Collection[nn.Parameter] = (),
) -> EncoderIdentity:
    """The identity by content: every tensor but the parameters in `without`, and the preparation."""
    unused = {id(parameter) for parameter in without}
    digest = hashlib.sha256(json.dumps(dict(preparation), sort_keys=True).encode())
    # Parameters and buffers themselves; a state_dict has copies of them, whose ids are new.
    tensors = {**dict(network.named_parameters()), **dict(network.named_buffers())}
    for key in sorted(tensors):
        tensor = tensors[key]
        if id(tensor) in unused:
            continue
        values = tensor.detach().cpu().contiguous()
        digest.update(f"\0{key}\0{values.dtype}\0{list(values.shape)}\0".encode())
        digest.update(values.flatten().view(torch.uint8).numpy().data)
    return EncoderIdentity(name=name, digest=digest.hexdigest(), dimension=dimension)


def _deterministic() -> Any:
    return torch.backends.cudnn.flags(benchmark=False, deterministic=True, allow_tf32=False)


def _batches(encoder: Encoder, pictures: Iterable[Picture]) -> Iterator[Tensor]:
    images = (_prepared(encoder, picture) for picture in pictures)
    while batch := list(islice(images, BATCH_SIZE)):
        yield torch.stack(batch).to(encoder.device)


def _prepared(encoder: Encoder, picture: Picture) -> Tensor:
    require_picture(picture)
    image = Image.fromarray(np.ascontiguousarray(picture))
    return square_tensor(image, encoder.decode_size, encoder.framing)


def require_picture(picture: Picture) -> None:
    """Raise DataError unless it is an RGB image."""
    array = np.asarray(picture)
    if array.dtype != np.uint8 or array.ndim != 3 or array.shape[2] != 3 or not array.size:
        raise DataError(
            "Expected RGB images as uint8 [height, width, 3], but "
            f"{array.dtype} {list(array.shape)} came: convert them first."
        )


def _mirror_images(batch: Tensor) -> tuple[Tensor, ...]:
    return batch.flip(-1), batch.flip(-2), batch.flip(-1, -2)
