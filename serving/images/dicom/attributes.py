"""The attributes that may be read of a DICOM file, and how single values are taken from them."""

import math
from typing import Any

from pydicom.dataset import Dataset
from pydicom.multival import MultiValue
from pydicom.sequence import Sequence

PIXEL_KEYWORDS = ("PixelData", "FloatPixelData", "DoubleFloatPixelData")

ALLOWED = (
    "SOPClassUID",
    "Modality",
    "Laterality",
    "ImageLaterality",
    "BurnedInAnnotation",
    "PixelSpacing",
    "NominalScannedPixelSpacing",
    "SamplesPerPixel",
    "PhotometricInterpretation",
    "PlanarConfiguration",
    "NumberOfFrames",
    "Rows",
    "Columns",
    "BitsAllocated",
    "BitsStored",
    "HighBit",
    "PixelRepresentation",
    "PixelPaddingValue",
    "PixelPaddingRangeLimit",
    "ModalityLUTSequence",
    "RescaleSlope",
    "RescaleIntercept",
    "VOILUTSequence",
    "WindowCenter",
    "WindowWidth",
    "VOILUTFunction",
    "PixelPresentation",
    *(
        f"{segmented}{colour}PaletteColorLookupTable{part}"
        for colour in ("Red", "Green", "Blue")
        for segmented, part in (("", "Descriptor"), ("", "Data"), ("Segmented", "Data"))
    ),
    "SharedFunctionalGroupsSequence",
    "PerFrameFunctionalGroupsSequence",
    "ExtendedOffsetTable",
    "ExtendedOffsetTableLengths",
    *PIXEL_KEYWORDS,
)
"""Everything else in the file, with all that identifies the patient, is passed over when it is read."""


def first_value(dataset: Dataset, keyword: str) -> Any:
    """The first value of the attribute; None if it is absent, empty or cannot be read."""
    try:
        value = dataset.get(keyword)
    except (MemoryError, RecursionError):
        raise
    except Exception:  # noqa: BLE001, pydicom raises errors of any type for damaged values
        return None
    if isinstance(value, (MultiValue, Sequence, list, tuple)):
        value = value[0] if len(value) else None
    return None if value in ("", b"") else value


def whole_number(dataset: Dataset, keyword: str) -> int | None:
    value = finite_number(dataset, keyword)
    return None if value is None else int(value)


def finite_number(dataset: Dataset, keyword: str) -> float | None:
    try:
        number = float(first_value(dataset, keyword))
    except (TypeError, ValueError):
        return None
    return number if math.isfinite(number) else None


def code(dataset: Dataset, keyword: str) -> str:
    """A coded string in capitals; empty if it is absent."""
    value = first_value(dataset, keyword)
    return value.strip().upper() if isinstance(value, str) else ""


def first_item(dataset: Dataset | None, keyword: str) -> Dataset | None:
    """The first item of a sequence."""
    if dataset is None:
        return None
    item = first_value(dataset, keyword)
    return item if isinstance(item, Dataset) else None


def item_at(dataset: Dataset, keyword: str, index: int) -> Dataset | None:
    """The item of a sequence at this position; None if it has fewer."""
    try:
        value = dataset.get(keyword)
        item = value[index] if isinstance(value, Sequence) and index < len(value) else None
    except (MemoryError, RecursionError):
        raise
    except Exception:  # noqa: BLE001, as above
        return None
    return item if isinstance(item, Dataset) else None


def items(dataset: Dataset, keyword: str) -> list[Dataset]:
    try:
        value = dataset.get(keyword)
        return [item for item in value or () if isinstance(item, Dataset)]
    except (MemoryError, RecursionError):
        raise
    except Exception:  # noqa: BLE001, as above
        return []
