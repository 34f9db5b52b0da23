import pytest

from serving.diagnosis.decoded_answer import NOT_ASKED, decoded_answer
from serving.diagnosis.inputs import ImageInput
from serving.errors import Reason, ServingError
from serving.images.image import DecodedFile, Laterality
from serving.v1 import diagnosis_pb2 as pb
from tests.serving.diagnosis.drawn_images import blurred, fundus, oct_scan

BROKEN = ImageInput(position=1, error=ServingError(Reason.IMAGE_UNREADABLE, "The file is cut off."))


def decoded(position: int, *frames: object, name: str = "") -> ImageInput:
    given = DecodedFile(frames=tuple(frames), format="PNG", notes=("a note",))  # type: ignore[arg-type]
    return ImageInput(position=position, decoded=given, name=name)


def test_a_decoded_file_has_quality_and_modality_and_no_diagnosis() -> None:
    answer = decoded_answer(
        [decoded(0, fundus(), name="Jane_od.png"), decoded(1, oct_scan(), oct_scan())],
        request_id="r",
        processing_time_s=0.5,
    )
    assert (answer.request_id, answer.status) == ("r", "success")
    photograph, volume = answer.images
    assert photograph.laterality == pb.LATERALITY_RIGHT
    assert photograph.result.modality.modality == pb.MODALITY_FUNDUS
    assert photograph.result.quality.gradable
    assert photograph.result.processing_time_seconds == 0.5
    assert volume.result.modality.modality == pb.MODALITY_OCT
    assert volume.num_frames == 2
    assert list(volume.notes) == ["a note"]
    for image in answer.images:
        assert image.result.abstained
        assert image.result.reason == NOT_ASKED
        assert image.result.risk.risk_level == "unknown"
        assert not image.result.HasField("classification")
    assert b"Jane" not in answer.SerializeToString()


def test_a_blurred_file_is_sent_back_already_here() -> None:
    answer = decoded_answer([decoded(0, blurred(fundus(), 0.03))], request_id="r")
    assert answer.images[0].result.quality.advice == "retake"


@pytest.mark.parametrize("images", [[BROKEN], [BROKEN, ImageInput(position=0, error=BROKEN.error)]])
def test_files_that_cannot_be_decoded_are_an_error(images: list[ImageInput]) -> None:
    answer = decoded_answer(images, request_id="r")
    assert answer.status == "error"
    assert answer.error.reason == "IMAGE_UNREADABLE"


def test_one_broken_file_leaves_the_others() -> None:
    named = ImageInput(position=0, laterality=Laterality.LEFT, decoded=decoded(0, fundus()).decoded)
    answer = decoded_answer([BROKEN, named], request_id="r")
    assert answer.status == "success"
    assert answer.images[0].laterality == pb.LATERALITY_LEFT
    assert answer.images[1].error.reason == "IMAGE_UNREADABLE"
