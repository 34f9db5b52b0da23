"""Decodes every image once before the training starts, so that a bad one is not met hours later."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from training.data.decode import Framing, UnreadableImageError, decode_image


def unreadable_images(
    root: Path, paths: Sequence[str], *, num_threads: int
) -> list[UnreadableImageError]:
    """Those of `paths` that cannot be decoded, each with its reason; in order."""

    def check(path: str) -> UnreadableImageError | None:
        try:
            # Small: the whole file is read, but little of it is computed.
            decode_image(root, path, 32, Framing.STRETCH)
        except UnreadableImageError as error:
            return error
        return None

    with ThreadPoolExecutor(max_workers=num_threads) as pool:
        return [error for error in pool.map(check, paths) if error is not None]
