"""Reads what the run of a pipeline has recorded as artifacts."""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import TypeAdapter, ValidationError

from api.errors import ApiError
from api.projects.schemas import LeakEntry, ScoreEntry
from api.run_failures import RunFailures
from api.runs.artifacts import ArtifactNotFoundError
from api.runs.reader import RunReader
from api.strangers_json import json_object, json_objects
from tracking_plugin.names import PipelineArtifact

MAX_BYTES = 8 * 1024 * 1024
"""Of one artifact; a larger one is not shown."""
MAX_RANKED = 100
MAX_LEAKS = 1000

_leaks = TypeAdapter(list[LeakEntry])


@dataclass(frozen=True, kw_only=True)
class PipelineResults:
    """Parts that the pipeline has not reached are empty or None."""

    leaks: list[LeakEntry] = field(default_factory=list)
    selected_models: list[str] | None = None
    selection_score: ScoreEntry | None = None
    holdout_score: ScoreEntry | None = None
    evaluation: Mapping[str, Any] | None = None
    ranked: list[Mapping[str, Any]] = field(default_factory=list)
    num_ranked: int = 0
    artifact_paths: Mapping[str, str] = field(default_factory=dict)


def read_results(reader: RunReader, failures: RunFailures, run_id: str) -> PipelineResults:
    """Blocking. An artifact that cannot be read counts as absent: any client may have written it."""
    documents = {
        artifact: document
        for artifact in PipelineArtifact
        if (document := read_document(reader, failures, run_id, artifact)) is not None
    }
    evaluation = json_object(documents.get(PipelineArtifact.EVALUATION))
    selection = json_object(documents.get(PipelineArtifact.SELECTION))
    ranked = json_objects(documents.get(PipelineArtifact.RANKED))
    return PipelineResults(
        leaks=_leaks_of(documents.get(PipelineArtifact.LEAKS)),
        selected_models=_names(selection.get("selected_models")),
        selection_score=_score(evaluation.get("selection_score")),
        holdout_score=_score(evaluation.get("holdout_score")),
        evaluation=evaluation or None,
        ranked=ranked[:MAX_RANKED],
        num_ranked=len(ranked),
        artifact_paths={
            artifact.name.lower(): f"runs:/{run_id}/{artifact}" for artifact in documents
        },
    )


def read_holdout_score(reader: RunReader, failures: RunFailures, run_id: str) -> ScoreEntry | None:
    """The score alone; None if there is none. Blocking."""
    document = read_document(reader, failures, run_id, PipelineArtifact.EVALUATION)
    return _score(json_object(document).get("holdout_score"))


def read_document(
    reader: RunReader, failures: RunFailures, run_id: str, artifact: PipelineArtifact
) -> Any:
    """The artifact as JSON; None if it is absent or cannot be read. Blocking."""
    try:
        content = reader.artifact(run_id, artifact, MAX_BYTES)
        # JSON has no NaN, which other programs write nevertheless.
        return json.loads(content, parse_constant=lambda _: None)
    except ArtifactNotFoundError:
        return None
    except (ApiError, ValueError, RecursionError) as error:
        failures.add(run_id, "Reading the results of a pipeline", error)
        return None


def _leaks_of(document: Any) -> list[LeakEntry]:
    try:
        return _leaks.validate_python(json_objects(json_object(document).get("leaks"))[:MAX_LEAKS])
    except ValidationError:
        return []


def _names(value: Any) -> list[str] | None:
    return [str(name) for name in value[:100]] if isinstance(value, list) else None


def _score(value: Any) -> ScoreEntry | None:
    if not isinstance(value, dict) or not _is_number(value.get("value")):
        return None
    return ScoreEntry(
        metric=str(value.get("metric") or "score"),
        value=value["value"],
        interval=_interval(value.get("interval")),
    )


def _interval(value: Any) -> tuple[float, float] | None:
    if not isinstance(value, list) or len(value) != 2 or not all(map(_is_number, value)):
        return None
    low, high = value
    return low, high


def _is_number(value: Any) -> bool:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return is_number and math.isfinite(value)
