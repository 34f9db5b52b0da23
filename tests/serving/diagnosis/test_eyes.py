"""The rule by which images make the result of an eye, and eyes that of the patient."""

from collections.abc import Sequence
from itertools import permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from serving.diagnosis.inputs import ImageInput
from serving.images.image import Laterality
from serving.v1 import diagnosis_pb2 as pb
from tests.serving.diagnosis.drawn_images import blurred, fundus
from tests.serving.diagnosis.requests import (
    DRUSEN,
    MILD,
    NORMAL,
    PROLIFERATIVE,
    RAO,
    answer_to,
    certain,
    file,
    output,
)

RIGHT, LEFT = Laterality.RIGHT, Laterality.LEFT
UNREADABLE = blurred(fundus(), 0.03)


def right(primary: int, share: float = 0.9, *, position: int = 0, blur: bool = False) -> ImageInput:
    return file(
        certain(primary, share),
        position=position,
        laterality=RIGHT,
        image=UNREADABLE if blur else None,
    )


def left(primary: int, share: float = 0.9, *, position: int = 1, blur: bool = False) -> ImageInput:
    return file(
        certain(primary, share),
        position=position,
        laterality=LEFT,
        image=UNREADABLE if blur else None,
    )


def test_an_ungradable_image_does_not_count_if_another_of_the_eye_is_gradable() -> None:
    diagnosis = answer_to(right(RAO, blur=True), right(MILD, position=1))
    (eye,) = diagnosis.eyes
    assert list(eye.files) == [0, 1]
    assert eye.result.classification.primary_diagnosis == "Fundus_DR_Mild"
    assert eye.result.risk.risk_level == "low"
    assert list(eye.notes) == ["Image 0 does not count: not gradable: blur."]
    assert not eye.result.evidence[0].is_positive
    assert not any("Retake" in text for text in eye.result.recommendations)
    assert diagnosis.status == "success"


def test_an_eye_without_a_gradable_image_has_no_diagnosis() -> None:
    diagnosis = answer_to(right(RAO, blur=True), right(MILD, position=1, blur=True))
    assert diagnosis.status == "abstained"
    assert diagnosis.result.risk.risk_level == "unknown"


def test_an_eye_is_positive_if_any_gradable_image_is() -> None:
    diagnosis = answer_to(
        right(NORMAL), right(RAO, 0.6, position=1), right(NORMAL, 0.95, position=2)
    )
    (eye,) = diagnosis.eyes
    (evidence,) = eye.result.evidence
    assert evidence.is_positive
    assert evidence.probability == pytest.approx(0.6)
    assert eye.result.risk.risk_level == "critical"
    assert eye.result.classification.primary_diagnosis == "Fundus_RAO"


def test_the_score_of_an_eye_is_the_highest_of_its_images() -> None:
    diagnosis = answer_to(right(RAO, 0.6), right(PROLIFERATIVE, 0.95, position=1))
    scores = [image.result.risk.risk_score for image in diagnosis.images]
    assert scores == [pytest.approx(0.75), pytest.approx(0.95)]
    assert diagnosis.eyes[0].result.risk.risk_level == "critical"
    assert diagnosis.eyes[0].result.risk.risk_score == pytest.approx(0.95)


def test_images_of_an_eye_that_disagree_are_named() -> None:
    diagnosis = answer_to(
        right(NORMAL), right(PROLIFERATIVE, position=1), right(NORMAL, 0.8, position=2)
    )
    (note,) = diagnosis.eyes[0].notes
    assert note == (
        "The images of the eye disagree: no sign of disease (images 0, 2); proliferative diabetic "
        "retinopathy (image 1)."
    )


def test_images_that_agree_are_not_said_to_disagree() -> None:
    diagnosis = answer_to(right(MILD), right(MILD, 0.7, position=1))
    assert list(diagnosis.eyes[0].notes) == []


def test_findings_of_an_eye_are_those_of_its_images_each_once() -> None:
    diagnosis = answer_to(
        right(PROLIFERATIVE), right(RAO, position=1), right(RAO, 0.95, position=2)
    )
    findings = diagnosis.eyes[0].result.findings
    assert [item.finding_id for item in findings] == ["finding-1", "finding-2"]
    assert [item.pathology for item in findings] == [
        "retinal artery occlusion",
        "proliferative diabetic retinopathy",
    ]
    assert findings[0].confidence == pytest.approx(0.95)


def test_the_patient_has_the_result_of_the_most_urgent_eye() -> None:
    diagnosis = answer_to(right(NORMAL), left(PROLIFERATIVE))
    assert [eye.laterality for eye in diagnosis.eyes] == [pb.LATERALITY_RIGHT, pb.LATERALITY_LEFT]
    assert diagnosis.result == diagnosis.eyes[1].result
    assert diagnosis.notes[0] == "The result is that of the left eye, the most urgent one."


def test_an_eye_without_a_diagnosis_is_more_urgent_than_a_low_risk() -> None:
    diagnosis = answer_to(right(NORMAL), left(NORMAL, blur=True))
    assert diagnosis.status == "abstained"
    assert diagnosis.result.risk.risk_level == "unknown"
    assert diagnosis.eyes[0].result.risk.risk_level == "low"
    assert any("no diagnosis of the left eye" in note for note in diagnosis.notes)


def test_an_eye_without_a_diagnosis_hides_no_urgent_one() -> None:
    diagnosis = answer_to(right(PROLIFERATIVE), left(NORMAL, blur=True))
    assert diagnosis.status == "success"
    assert diagnosis.result.risk.risk_level == "high"


def test_an_eye_without_a_diagnosis_comes_before_one_without_a_rule() -> None:
    assert answer_to(right(DRUSEN), left(NORMAL, blur=True)).status == "abstained"


def test_an_image_with_a_low_confidence_gives_way_to_one_with_a_diagnosis() -> None:
    unsure = file([0.45, 0.3, 0.1, 0.05, 0.1], position=1, laterality=RIGHT)
    diagnosis = answer_to(right(NORMAL), unsure)
    assert diagnosis.images[1].result.abstained
    assert diagnosis.status == "success"
    assert diagnosis.eyes[0].result.risk.risk_level == "low"


def test_an_unknown_risk_of_one_eye_is_not_called_low_for_the_patient() -> None:
    diagnosis = answer_to(right(NORMAL), left(DRUSEN))
    assert diagnosis.result.classification.primary_diagnosis == "Fundus_Drusen"
    assert diagnosis.result.risk.risk_level == "unknown"


def test_images_of_unknown_laterality_are_eyes_of_their_own() -> None:
    diagnosis = answer_to(file(certain(MILD)), file(certain(NORMAL), position=1))
    assert [list(eye.files) for eye in diagnosis.eyes] == [[0], [1]]
    assert all(eye.laterality == pb.LATERALITY_UNSPECIFIED for eye in diagnosis.eyes)
    assert any("laterality of 2 of the images is unknown" in note for note in diagnosis.notes)


def without_numbers(result: pb.DiagnosisResult) -> bytes:
    copy = pb.DiagnosisResult()
    copy.CopyFrom(result)
    copy.ClearField("limitations")
    content: bytes = copy.SerializeToString(deterministic=True)
    return content


def reordered(images: Sequence[ImageInput], order: Sequence[int]) -> list[ImageInput]:
    return [
        ImageInput(
            position=position,
            laterality=images[index].laterality,
            decoded=images[index].decoded,
            outputs=images[index].outputs,
        )
        for position, index in enumerate(order)
    ]


def test_the_order_of_the_files_does_not_matter() -> None:
    images = [right(MILD), right(RAO, position=1), left(NORMAL, position=2, blur=True)]
    results = set()
    for order in permutations(range(3)):
        diagnosis = answer_to(*reordered(images, order))
        by_side = sorted((eye.laterality, without_numbers(eye.result)) for eye in diagnosis.eyes)
        results.add((without_numbers(diagnosis.result), tuple(by_side), diagnosis.status))
    assert len(results) == 1


@settings(max_examples=30, deadline=None)
@given(
    data=st.lists(
        st.tuples(
            st.sampled_from([RIGHT, LEFT, None]),
            st.lists(st.sampled_from([0.01, 0.1, 0.3, 1.0]), min_size=5, max_size=5),
            st.sampled_from([0.0, 9.0]),
        ),
        min_size=1,
        max_size=4,
    ),
    seed=st.randoms(use_true_random=False),
)
def test_any_request_gives_the_same_answer_in_any_order(
    data: list[tuple[Laterality | None, list[float], float]], seed: "object"
) -> None:
    images = [
        file(output(shares, features=(feature, 0)), position=position, laterality=side)
        for position, (side, shares, feature) in enumerate(data)
    ]
    order = list(range(len(images)))
    seed.shuffle(order)  # type: ignore[attr-defined]
    first, second = answer_to(*images), answer_to(*reordered(images, order))
    assert without_numbers(first.result) == without_numbers(second.result)
    assert first.status == second.status
    levels = [eye.result.risk.risk_level for eye in first.eyes]
    if first.result.risk.risk_level == "low":
        assert set(levels) == {"low"}
    for level in ("critical", "high", "moderate"):
        if level in levels:
            assert first.result.risk.risk_level in ("critical", "high", "moderate")
