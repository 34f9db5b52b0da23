"""Finds the facts about a DICOM image that are no identifiers: modality, laterality and pixel spacing."""

from collections.abc import Iterator

from pydicom.dataset import Dataset

from serving.images.dicom.attributes import code, first_item, items
from serving.images.image import Laterality, Modality

_OPHTHALMIC = "1.2.840.10008.5.1.4.1.1.77.1.5."
# DICOM PS3.4 B.5. The en face images (.7) are neither photographs nor B-scans.
_MODALITY_OF_CLASS = {
    f"{_OPHTHALMIC}1": Modality.FUNDUS,
    f"{_OPHTHALMIC}2": Modality.FUNDUS,
    f"{_OPHTHALMIC}4": Modality.OCT,
    f"{_OPHTHALMIC}5": Modality.FUNDUS,
    f"{_OPHTHALMIC}6": Modality.FUNDUS,
    f"{_OPHTHALMIC}7": Modality.OTHER,
}
# DICOM PS3.3 C.7.3.1.1.1.
_MODALITY_OF_CODE = {"OP": Modality.FUNDUS, "OPT": Modality.OCT, "OCT": Modality.OCT}
_UNSPECIFIC_CODES = {"", "OT", "SC", "XC", "DOC"}
_EYES = {"R": Laterality.RIGHT, "L": Laterality.LEFT}


def modality(dataset: Dataset) -> Modality | None:
    """By the SOP class, else by the attribute Modality; None if neither names one."""
    try:
        sop_class = str(dataset.get("SOPClassUID", ""))
    except Exception:  # noqa: BLE001, pydicom raises errors of any type for damaged values
        sop_class = ""
    if sop_class in _MODALITY_OF_CLASS:
        return _MODALITY_OF_CLASS[sop_class]
    modality_code = code(dataset, "Modality")
    if modality_code in _UNSPECIFIC_CODES:
        return None
    return _MODALITY_OF_CODE.get(modality_code, Modality.OTHER)


def laterality(dataset: Dataset, notes: list[str]) -> Laterality | None:
    """The eye that all attributes agree on; None if they differ, or say both eyes or nothing."""
    eyes = {_EYES[found] for found in _laterality_codes(dataset) if found in _EYES}
    if len(eyes) > 1:
        notes.append("the file names both eyes: the laterality is unknown")
        return None
    return next(iter(eyes), None)


def pixel_spacing_mm(dataset: Dataset) -> tuple[float, float] | None:
    """Row and column spacing."""
    shared = first_item(dataset, "SharedFunctionalGroupsSequence")
    frame = first_item(dataset, "PerFrameFunctionalGroupsSequence")
    for holder in (
        dataset,
        first_item(shared, "PixelMeasuresSequence"),
        first_item(frame, "PixelMeasuresSequence"),
    ):
        for keyword in ("PixelSpacing", "NominalScannedPixelSpacing"):
            spacing = None if holder is None else _two_numbers(holder, keyword)
            if spacing is not None:
                return spacing
    return None


def _laterality_codes(dataset: Dataset) -> Iterator[str]:
    yield code(dataset, "ImageLaterality") or code(dataset, "Laterality")
    for group in (
        *items(dataset, "SharedFunctionalGroupsSequence"),
        *items(dataset, "PerFrameFunctionalGroupsSequence"),
    ):
        anatomy = first_item(group, "FrameAnatomySequence")
        if anatomy is not None:
            yield code(anatomy, "FrameLaterality")


def _two_numbers(dataset: Dataset, keyword: str) -> tuple[float, float] | None:
    try:
        row, column = (float(number) for number in dataset.get(keyword) or ())
    except (TypeError, ValueError):
        return None
    infinite = float("inf")
    return (row, column) if 0 < row < infinite and 0 < column < infinite else None
