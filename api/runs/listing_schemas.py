"""What the read API answers about runs: their newest values, their epochs, and the list of them."""

from datetime import datetime

from pydantic import BaseModel, Field

from api.runs.schemas import AucRoc, MetricsData, NotFinite, SystemMetrics, TrainVal
from tracking_plugin.names import RunStatus


class LatestMetrics(MetricsData):
    """The newest value of every metric, and how far the run is."""

    run_id: str
    step: int | None = None
    epoch: int | None = None
    batch: int | None = Field(None, description="step within the epoch, from 1")
    timestamp: datetime | None = Field(None, description="of the newest value")
    system: SystemMetrics = SystemMetrics()


class ClassReport(BaseModel):
    """One class against the rest; null is what the images leave undefined."""

    support: int = Field(ge=0, description="images of the class")
    precision: float | None = Field(None, ge=0, le=1)
    recall: float | None = Field(None, ge=0, le=1)
    f1: float | None = Field(None, ge=0, le=1)
    specificity: float | None = Field(None, ge=0, le=1)
    auc_roc: float | None = Field(None, ge=0, le=1)


class EpochDetails(BaseModel):
    """One pass over the training data; the last three fields are in GET /api/epochs/{epoch} alone."""

    run_id: str
    epoch: int
    total_batches: int | None = Field(None, description="steps of an epoch")
    first_step: int
    last_step: int = Field(description="the furthest so far")
    start_time: datetime = Field(description="when the epoch's first values were logged")
    end_time: datetime | None = Field(None, description="null while the epoch goes on")
    duration: float | None = Field(None, description="in seconds")
    metrics: MetricsData = Field(description="the last value of each metric in the epoch")
    classes: list[str] | None = None
    confusion_matrix: list[list[int]] | None = Field(
        None, description="number of images; rows are the truth, in the order of `classes`"
    )
    class_report: dict[str, ClassReport] | None = None


class EpochValues(BaseModel):
    epoch: int
    metrics: MetricsData = Field(description="what was asked for, and nothing else")


class EpochComparison(BaseModel):
    """The last values of a few metrics in a few epochs."""

    run_id: str
    metrics: list[str] = Field(description="MLflow names of the metrics that are compared")
    epochs: list[EpochValues] = Field(description="in the order they were asked for")


class RunSummary(BaseModel):
    """A run in a list."""

    run_id: str
    run_name: str
    experiment_id: str
    experiment_name: str
    status: RunStatus
    mlflow_status: str | None
    message: str
    start_time: datetime | None
    end_time: datetime | None
    elapsed_time: float | None = Field(description="in seconds")
    epoch: int | None
    total_epochs: int | None
    step: int | None
    alert: str | None = Field(description="worst open alert level")
    recipe: str | None
    loss: TrainVal
    accuracy: TrainVal
    auc_roc: AucRoc
    f1_score: float | None
    not_finite: dict[str, NotFinite] = Field(
        description="MLflow names of those whose value is no number"
    )
