"""The origin, the identifiers and the intended use that all derived DICOM objects carry."""

import io
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from pydicom import Dataset
from pydicom.sr.coding import Code

from serving.errors import Reason, ServingError
from serving.explanation.dicom.source import IDENTIFIERS, Source, quiet_libraries

logger = logging.getLogger(__name__)

MANUFACTURER = "Fovea"
INTENDED_USE = "research and decision support only"


@dataclass(frozen=True, kw_only=True)
class Algorithm:
    """The version of the registered model that made an object."""

    name: str
    version: str
    run_id: str


@contextmanager
def library_errors_as_refusals() -> Iterator[None]:
    """Keep the identifiers that libraries quote out of logs, warnings and errors.

    Raises ServingError REQUEST_INVALID instead of any error of a library.
    """
    try:
        with quiet_libraries():
            yield
    except ServingError:
        raise
    except Exception as error:  # noqa: BLE001, the libraries raise errors of any type
        # The message is left out: it quotes values.
        logger.warning("A DICOM object could not be made: %s.", type(error).__name__)
        raise ServingError(
            Reason.REQUEST_INVALID,
            "No DICOM object can be made from this file: its kind of image or its text is not "
            "supported. Leave include_dicom out.",
        ) from None


def to_file(dataset: Dataset) -> bytes:
    """The content of a DICOM file."""
    file = io.BytesIO()
    dataset.save_as(file, enforce_file_format=True)
    return file.getvalue()


def series_description(what: str) -> str:
    """Such as "Heat map: research and decision support only"; at most 64 characters."""
    return f"{what}: {INTENDED_USE}"[:64]


def add_identifiers(target: Dataset, source: Source) -> None:
    """Give `target` the identifiers of patient and study that the source has."""
    for keyword in IDENTIFIERS:
        if keyword in source.identifiers:
            target.add(source.identifiers[keyword])


def source_image(source: Source, frame: int, *, purpose: Code | None = None) -> Dataset:
    """A reference to `frame` of the source, counted from 0, as an item of SourceImageSequence."""
    item = Dataset()
    item.ReferencedSOPClassUID = source.sop_class_uid
    item.ReferencedSOPInstanceUID = source.sop_instance_uid
    if source.num_frames > 1:
        item.ReferencedFrameNumber = frame + 1
    if purpose is not None:
        item.PurposeOfReferenceCodeSequence = [coded(purpose)]
    return item


def coded(code: Code) -> Dataset:
    """An item of a code sequence."""
    item = Dataset()
    item.CodeValue = code.value
    item.CodingSchemeDesignator = code.scheme_designator
    item.CodeMeaning = code.meaning
    return item
