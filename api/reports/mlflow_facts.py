"""Reads what MLflow itself knows of a run: data sets, code, models, registered versions."""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from itertools import islice
from typing import Any

from mlflow.entities import Run
from mlflow.exceptions import MlflowException
from mlflow.server.handlers import _get_model_registry_store
from mlflow.store.model_registry.abstract_store import AbstractStore
from mlflow.utils.mlflow_tags import (
    MLFLOW_DATASET_CONTEXT,
    MLFLOW_GIT_BRANCH,
    MLFLOW_GIT_COMMIT,
    MLFLOW_GIT_REPO_URL,
    MLFLOW_LOGGED_MODELS,
    MLFLOW_RUN_NOTE,
    MLFLOW_SOURCE_NAME,
    MLFLOW_USER,
)

from api.errors import ApiError, UnavailableError
from api.reports.facts import CodeFact, DatasetFact, LibraryFact, MlflowFacts, VersionFact
from api.runs.reader import RunReader
from api.strangers_json import json_object, json_objects

CARD_TAG = "fovea.card."
"""Tags by which people state what no program can know, such as `fovea.card.intended_use`."""
MOST_DATASETS = 20
MOST_MODELS = 5
MOST_VERSIONS = 50
MOST_TAGS = 100
MOST_LIBRARIES = 300
_LARGEST_LIST = 200_000
_LONGEST_TEXT = 4000
_OWN_TAGS = ("mlflow.", "fovea.")
_USER_IN_URL = re.compile(r"//[^/@]*@")
# No part of the path begins with a dot: it cannot lead out of the run's artifacts.
_MODEL_PATH = re.compile(r"[A-Za-z0-9_][\w .-]*(?:/[A-Za-z0-9_][\w .-]*)*")
_PYTHON = re.compile(r"^python: *['\"]?([0-9.]{1,20})", re.MULTILINE)


class MlflowFactReader:
    """Blocking; within the workspace that is set."""

    def __init__(
        self, reader: RunReader, registry: Callable[[], AbstractStore] = _get_model_registry_store
    ) -> None:
        self._reader = reader
        self._registry = registry

    def read(self, run_id: str, *, is_short: bool) -> MlflowFacts:
        """`is_short` is for one of several runs: with the libraries of one model only."""
        run = self._reader.stored_run(run_id)
        tags = {str(key): str(value)[:_LONGEST_TEXT] for key, value in run.data.tags.items()}
        shown = [key for key in sorted(tags) if not key.startswith(_OWN_TAGS)]
        return MlflowFacts(
            experiment_name=self._reader.experiment_name(run.info.experiment_id),
            note=tags.get(MLFLOW_RUN_NOTE, ""),
            card={
                key.removeprefix(CARD_TAG): value.strip()
                for key, value in tags.items()
                if key.startswith(CARD_TAG) and value.strip()
            },
            params={str(key): str(value) for key, value in run.data.params.items()},
            tags={key: tags[key] for key in shown[:MOST_TAGS]},
            code=_code(tags, str(run.info.user_id or "")),
            datasets=tuple(_datasets(run)),
            libraries=tuple(self._libraries(run, 1 if is_short else MOST_MODELS)),
            versions=self._versions(run_id),
        )

    def _libraries(self, run: Run, most: int) -> Iterator[LibraryFact]:
        for name, read in islice(self._models(run), most):
            requirements = _text_of(read, "requirements.txt")
            environment = _text_of(read, "python_env.yaml")
            python = _PYTHON.search(environment)
            lines = (line.strip() for line in requirements.splitlines())
            wanted = [line[:200] for line in lines if line and not line.startswith("#")]
            yield LibraryFact(
                model=name,
                python=python[1] if python else "",
                requirements=tuple(wanted[:MOST_LIBRARIES]),
            )

    def _models(self, run: Run) -> Iterator[tuple[str, Callable[[str], bytes]]]:
        """The models that the run has logged: by id, or of MLflow 2 among its artifacts."""
        run_id = run.info.run_id
        outputs = run.outputs.model_outputs if run.outputs else []
        for output in outputs:
            yield output.model_id, _file_of_model(self._reader, output.model_id)
        if not outputs:
            for path in _paths_of_models(run.data.tags.get(MLFLOW_LOGGED_MODELS, "")):
                yield path, _file_of_run(self._reader, run_id, path)

    def _versions(self, run_id: str) -> tuple[VersionFact, ...]:
        store = self._registry()
        try:
            found = store.search_model_versions(f"run_id='{run_id}'", max_results=MOST_VERSIONS)
        except NotImplementedError:
            return ()
        # A search returns no aliases.
        return tuple(_version(store.get_model_version(each.name, each.version)) for each in found)


def _file_of_model(reader: RunReader, model_id: str) -> Callable[[str], bytes]:
    return lambda name: reader.model_file(model_id, name, _LARGEST_LIST)


def _file_of_run(reader: RunReader, run_id: str, folder: str) -> Callable[[str], bytes]:
    return lambda name: reader.artifact(run_id, f"{folder}/{name}", _LARGEST_LIST)


def _text_of(read: Callable[[str], bytes], name: str) -> str:
    """The file's text; empty if there is none or it cannot be read."""
    try:
        return read(name).decode("utf-8", "replace")
    except UnavailableError:
        raise
    except (ApiError, MlflowException):
        return ""


def _code(tags: Mapping[str, str], user_id: str) -> CodeFact:
    return CodeFact(
        commit=tags.get(MLFLOW_GIT_COMMIT, ""),
        branch=tags.get(MLFLOW_GIT_BRANCH, ""),
        # An address may hold a password.
        repository=_USER_IN_URL.sub("//", tags.get(MLFLOW_GIT_REPO_URL, "")),
        program=tags.get(MLFLOW_SOURCE_NAME, ""),
        user=tags.get(MLFLOW_USER, "") or user_id,
    )


def _datasets(run: Run) -> Iterator[DatasetFact]:
    inputs = run.inputs.dataset_inputs if run.inputs else []
    for found in inputs[:MOST_DATASETS]:
        tags = {tag.key: tag.value for tag in found.tags}
        yield DatasetFact(
            name=str(found.dataset.name)[:250],
            digest=str(found.dataset.digest)[:100],
            source_type=str(found.dataset.source_type or "")[:100],
            context=str(tags.get(MLFLOW_DATASET_CONTEXT, ""))[:100],
            profile=_profile(found.dataset.profile),
        )


def _profile(text: str | None) -> Mapping[str, str]:
    """The numbers and short texts of the profile, which any program may have written."""
    try:
        profile = json.loads(text or "{}")
    except (ValueError, RecursionError):
        return {}
    fields = list(json_object(profile).items())[:30]
    return {
        str(key)[:100]: str(value)[:200]
        for key, value in fields
        if isinstance(value, int | float | str)
    }


def _paths_of_models(history: str) -> list[str]:
    try:
        entries = json.loads(history or "[]")
    except (ValueError, RecursionError):
        return []
    found = json_objects(entries)
    paths = [each["artifact_path"] for each in found if isinstance(each.get("artifact_path"), str)]
    return [path for path in paths if _MODEL_PATH.fullmatch(path)]


def _version(found: Any) -> VersionFact:
    return VersionFact(
        name=str(found.name),
        version=str(found.version),
        aliases=tuple(str(alias) for alias in (found.aliases or [])[:20]),
        description=str(found.description or "")[:_LONGEST_TEXT],
        created_ms=found.creation_timestamp,
    )
