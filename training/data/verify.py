"""Decodes every image once before training, so that a damaged one fails at the start and not later."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from training.data.decode import UnreadableImageError, decode_image
from training.data.framing import Framing


def unreadable_images(
    root: Path, paths: Sequence[str], *, num_threads: int
) -> list[UnreadableImageError]:
    """An error for each of `paths` that cannot be decoded, in the order of `paths`."""

    def check(path: str) -> UnreadableImageError | None:
        try:
            # The small size saves decoding work, but the whole file is still read and checked.
            decode_image(root, path, 32, Framing.STRETCH)
        except UnreadableImageError as error:
            return error
        return None

    with ThreadPoolExecutor(max_workers=num_threads) as pool:
        return [error for error in pool.map(check, paths) if error is not None]
