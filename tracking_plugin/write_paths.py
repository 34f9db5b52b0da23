"""Parses the paths of MLflow's write requests, in time linear in their length: they are strangers' text."""

import re
from dataclasses import dataclass

_API = ("api", "ajax-api")
_VERSION = re.compile(r"[0-9]{1,4}\.[0-9]{1,4}")
_RUN_ID = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True, kw_only=True)
class ArtifactPath:
    """The run that a path of MLflow's artifact proxy names, and the rest of the path behind it."""

    run_id: str
    rest: str


def run_verb(path: str) -> str | None:
    """The last part of `…/api/2.0/mlflow/runs/<verb>`, behind any prefix; None for other paths."""
    return _verb(path, "runs")


def experiment_verb(path: str) -> str | None:
    """The last part of `…/api/2.0/mlflow/experiments/<verb>`, as `run_verb`."""
    return _verb(path, "experiments")


def _verb(path: str, subject: str) -> str | None:
    *prefix, verb = path.rsplit("/", 5)
    return verb if _is_api(prefix[1:3]) and prefix[3:] == ["mlflow", subject] else None


def is_upload(path: str) -> bool:
    """Whether the path is `…/ajax-api/2.0/mlflow/upload-artifact`, behind any prefix."""
    end = path.rsplit("/", 4)[1:]
    return end[:1] == ["ajax-api"] and _is_api(end[:2]) and end[2:] == ["mlflow", "upload-artifact"]


def proxied_artifact(path: str, endpoint: tuple[str, ...]) -> ArtifactPath | None:
    """Parse `…/api/2.0/mlflow-artifacts/<endpoint>/…/<run id>/artifacts/<rest>`, behind any prefix.

    The first id is that of the run: the artifact's own path may contain another one.
    """
    segments = path.split("/")
    marker = ["mlflow-artifacts", *endpoint]
    for start in range(1, len(segments)):
        after_api = start + 2
        if segments[after_api : after_api + len(marker)] == marker and _is_api(
            segments[start:after_api]
        ):
            return _of_run(segments, after_api + len(marker))
    return None


def _of_run(segments: list[str], start: int) -> ArtifactPath | None:
    for index in range(start, len(segments) - 1):
        if segments[index + 1] == "artifacts" and _RUN_ID.fullmatch(segments[index]):
            return ArtifactPath(run_id=segments[index], rest="/".join(segments[index + 2 :]))
    return None


def _is_api(segments: list[str]) -> bool:
    return len(segments) == 2 and segments[0] in _API and bool(_VERSION.fullmatch(segments[1]))
