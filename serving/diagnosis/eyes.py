"""Combines the results of images into those of eyes, and these into the patient's.

docs/diagnosis.md has the same rule in words. The order of the files changes nothing but their numbers.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from serving.diagnosis.image_assessment import level_rank
from serving.diagnosis.risk import RiskLevel
from serving.images.image import Laterality
from serving.v1 import diagnosis_pb2 as pb

LabelOf = Callable[[str], str]
"""The condition that a class stands for."""


@dataclass(frozen=True, kw_only=True)
class ImageOutcome:
    """The result of one file; None if there is an error."""

    position: int
    laterality: Laterality | None
    result: pb.DiagnosisResult | None
    is_usable: bool
    """Whether all three gates are open."""
    problem: str = ""
    """Why it is not usable."""


@dataclass(frozen=True, kw_only=True)
class EyeOutcome:
    """The result of one eye; None if no file of it could be read."""

    laterality: Laterality | None
    files: tuple[int, ...]
    result: pb.DiagnosisResult | None
    notes: tuple[str, ...]

    @property
    def name(self) -> str:
        if self.laterality is not None:
            return f"the {self.laterality.value} eye"
        return f"the eye of image {self.files[0]}"


@dataclass(frozen=True, kw_only=True)
class PatientOutcome:
    """The result of the patient; None if no eye has one."""

    result: pb.DiagnosisResult | None
    notes: tuple[str, ...]


def outcomes_by_eye(images: Sequence[ImageOutcome], label_of: LabelOf) -> list[EyeOutcome]:
    """The right eye, the left one, and each image of unknown laterality as an eye of its own."""
    ordered = sorted(images, key=lambda image: image.position)
    eyes = []
    for side in (Laterality.RIGHT, Laterality.LEFT):
        group = [image for image in ordered if image.laterality is side]
        if group:
            eyes.append(_eye(group, label_of))
    eyes += [_eye([image], label_of) for image in ordered if image.laterality is None]
    return eyes


def patient_outcome(eyes: Sequence[EyeOutcome]) -> PatientOutcome:
    """The result of the most urgent eye. An eye without a diagnosis is more urgent than a low risk."""
    with_result = [eye for eye in eyes if eye.result is not None]
    notes = list(_notes_of_patient(eyes))
    if not with_result:
        return PatientOutcome(result=None, notes=tuple(notes))
    decisive = max(with_result, key=_eye_order)
    assert decisive.result is not None
    result = _copied(decisive.result)
    if len(eyes) > 1:
        notes.insert(0, f"The result is that of {decisive.name}, the most urgent one.")
    if len(with_result) < len(eyes) and result.risk.risk_level == RiskLevel.LOW:
        result.risk.risk_level = RiskLevel.UNKNOWN
    return PatientOutcome(result=result, notes=tuple(notes))


def numbered(findings: Iterable[pb.Finding], prefix: str) -> list[pb.Finding]:
    """Copies with the ids `prefix-1`, `prefix-2` and so on."""
    copies = []
    for number, finding in enumerate(findings, start=1):
        copy = pb.Finding()
        copy.CopyFrom(finding)
        copy.finding_id = f"{prefix}-{number}"
        copies.append(copy)
    return copies


def _eye(images: Sequence[ImageOutcome], label_of: LabelOf) -> EyeOutcome:
    """Unusable images do not count if another one is usable; the most urgent usable image decides."""
    usable = [image for image in images if image.is_usable]
    others = [image for image in images if image.result is not None and not image.is_usable]
    counted = sorted(usable or others, key=_image_order, reverse=True)
    # Of images that show nothing reliable, nothing is merged.
    results = [_result(image) for image in (counted if usable else counted[:1])]
    return EyeOutcome(
        laterality=images[0].laterality,
        files=tuple(image.position for image in images),
        result=_merged(results) if results else None,
        notes=(*_uncounted(images, usable), *_disagreement(usable, label_of)),
    )


def _uncounted(images: Sequence[ImageOutcome], usable: Sequence[ImageOutcome]) -> list[str]:
    if not usable or len(images) == 1:
        return [f"Image {image.position}: {image.problem}." for image in images if image.problem]
    return [
        f"Image {image.position} does not count: {image.problem}."
        for image in images
        if not image.is_usable
    ]


def _disagreement(usable: Sequence[ImageOutcome], label_of: LabelOf) -> list[str]:
    labels: dict[str, list[int]] = {}
    for image in usable:
        result = _result(image)
        if not result.abstained:
            label = label_of(result.classification.primary_diagnosis)
            labels.setdefault(label, []).append(image.position)
    if len(labels) < 2:
        return []
    parts = [
        f"{label} (image{'s' if len(positions) > 1 else ''} {', '.join(map(str, positions))})"
        for label, positions in sorted(labels.items())
    ]
    return [f"The images of the eye disagree: {'; '.join(parts)}."]


def _notes_of_patient(eyes: Sequence[EyeOutcome]) -> Iterable[str]:
    for eye in eyes:
        if eye.result is None:
            yield f"There is no result for {eye.name}: its files could not be diagnosed."
        elif eye.result.abstained:
            yield f"There is no diagnosis of {eye.name}: {eye.result.reason}."
    unknown = [eye for eye in eyes if eye.laterality is None]
    if len(unknown) > 0 and len(eyes) > 1:
        yield (
            f"The laterality of {len(unknown)} of the images is unknown, so that each counts as an eye "
            "of its own. Name it in the request."
        )


def _merged(results: Sequence[pb.DiagnosisResult]) -> pb.DiagnosisResult:
    """The first result, with the findings, recommendations and positive conditions of the others."""
    merged = _copied(results[0])
    if len(results) == 1:
        return merged
    _replace(merged.evidence, _strongest_evidence(results))
    _replace(merged.findings, _distinct_findings(results))
    _replace(merged.recommendations, _distinct(item.recommendations for item in results))
    _replace(merged.limitations, _distinct(item.limitations for item in results))
    merged.risk.risk_score = max(item.risk.risk_score for item in results)
    return merged


def _replace(field: "list[object]", values: Iterable[object]) -> None:
    copies = list(values)
    del field[:]
    field.extend(copies)


def _strongest_evidence(results: Sequence[pb.DiagnosisResult]) -> list[pb.ConditionEvidence]:
    """Of each condition, that of a positive image, else of the one with the highest probability."""
    by_condition: dict[str, pb.ConditionEvidence] = {}
    for result in results:
        for item in result.evidence:
            best = by_condition.get(item.condition)
            if best is None or _evidence_order(item) > _evidence_order(best):
                by_condition[item.condition] = item
    return [_copy_of_evidence(item) for item in by_condition.values()]


def _evidence_order(item: pb.ConditionEvidence) -> tuple[bool, float]:
    return item.is_positive, item.probability


def _copy_of_evidence(item: pb.ConditionEvidence) -> pb.ConditionEvidence:
    copy = pb.ConditionEvidence()
    copy.CopyFrom(item)
    return copy


def _distinct_findings(results: Sequence[pb.DiagnosisResult]) -> list[pb.Finding]:
    """Each finding once, by what, where and from what, with its highest confidence."""
    kept: dict[tuple[str, str, str], pb.Finding] = {}
    for result in results:
        for finding in result.findings:
            key = (finding.pathology, finding.location, finding.source)
            if key not in kept or finding.confidence > kept[key].confidence:
                kept[key] = finding
    return numbered(kept.values(), "finding")


def _distinct(texts: Iterable[Iterable[str]]) -> list[str]:
    return list(dict.fromkeys(text for part in texts for text in part))


def _image_order(image: ImageOutcome) -> tuple[float, bool, float, float, float, bytes]:
    """The most urgent image last. An image without a diagnosis comes first, unless it is positive."""
    result = _result(image)
    level = RiskLevel(result.risk.risk_level)
    rank = float(level_rank(level))
    if result.abstained and level is RiskLevel.UNKNOWN:
        rank = -1.0
    return (
        rank,
        not result.abstained,
        result.risk.risk_score,
        result.classification.confidence,
        result.quality.score,
        # Images that are equal so far must not be told apart by their position.
        _without_ids(result).SerializeToString(deterministic=True),
    )


def _eye_order(eye: EyeOutcome) -> tuple[float, bool, float, float, bytes]:
    result = eye.result
    assert result is not None
    return (
        float(level_rank(RiskLevel(result.risk.risk_level))),
        # An eye without a diagnosis may have anything.
        result.abstained,
        result.risk.risk_score,
        result.classification.confidence,
        _without_ids(result).SerializeToString(deterministic=True),
    )


def _without_ids(result: pb.DiagnosisResult) -> pb.DiagnosisResult:
    copy = _copied(result)
    for finding in copy.findings:
        finding.finding_id = ""
    return copy


def _result(image: ImageOutcome) -> pb.DiagnosisResult:
    assert image.result is not None
    return image.result


def _copied(result: pb.DiagnosisResult) -> pb.DiagnosisResult:
    copy = pb.DiagnosisResult()
    copy.CopyFrom(result)
    return copy
