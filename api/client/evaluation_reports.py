"""Links to the reports of an evaluation, read from the tags of its job's MLflow run."""

from pydantic import BaseModel

from tracking_plugin.mlflow_links import run_link
from tracking_plugin.names import Tag

MLFLOW_RUN_PATH = "/api/2.0/mlflow/runs/get"


class _Tag(BaseModel):
    key: str
    value: str


class _RunInfo(BaseModel):
    experiment_id: str


class _RunData(BaseModel):
    tags: list[_Tag] = []


class _Run(BaseModel):
    info: _RunInfo
    data: _RunData


class MlflowRunAnswer(BaseModel):
    """The part of MLflow's answer about a run that names the reports."""

    run: _Run

    def report_links(self, url: str) -> list[str]:
        """Pages of the MLflow UI at `url`; empty if the run has no reports."""
        tags = {tag.key: tag.value for tag in self.run.data.tags}
        # The job's run is in the experiment of the run that it evaluates.
        experiment_id, run_id = self.run.info.experiment_id, tags.get(Tag.EVALUATED_RUN, "")
        paths = tags.get(Tag.REPORT, "").split()
        return [run_link(url, experiment_id, run_id, path) for path in paths]
