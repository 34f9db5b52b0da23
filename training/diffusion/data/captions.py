"""Changes a caption for one training sample: the order of its tags."""

import numpy as np


def shuffled_tags(
    caption: str, generator: np.random.Generator, *, keep_tags: int, separator: str = ","
) -> str:
    """The tags between separators in a random order; the first `keep_tags` stay where they are.

    Without tags to exchange, the caption comes back as it was written, with its spaces.
    """
    tags = [tag.strip() for tag in caption.split(separator)]
    kept, others = tags[:keep_tags], tags[keep_tags:]
    if len(others) < 2:
        return caption
    order = generator.permutation(len(others))
    return f"{separator} ".join([*kept, *(others[index] for index in order)])
