"""Models and files for the tests of answers, whose probabilities are chosen directly."""

from collections.abc import Sequence

import numpy as np

from serving.diagnosis.answer import diagnose
from serving.diagnosis.inputs import ImageInput
from serving.diagnosis.urgency import built_in_rules
from serving.engine.protocol import FeatureTensors, ModelDescription, ModelOutput
from serving.images.image import DecodedFile, Laterality, Modality, Pixels
from serving.v1 import diagnosis_pb2 as pb
from tests.serving.diagnosis.drawn_images import fundus
from training.evidence.schema import (
    ConditionThreshold,
    FeatureStatistics,
    ModelEvidence,
    PredictionSets,
)

RULES = built_in_rules()
CLASSES = (
    "Fundus_Normal",
    "Fundus_DR_Mild",
    "Fundus_DR_Proliferative",
    "Fundus_RAO",
    "Fundus_Drusen",
)
NORMAL, MILD, PROLIFERATIVE, RAO, DRUSEN = range(5)

RAO_THRESHOLD = ConditionThreshold(
    name="RAO",
    classes=(RAO,),
    required_sensitivity=0.99,
    threshold=0.2,
    sensitivity=0.995,
    support=600,
    confidence_interval=(0.99, 0.999),
)
RAO_NOT_SHOWN = ConditionThreshold(
    name="RAO",
    classes=(RAO,),
    required_sensitivity=0.99,
    support=13,
    note="cannot be shown: 13 positives",
)
EVIDENCE = ModelEvidence(
    num_samples=700,
    temperature=2.0,
    conditions=(RAO_THRESHOLD,),
    features=FeatureStatistics(dimension=2, num_samples=700, threshold=3.0, quantile=0.99),
    prediction_sets=PredictionSets(coverage=0.9, quantiles=(0.6,) * 5, support=(140,) * 5),
)
STATISTICS = FeatureTensors(
    means=np.zeros((5, 2), np.float32), precision=np.eye(2, dtype=np.float32)
)


def model(
    *,
    evidence: ModelEvidence = EVIDENCE,
    classes: Sequence[str] = CLASSES,
    modalities: Sequence[str] | None = None,
    statistics: FeatureTensors | None = STATISTICS,
) -> ModelDescription:
    return ModelDescription(
        name="retina",
        version="3",
        run_id="abc",
        classes=tuple(classes),
        modalities=tuple(modalities or ("fundus",) * len(classes)),
        image_size=64,
        evidence=evidence,
        statistics=statistics,
    )


def output(
    probabilities: Sequence[float],
    *,
    temperature: float = 2.0,
    features: Sequence[float] = (0, 0),
) -> ModelOutput:
    """The output that is calibrated to these probabilities."""
    shares = np.clip(np.asarray(probabilities, np.float64), 1e-9, 1)
    return ModelOutput(
        logits=np.log(shares / shares.sum()) * temperature, features=np.asarray(features)
    )


def certain(position: int, share: float = 0.9) -> list[float]:
    """`share` for one class, the rest divided among the others."""
    rest = (1 - share) / (len(CLASSES) - 1)
    return [share if index == position else rest for index in range(len(CLASSES))]


def file(
    probabilities: Sequence[float] | ModelOutput,
    *,
    position: int = 0,
    image: Pixels | None = None,
    laterality: Laterality | None = None,
    modality: Modality | None = None,
    name: str = "",
) -> ImageInput:
    given = probabilities if isinstance(probabilities, ModelOutput) else output(probabilities)
    return ImageInput(
        position=position,
        name=name,
        laterality=laterality,
        decoded=DecodedFile(
            frames=(fundus() if image is None else image,), format="PNG", modality=modality
        ),
        outputs=(given,),
    )


def volume(outputs: Sequence[ModelOutput], frames: Sequence[Pixels]) -> ImageInput:
    return ImageInput(
        position=0, decoded=DecodedFile(frames=tuple(frames), format="DICOM"), outputs=outputs
    )


def answer_to(
    *images: ImageInput,
    described: ModelDescription | None = None,
    confidence_threshold: float | None = None,
    jurisdiction: str = "",
) -> pb.Diagnosis:
    options = pb.DiagnosisOptions(
        confidence_threshold=confidence_threshold, jurisdiction=jurisdiction
    )
    return diagnose(
        images,
        model=described or model(),
        options=options,
        rules=RULES,
        request_id="request",
        processing_time_s=0.25,
    )
