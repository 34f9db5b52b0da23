"""Shows a diagnosis and the state of the service as text for people."""

from collections.abc import Iterator, Sequence

from serving.v1 import diagnosis_pb2 as messages

_EYES = {
    messages.LATERALITY_RIGHT: "right eye",
    messages.LATERALITY_LEFT: "left eye",
    messages.LATERALITY_UNSPECIFIED: "eye unknown",
}


def health_text(health: messages.HealthResponse) -> str:
    lines = [
        f"{'healthy' if health.is_healthy else 'not healthy'}",
        f"model: {health.model_loaded or 'none'}"
        + (f", run {health.model.run_id}" if health.model.run_id else ""),
        f"engine: {health.engine}, {health.queued} waiting",
        f"GPU: {health.gpu_status}"
        + (
            f", {health.gpu_memory_used_mb:.0f} of {health.gpu_memory_total_mb:.0f} MiB used"
            if health.gpu_memory_total_mb
            else ""
        ),
        f"up for {health.uptime_seconds:.0f} s",
    ]
    return "\n".join([*lines, health.message] if health.message else lines)


def diagnosis_text(diagnosis: messages.Diagnosis, names: Sequence[str]) -> str:
    """The answer about the files `names`, line by line; the caller sees names that it gave itself."""
    return "\n".join(_diagnosis_lines(diagnosis, names))


def _diagnosis_lines(diagnosis: messages.Diagnosis, names: Sequence[str]) -> Iterator[str]:
    if diagnosis.HasField("error"):
        yield f"{', '.join(names)}: {diagnosis.error.reason}: {diagnosis.error.message}"
        return
    for image in diagnosis.images:
        yield f"{names[image.file]} ({_EYES[image.laterality]})"
        if image.HasField("error"):
            yield f"  {image.error.reason}: {image.error.message}"
            continue
        if image.num_frames > 1:
            yield f"  frame {image.worst_frame + 1} of {image.num_frames} is the one described"
        yield from (f"  {line}" for line in _result_lines(image.result))
        yield from (f"  {line}" for line in _picture_lines(image))
        yield from (f"  note: {note}" for note in image.notes)
    for eye in diagnosis.eyes:
        yield f"{_EYES[eye.laterality]}: {_verdict(eye.result)}"
        yield from (f"  note: {note}" for note in eye.notes)
    yield f"patient: {_verdict(diagnosis.result)}"
    yield from (f"  note: {note}" for note in diagnosis.notes)
    yield from (f"  {line}" for line in _advice_lines(diagnosis.result))
    yield f"  request {diagnosis.request_id}, {diagnosis.result.processing_time_seconds:.2f} s"


def _verdict(result: messages.DiagnosisResult) -> str:
    if result.abstained:
        return f"no diagnosis: {result.reason}"
    found = result.classification
    kind = "calibrated" if found.is_calibrated else "not calibrated"
    return f"{found.primary_diagnosis}, {found.confidence:.1%} ({kind})"


def _result_lines(result: messages.DiagnosisResult) -> Iterator[str]:
    yield _verdict(result)
    probabilities = sorted(
        result.classification.class_probabilities, key=lambda each: -each.probability
    )
    if probabilities:
        shown = ", ".join(f"{each.class_name} {each.probability:.1%}" for each in probabilities[:5])
        yield f"probabilities: {shown}"
    if result.prediction_set.coverage:
        yield (
            f"one of these, with {result.prediction_set.coverage:.0%} coverage: "
            f"{', '.join(result.prediction_set.classes) or 'none'}"
        )
    yield from _gate_lines(result)
    for finding in result.findings:
        where = f", {finding.location}" if finding.location else ""
        yield f"finding: {finding.description or finding.pathology}{where}"


def _picture_lines(image: messages.ImageDiagnosis) -> Iterator[str]:
    heat_map = image.heat_map
    if heat_map.absent_reason:
        yield f"no heat map: {heat_map.absent_reason}"
    elif heat_map.map_png:
        places = ", ".join(dict.fromkeys(peak.location for peak in heat_map.peaks if peak.location))
        yield f"heat map of {heat_map.class_name}" + (f", strongest at: {places}" if places else "")
    for mask in image.masks:
        yield f"mask of {mask.class_name}: {mask.area:.1%} of the image"


def _gate_lines(result: messages.DiagnosisResult) -> Iterator[str]:
    quality = result.quality
    if quality.method:
        reasons = f" ({', '.join(quality.reasons)}): {quality.advice}" if quality.reasons else ""
        yield f"quality: {'gradable' if quality.gradable else 'not gradable'}{reasons}"
    outside = result.out_of_distribution
    if outside.method:
        verdict = "outside" if outside.is_outside else "inside"
        yield f"{verdict} what the model has seen ({outside.distance:.3g} of {outside.threshold:.3g})"


def _advice_lines(result: messages.DiagnosisResult) -> Iterator[str]:
    if result.risk.risk_level:
        yield f"risk: {result.risk.risk_level}; urgency: {result.risk.urgency_level}"
    if result.guideline.source:
        given = (result.guideline.jurisdiction, result.guideline.edition, result.guideline.source)
        yield f"rule: {', '.join(filter(None, given))}"
    if result.guideline.signature:
        yield result.guideline.signature
    yield from (f"recommended: {each}" for each in result.recommendations)
    for each in result.evidence:
        verdict = "positive" if each.is_positive else "negative"
        threshold = f"threshold {each.threshold:.3f}" if each.HasField("threshold") else each.note
        yield f"{each.condition}: {verdict}, {each.probability:.1%}, {threshold}"
    yield from (f"not shown of the model: {each}" for each in result.limitations)
    yield f"model: {result.model_used or 'none'}"
    if result.intended_use:
        yield result.intended_use
