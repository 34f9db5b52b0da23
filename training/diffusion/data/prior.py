"""Pairs each training sample with an image of its class, so that the class is not forgotten.

DreamBooth (Ruiz et al. 2022) trains on images of one subject, and at the same time on images of its
class under the class's own prompt: the loss is that of the subject plus a weighted one of the class.
"""

from collections.abc import Sequence

from training.diffusion.data.buckets import Bucket
from training.diffusion.data.order import Sample
from training.diffusion.data.passes import ShuffledPasses
from training.errors import DataError

_CLASS_PASS = 3
"""Tells these random orders from those of `training.diffusion.data.order`."""


class PriorPairs:
    """The class image of each training sample, as a pure function of the seed and the sample.

    The partner is placed in the bucket of its sample, so that both are in one micro-batch. It is one
    of those whose own bucket this is, if there are any; else one of all, more of which is cropped.
    Class images are gone through pass by pass, as the training images are.
    """

    def __init__(self, buckets: Sequence[Bucket], seed: int) -> None:
        if not buckets:
            raise DataError(
                "Prior preservation was asked for, but there is no image of the class. Add images to "
                "its folder, or switch prior preservation off."
            )
        self._buckets = tuple(buckets)
        self._seed = seed
        self._passes: dict[Bucket, ShuffledPasses] = {}

    def partner(self, bucket: Bucket, sample: Sample) -> int:
        """The number of the class image of a sample of this bucket."""
        return int(self._of(bucket).take(sample.turn, 1)[0])

    def candidates(self, bucket: Bucket) -> Sequence[int]:
        """The numbers of all class images that samples of this bucket may have as partners."""
        own = [image for image, other in enumerate(self._buckets) if other == bucket]
        return own or range(len(self._buckets))

    def num_in_other_buckets(self, buckets: Sequence[Bucket]) -> int:
        """How many of the training images of these buckets have partners of other buckets."""
        own = frozenset(self._buckets)
        return sum(bucket not in own for bucket in buckets)

    def _of(self, bucket: Bucket) -> ShuffledPasses:
        if bucket not in self._passes:
            self._passes[bucket] = ShuffledPasses(
                self.candidates(bucket),
                (self._seed, _CLASS_PASS, bucket.width, bucket.height),
            )
        return self._passes[bucket]
