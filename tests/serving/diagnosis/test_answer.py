"""The answer about one image, from its pixels and the outputs of the model."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from serving.diagnosis.answer import diagnose
from serving.diagnosis.inputs import Explanation, ImageInput
from serving.engine.protocol import ModelOutput
from serving.errors import Reason, ServingError
from serving.images.image import DecodedFile, Laterality, Modality
from serving.v1 import diagnosis_pb2 as pb
from tests.serving.diagnosis.drawn_images import blurred, fundus, oct_scan, photograph
from tests.serving.diagnosis.requests import (
    CLASSES,
    DRUSEN,
    MILD,
    NORMAL,
    PROLIFERATIVE,
    RAO,
    RAO_NOT_SHOWN,
    RULES,
    answer_to,
    certain,
    file,
    model,
    output,
    volume,
)
from training.evidence.schema import ModelEvidence

SHARES = st.lists(st.floats(0.001, 1), min_size=5, max_size=5).map(
    lambda weights: [weight / sum(weights) for weight in weights]
)


def test_an_answer_has_all_that_is_known() -> None:
    diagnosis = answer_to(file(certain(PROLIFERATIVE, 0.8), name="12_od.png"))
    assert diagnosis.status == "success"
    assert diagnosis.request_id == "request"
    result = diagnosis.result
    assert result.model_used == "retina version 3"
    assert (result.model.name, result.model.version, result.model.run_id) == ("retina", "3", "abc")
    assert result.processing_time_seconds == 0.25
    assert result.classification.primary_diagnosis == "Fundus_DR_Proliferative"
    assert result.classification.confidence == pytest.approx(0.8)
    assert result.classification.is_calibrated
    assert [item.class_name for item in result.classification.class_probabilities] == list(CLASSES)
    assert result.quality.gradable
    assert result.quality.method == "classical_measures"
    assert result.modality.modality == pb.MODALITY_FUNDUS
    assert result.out_of_distribution.method == "mahalanobis"
    assert not result.out_of_distribution.is_outside
    assert list(result.prediction_set.classes) == ["Fundus_DR_Proliferative"]
    assert result.prediction_set.coverage == 0.9
    assert not result.abstained
    assert result.reason == ""
    assert (result.risk.risk_level, result.guideline.edition, result.guideline.date) == (
        "high",
        "Guidelines for Diabetic Eye Care, updated 2017",
        "2017",
    )
    assert result.guideline.signature == "No clinician has signed these rules."
    assert "no diagnosis without that clinician" in result.intended_use
    (finding,) = result.findings
    assert finding.finding_id == "finding-1"
    (evidence,) = result.evidence
    assert evidence.condition == "RAO"
    assert evidence.threshold == 0.2
    assert not evidence.is_positive
    assert (evidence.support, list(evidence.confidence_interval)) == (600, [0.99, 0.999])
    (image,) = diagnosis.images
    assert (image.laterality, image.laterality_source) == (pb.LATERALITY_RIGHT, "file_name")
    assert (image.num_frames, image.worst_frame) == (1, 0)


def test_a_request_with_one_image_has_its_result_for_the_eye_and_the_patient() -> None:
    diagnosis = answer_to(file(certain(MILD)))
    assert diagnosis.images[0].result == diagnosis.eyes[0].result == diagnosis.result
    assert list(diagnosis.notes) == list(diagnosis.eyes[0].notes) == []


def test_a_file_name_is_nowhere_in_the_answer() -> None:
    diagnosis = answer_to(file(certain(MILD), name="Jane_Doe_1950_od.png"))
    assert b"Jane" not in diagnosis.SerializeToString()


def test_a_blurred_image_is_sent_back_without_findings() -> None:
    diagnosis = answer_to(file(certain(RAO), image=blurred(fundus(), 0.02)))
    assert diagnosis.status == "abstained"
    result = diagnosis.result
    assert result.abstained
    assert result.reason == "not gradable: blur"
    assert result.quality.advice == "retake"
    assert result.risk.risk_level == "unknown"
    assert result.risk.urgency_level == "no rule"
    assert list(result.findings) == []
    assert result.recommendations[0] == "Retake the image: blur."
    # What the model said is still shown.
    assert result.classification.primary_diagnosis == "Fundus_RAO"


def test_a_cat_gets_no_diagnosis() -> None:
    diagnosis = answer_to(file(certain(RAO), image=photograph("chelsea.png")))
    assert diagnosis.status == "abstained"
    assert "neither like a fundus photograph" in diagnosis.result.reason
    assert diagnosis.result.modality.modality == pb.MODALITY_OTHER


def test_a_scan_gets_no_diagnosis_of_a_model_of_photographs() -> None:
    diagnosis = answer_to(file(certain(RAO), image=oct_scan()))
    assert "not trained on OCT scans" in diagnosis.result.reason


def test_an_image_outside_the_distribution_gets_no_diagnosis() -> None:
    diagnosis = answer_to(file(output(certain(RAO), features=(9, 0))))
    assert diagnosis.status == "abstained"
    assert "outside what the model has seen" in diagnosis.result.reason
    assert diagnosis.result.out_of_distribution.is_outside
    assert diagnosis.result.risk.risk_level == "unknown"


def test_a_low_confidence_abstains_and_says_the_threshold() -> None:
    shares = [0.45, 0.4, 0.05, 0.05, 0.05]
    assert answer_to(file(shares), confidence_threshold=0.4).status == "success"
    diagnosis = answer_to(file(shares))
    assert diagnosis.status == "abstained"
    assert diagnosis.result.reason == "confidence 0.45 is below the threshold of 0.50"


def test_an_abstention_for_low_confidence_hides_no_critical_condition() -> None:
    diagnosis = answer_to(file([0.3, 0.1, 0.1, 0.35, 0.15]))
    assert diagnosis.status == "abstained"
    assert diagnosis.result.risk.risk_level == "critical"
    assert any("24 hours" in text for text in diagnosis.result.recommendations)


@pytest.mark.parametrize("value", [-0.1, 1.1, float("nan"), float("inf")])
def test_a_confidence_threshold_that_is_no_probability_is_refused(value: float) -> None:
    with pytest.raises(ServingError, match="confidence_threshold") as refused:
        answer_to(file(certain(MILD)), confidence_threshold=value)
    assert refused.value.reason is Reason.REQUEST_INVALID


def test_a_request_without_images_is_refused() -> None:
    with pytest.raises(ServingError, match="at least one image"):
        answer_to()


@settings(max_examples=60, deadline=None)
@given(
    shares=SHARES,
    threshold=st.floats(0, 1),
    feature=st.sampled_from([0.0, 9.0]),
    kind=st.sampled_from(["fundus", "blurred", "oct", "cat"]),
    shown=st.booleans(),
)
def test_an_abstained_answer_never_has_a_low_risk(
    shares: list[float], threshold: float, feature: float, kind: str, shown: bool
) -> None:
    image = {
        "fundus": fundus(),
        "blurred": blurred(fundus(), 0.03),
        "oct": oct_scan(),
        "cat": photograph("chelsea.png"),
    }[kind]
    evidence = model().evidence if shown else ModelEvidence(conditions=(RAO_NOT_SHOWN,))
    diagnosis = answer_to(
        file(output(shares, features=(feature, 0)), image=image),
        described=model(evidence=evidence),
        confidence_threshold=threshold,
    )
    for part in (diagnosis, diagnosis.images[0], diagnosis.eyes[0]):
        result = part.result
        assert result.abstained == bool(result.reason)
        assert not (result.abstained and result.risk.risk_level == "low")
        assert sum(
            item.probability for item in result.classification.class_probabilities
        ) == pytest.approx(1)
    assert (diagnosis.status == "abstained") == diagnosis.result.abstained
    if kind != "fundus":
        assert diagnosis.result.abstained


def test_what_a_model_does_not_have_is_said() -> None:
    old = model(
        evidence=ModelEvidence(conditions=(RAO_NOT_SHOWN,)),
        statistics=None,
        modalities=("",) * 5,
    )
    result = answer_to(file(certain(DRUSEN)), described=old).result
    text = " ".join(result.limitations)
    for part in ("not calibrated", "feature statistics", "prediction sets", "does not say whether"):
        assert part in text
    assert "No threshold for RAO: cannot be shown: 13 positives." in result.limitations
    assert result.out_of_distribution.method == ""
    assert not result.classification.is_calibrated
    assert result.prediction_set.coverage == 0
    assert not result.evidence[0].HasField("threshold")


def test_what_the_registry_says_is_missing_is_said_once() -> None:
    missing = "No temperature: the model makes no error on the 20 validation samples."
    described = model(evidence=ModelEvidence(missing=(missing,)))
    limitations = list(answer_to(file(certain(MILD)), described=described).result.limitations)
    assert limitations.count(missing) == 1
    assert sum("temperature" in text.casefold() for text in limitations) == 1


@pytest.mark.parametrize(
    "given",
    [
        ModelOutput(logits=np.full(5, np.nan), features=np.zeros(2)),
        ModelOutput(logits=np.zeros(3), features=np.zeros(2)),
        ModelOutput(logits=np.zeros(5), features=np.full(2, np.inf)),
        ModelOutput(logits=np.zeros(5), features=np.zeros(3)),
    ],
)
def test_outputs_that_are_no_numbers_are_an_error_of_the_image(given: ModelOutput) -> None:
    diagnosis = answer_to(file(given))
    assert diagnosis.status == "error"
    assert diagnosis.error.reason == diagnosis.images[0].error.reason == "MODEL_FAILED"
    assert not diagnosis.HasField("result")


def test_a_file_with_an_error_is_answered_with_it_and_the_other_is_diagnosed() -> None:
    broken = ImageInput(
        position=0, error=ServingError(Reason.IMAGE_UNREADABLE, "The file is cut off.")
    )
    diagnosis = answer_to(broken, file(certain(PROLIFERATIVE), position=1))
    assert diagnosis.status == "success"
    assert diagnosis.images[0].error.reason == "IMAGE_UNREADABLE"
    assert not diagnosis.images[0].HasField("result")
    assert diagnosis.result.risk.risk_level == "high"


def test_an_unread_file_keeps_the_risk_from_being_called_low() -> None:
    broken = ImageInput(
        position=0, error=ServingError(Reason.IMAGE_UNREADABLE, "The file is cut off.")
    )
    diagnosis = answer_to(broken, file(certain(NORMAL), position=1))
    assert diagnosis.images[1].result.risk.risk_level == "low"
    assert diagnosis.result.risk.risk_level == "unknown"
    assert any("no result for the eye of image 0" in note for note in diagnosis.notes)
    assert [list(eye.files) for eye in diagnosis.eyes] == [[1]]


def test_the_jurisdiction_chooses_the_rule() -> None:
    image = file(certain(RAO))
    assert answer_to(image).result.guideline.jurisdiction == "GB"
    assert answer_to(image, jurisdiction="US").result.guideline.jurisdiction == "US"
    french = answer_to(image, jurisdiction="FR").result
    assert (french.guideline.source, french.risk.urgency_level) == ("", "no rule")
    assert french.risk.risk_level == "unknown"


def test_the_tag_of_the_file_wins_over_the_pixels() -> None:
    diagnosis = answer_to(file(certain(MILD), modality=Modality.OCT))
    assert diagnosis.result.modality.method == "file_tag"
    assert any("it looks like a fundus photograph" in text for text in diagnosis.result.limitations)


def test_a_model_of_the_quality_decides_if_there_is_one() -> None:
    decoded = DecodedFile(frames=(fundus(),), format="PNG")
    image = ImageInput(
        position=0,
        decoded=decoded,
        outputs=(output(certain(MILD)),),
        quality=({"gradable": 0.1, "artefact": 0.9},),
    )
    result = answer_to(image).result
    assert (result.quality.method, list(result.quality.reasons)) == ("model", ["artefact"])
    assert result.abstained
    assert not any("simple measures" in text for text in result.limitations)


def test_a_volume_is_answered_by_its_worst_gradable_slice() -> None:
    outputs = [output(certain(NORMAL)), output(certain(PROLIFERATIVE)), output(certain(RAO))]
    frames = [fundus(), fundus(seed=1), blurred(fundus(), 0.03)]
    diagnosis = answer_to(volume(outputs, frames))
    (image,) = diagnosis.images
    assert (image.num_frames, image.worst_frame) == (3, 1)
    assert image.result.classification.primary_diagnosis == "Fundus_DR_Proliferative"
    assert any("higher risk than frame 1" in note for note in image.notes)
    assert diagnosis.result == image.result


def test_a_volume_without_a_gradable_slice_is_sent_back() -> None:
    blank = blurred(fundus(), 0.03)
    diagnosis = answer_to(volume([output(certain(NORMAL)), output(certain(RAO))], [blank, blank]))
    assert diagnosis.status == "abstained"
    assert diagnosis.images[0].worst_frame == 1


def test_a_long_volume_is_judged_in_bounded_time() -> None:
    blank = np.zeros((40, 40, 3), np.uint8)
    outputs = [*[output(certain(RAO))] * 400, output(certain(NORMAL))]
    diagnosis = answer_to(volume(outputs, [*[blank] * 400, fundus()]))
    # The one gradable frame has the lowest risk of all.
    assert diagnosis.status == "abstained"
    assert any("32 with the highest risk" in note for note in diagnosis.images[0].notes)


def test_a_volume_with_too_few_outputs_is_an_error() -> None:
    diagnosis = answer_to(volume([output(certain(RAO))], [fundus(), fundus()]))
    assert diagnosis.error.reason == "MODEL_FAILED"


def test_explanations_are_in_the_answer_with_their_places() -> None:
    heat_map = pb.HeatMap(
        class_name="Fundus_RAO", peaks=[pb.PeakRegion(x=0.8, y=0.1, width=0.1, height=0.1)]
    )
    mask = pb.Mask(class_name="Vessel", area=0.2)
    diagnosis = diagnose(
        [file(certain(RAO), laterality=Laterality.RIGHT, position=4)],
        model=model(),
        options=pb.DiagnosisOptions(),
        rules=RULES,
        request_id="r",
        explanations={4: Explanation(heat_map=heat_map, masks=[mask])},
    )
    (image,) = diagnosis.images
    assert image.heat_map.peaks[0].location == "superior nasal quadrant"
    assert [item.class_name for item in image.masks] == ["Vessel"]
    assert [item.location for item in diagnosis.result.findings] == ["superior nasal quadrant"] * 2
