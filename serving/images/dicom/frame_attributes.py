"""Finds the attributes that apply to one frame: its own, those that all frames share, or the image's."""

from collections.abc import Iterator

from pydicom.dataset import Dataset

from serving.images.dicom.attributes import first_item, item_at


def holders(dataset: Dataset, index: int, sequence: str) -> Iterator[Dataset]:
    """The data sets that may hold the attributes of frame `index`, the most specific first.

    `sequence` is the functional group's, such as FrameVOILUTSequence.
    """
    own = item_at(dataset, "PerFrameFunctionalGroupsSequence", index)
    shared = first_item(dataset, "SharedFunctionalGroupsSequence")
    for group in (own, shared):
        item = first_item(group, sequence)
        if item is not None:
            yield item
    yield dataset
