"""MLflow's tags of who started a run with which program, for the runs that the server creates for jobs."""

from collections.abc import Mapping
from functools import cache

from mlflow.entities import SourceType
from mlflow.tracking.context.default_context import DefaultRunContext
from mlflow.utils.git_utils import get_git_commit
from mlflow.utils.mlflow_tags import (
    MLFLOW_GIT_COMMIT,
    MLFLOW_SOURCE_NAME,
    MLFLOW_SOURCE_TYPE,
    MLFLOW_USER,
)

from api.location import ROOT


@cache
def context_tags() -> Mapping[str, str]:
    """The user of this server, the program of its jobs and its commit. Blocking the first time."""
    commit = get_git_commit(str(ROOT))
    return {
        MLFLOW_USER: str(DefaultRunContext().tags()[MLFLOW_USER]),
        MLFLOW_SOURCE_NAME: str(ROOT / "training" / "__main__.py"),
        MLFLOW_SOURCE_TYPE: str(SourceType.to_string(SourceType.JOB)),
        **({} if commit is None else {MLFLOW_GIT_COMMIT: commit}),
    }
