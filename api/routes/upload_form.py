"""The form of an upload: the images, the side of the eye of each, and what is to be answered."""

from typing import Annotated

from fastapi import Depends, File, Form, Query, UploadFile
from fastapi.exceptions import RequestValidationError
from pydantic import BeforeValidator

from api.diagnosis.schemas import Laterality
from api.diagnosis.service import DiagnosisOptions, UploadedImage

MAX_FILES = 1000
"""The service accepts fewer images of one patient, and says so."""

MAX_FIELD_BYTES = 4096

_SIDES = {
    "": Laterality.UNKNOWN,
    "r": Laterality.RIGHT,
    "od": Laterality.RIGHT,
    "l": Laterality.LEFT,
    "os": Laterality.LEFT,
}


def _side(text: object) -> object:
    return _SIDES.get(text.strip().lower(), text.strip().lower()) if isinstance(text, str) else text


Files = Annotated[list[UploadFile], File()]
Side = Annotated[Laterality, BeforeValidator(_side)]
Threshold = float | None


def uploaded_images(
    file: Annotated[Files, File(description="images; `files` means the same")] = [],  # noqa: B006
    files: Annotated[Files, File(description="images; `file` means the same")] = [],  # noqa: B006
    laterality: Annotated[
        list[Side],
        Form(
            description="side of the eye of each image, in the order of the images; "
            "R, OD, L and OS are understood as well"
        ),
    ] = [],  # noqa: B006
) -> list[UploadedImage]:
    uploads = [*file, *files]
    if not uploads:
        raise _problem("file", "at least one image was expected, as a file of a multipart form")
    if laterality and len(laterality) != len(uploads):
        raise _problem(
            "laterality", f"{len(uploads)} were expected, one for each image, not {len(laterality)}"
        )
    sides = laterality or [Laterality.UNKNOWN] * len(uploads)
    return [
        UploadedImage(name=upload.filename or "", laterality=side, content=upload)
        for upload, side in zip(uploads, sides, strict=True)
    ]


def diagnosis_options(
    threshold_in_form: Annotated[
        Threshold,
        Form(
            alias="confidence_threshold",
            ge=0,
            le=1,
            description="abstain from a diagnosis with a lower confidence; default: the service's, 0.5",
        ),
    ] = None,
    threshold_in_query: Annotated[
        Threshold, Query(alias="confidence_threshold", ge=0, le=1)
    ] = None,
    segmentation_in_form: Annotated[bool, Form(alias="include_segmentation")] = False,
    segmentation_in_query: Annotated[bool, Query(alias="include_segmentation")] = False,
    gradcam_in_form: Annotated[bool, Form(alias="include_gradcam")] = False,
    gradcam_in_query: Annotated[bool, Query(alias="include_gradcam")] = False,
    include_dicom: Annotated[
        bool,
        Form(description="heat maps and masks of DICOM input also as DICOM, with its identifiers"),
    ] = False,
    jurisdiction: Annotated[
        str, Form(max_length=64, description="of the urgency rules; default: any")
    ] = "",
) -> DiagnosisOptions:
    return DiagnosisOptions(
        confidence_threshold=(
            threshold_in_query if threshold_in_form is None else threshold_in_form
        ),
        include_segmentation=segmentation_in_form or segmentation_in_query,
        include_gradcam=gradcam_in_form or gradcam_in_query,
        include_dicom=include_dicom,
        jurisdiction=jurisdiction,
    )


Images = Annotated[list[UploadedImage], Depends(uploaded_images)]
Options = Annotated[DiagnosisOptions, Depends(diagnosis_options)]


def _problem(field: str, message: str) -> RequestValidationError:
    return RequestValidationError([{"loc": ("body", field), "msg": message}])
