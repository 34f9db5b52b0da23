"""Compares the pixels of two pictures after the flip and the crop that make them most alike."""

from collections.abc import Iterable, Sequence
from itertools import product

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from training.diffusion.quality.features import Picture, require_picture
from training.diffusion.quality.samples import Array, IntArray

THUMBNAIL_SIZE = 32
COMPARED_SIZE = 24
"""Pixels per side that are compared; a crop of the thumbnail has about as many."""
SCALES = (1.0, 0.87, 0.75)
"""Sides of the crops, as shares of the picture's."""
PLACES = (-1.0, 0.0, 1.0)
"""Where a crop is, from one border to the other."""
FLIPS = tuple(product((1.0, -1.0), (1.0, -1.0)))
LEAST_SCALE = 0.65
WHOLE = tuple(torch.tensor([*flip, 0.0, 0.0]) for flip in FLIPS)
"""Boxes of the whole picture and its mirror images; a negative side is a flip."""
REFINEMENTS = (0.06, 0.03, 0.015)
"""Steps by which the best crop is then moved and resized."""
COARSE_SIZE = 16
COARSE_SCALES = (1.0, 0.93, 0.86, 0.8, 0.74)
COARSE_BLOCK = 512
PAIRS = 1024
"""Pairs that are compared at once."""

_FLAT = 1e-6

Thumbnails = NDArray[np.uint8]
"""Uint8 [N, 32, 32, 3]."""


def thumbnails(pictures: Iterable[Picture]) -> Thumbnails:
    """Pictures of any size at low resolution, whatever their aspect ratio."""
    parts = [np.zeros((0, THUMBNAIL_SIZE, THUMBNAIL_SIZE, 3), np.uint8)]
    for picture in pictures:
        require_picture(picture)
        values = torch.from_numpy(np.array(picture)).permute(2, 0, 1)[None].float()
        small = F.interpolate(values, [THUMBNAIL_SIZE] * 2, mode="bilinear", antialias=True)
        parts.append(small.round().clamp(0, 255).byte().permute(0, 2, 3, 1).numpy())
    return np.concatenate(parts)


def aligned_distances(first: Thumbnails, second: Thumbnails) -> Array:
    """The distance of each pair of [P, 32, 32, 3], from 0 for equal pictures to 2, float64 [P].

    It is that of the pixels with mean 0 and length 1, so that brightness and contrast do not matter,
    and the least over flips and over crops of either picture.
    """
    parts = [
        _aligned(_pixels(first[start : start + PAIRS]), _pixels(second[start : start + PAIRS]))
        for start in range(0, len(first), PAIRS)
    ]
    return np.concatenate([np.zeros(0), *parts])


def alike(
    queries: Thumbnails,
    references: Thumbnails,
    *,
    number: int,
    owners: tuple[IntArray, IntArray] | None = None,
) -> IntArray:
    """Positions [M, K] of the pictures of [N, 32, 32, 3] of which a crop is most like each query.

    A coarse search in grey over flips and crops, which finds the pairs for `aligned_distances`. With
    `owners`, pictures of the same patient come last.
    """
    count = min(number, len(references))
    shape = (len(queries), count)
    best, positions = np.full(shape, -np.inf, np.float32), np.zeros(shape, np.int64)
    for start in range(0, len(queries), COARSE_BLOCK):
        rows = slice(start, start + COARSE_BLOCK)
        patterns = _coarse(queries[rows], WHOLE)
        for other in range(0, len(references), COARSE_BLOCK):
            columns = slice(other, other + COARSE_BLOCK)
            found = _similarities(
                patterns, _coarse(references[columns], _candidates(1, COARSE_SCALES))
            )
            if owners is not None:
                found[owners[0][rows, None] == owners[1][columns]] = -np.inf
            places = np.broadcast_to(np.arange(other, other + found.shape[1]), found.shape)
            both = np.concatenate([best[rows], found], axis=1)
            where = np.concatenate([positions[rows], places], axis=1)
            kept = np.argpartition(-both, count - 1, axis=1)[:, :count]
            best[rows] = np.take_along_axis(both, kept, axis=1)
            positions[rows] = np.take_along_axis(where, kept, axis=1)
    return positions


@torch.inference_mode()
def _coarse(pictures: Thumbnails, boxes: Iterable[Tensor]) -> Tensor:
    """Patterns [V, N, P] of the pictures in grey, in each of the boxes."""
    grey = _pixels(pictures).mean(dim=1, keepdim=True)
    return torch.stack(
        [_patterns(_crop(grey, box.expand(len(grey), 4), COARSE_SIZE)) for box in boxes]
    )


def _similarities(queries: Tensor, references: Tensor) -> NDArray[np.float32]:
    """The greatest similarity of any two views, [M, N]."""
    found = torch.full((queries.shape[1], references.shape[1]), -1.0)
    for query, reference in product(queries, references):
        found = torch.maximum(found, query @ reference.T)
    similarities: NDArray[np.float32] = found.numpy()
    return similarities


def _pixels(pictures: Thumbnails) -> Tensor:
    return torch.from_numpy(np.ascontiguousarray(pictures)).permute(0, 3, 1, 2).float()


@torch.inference_mode()
def _aligned(first: Tensor, second: Tensor) -> Array:
    both = torch.minimum(_to_crops(first, second), _to_crops(second, first))
    found: Array = both.double().numpy()
    return found


def _to_crops(whole: Tensor, cropped: Tensor) -> Tensor:
    """The least distance of each of `whole` to a crop of its partner."""
    targets = [_patterns(_crop(whole, box.expand(len(whole), 4))) for box in WHOLE]
    best, boxes, target = _best(cropped, targets, _candidates(len(whole), SCALES))
    for step in REFINEMENTS:
        found, moved, _ = _best(cropped, [target], _moved(boxes, step))
        boxes = torch.where((found < best)[:, None], moved, boxes)
        best = torch.minimum(best, found)
    return best


def _best(
    pictures: Tensor, targets: Sequence[Tensor], boxes: Iterable[Tensor]
) -> tuple[Tensor, Tensor, Tensor]:
    """The least distance to any target [N, P], with the box and the target that have it."""
    best = torch.full((len(pictures),), float("inf"))
    chosen, nearest_target = torch.zeros(len(pictures), 4), torch.zeros_like(targets[0])
    for box in boxes:
        patterns = _patterns(_crop(pictures, box))
        for target in targets:
            similarity = (patterns * target).sum(dim=1).clamp(-1, 1)
            distance = (2 - 2 * similarity).sqrt()
            is_nearer = (distance < best)[:, None]
            chosen = torch.where(is_nearer, box, chosen)
            nearest_target = torch.where(is_nearer, target, nearest_target)
            best = torch.minimum(best, distance)
    return best, chosen, nearest_target


def _candidates(num_pictures: int, scales: Sequence[float]) -> Iterable[Tensor]:
    """Width and height, and the centre, of each crop, where a picture spans -1 to 1."""
    for scale in scales:
        slack = 1 - scale
        for x, y in product(PLACES, PLACES) if slack else [(0.0, 0.0)]:
            yield torch.tensor([scale, scale, slack * x, slack * y]).expand(num_pictures, 4)


def _moved(boxes: Tensor, step: float) -> Iterable[Tensor]:
    """The boxes a little larger, smaller and elsewhere, but never beyond the picture."""
    for grow, x, y in product((-step, 0.0, step), (-step, step), (-step, step)):
        sides = (boxes[:, :2] + grow).clamp(LEAST_SCALE, 1)
        slack = 1 - sides
        centres = boxes[:, 2:] + torch.tensor([x, y])
        yield torch.cat([sides, torch.maximum(torch.minimum(centres, slack), -slack)], 1)


def _crop(pictures: Tensor, boxes: Tensor, size: int = COMPARED_SIZE) -> Tensor:
    zero = torch.zeros(len(boxes))
    rows = [boxes[:, 0], zero, boxes[:, 2], zero, boxes[:, 1], boxes[:, 3]]
    theta = torch.stack(rows, dim=1).reshape(-1, 2, 3)
    grid = F.affine_grid(theta, [*pictures.shape[:2], size, size], align_corners=False)
    return F.grid_sample(pictures, grid, padding_mode="border", align_corners=False)


def _patterns(pictures: Tensor) -> Tensor:
    """Pixels with mean 0 and length 1; a picture of one shade has no pattern, and becomes zero."""
    flat = pictures.flatten(1)
    centred = flat - flat.mean(dim=1, keepdim=True)
    lengths: Tensor = centred.norm(dim=1, keepdim=True)
    return centred / lengths.clamp(min=_FLAT)
