"""The types of the read API's responses, which WebSocket messages use too."""

from datetime import datetime
from enum import StrEnum

from pydantic import BaseModel, Field

from api.runs.metric_roles import Direction, Role, Split
from tracking_plugin.critical_conditions import ConditionStatus
from tracking_plugin.names import RunStatus


class NotFinite(StrEnum):
    """A value that JSON cannot represent; its field is null."""

    NAN = "NaN"
    INFINITY = "Infinity"
    NEGATIVE_INFINITY = "-Infinity"


class TrainVal(BaseModel):
    train: float | None = None
    val: float | None = None


class AucRoc(BaseModel):
    macro: float | None = None
    weighted: float | None = None


class CriticalCondition(BaseModel):
    """`confidence_interval` is the 95% Wilson interval; without positives the status is `no_data`."""

    sensitivity: float | None = None
    threshold: float | None = None
    status: ConditionStatus = ConditionStatus.NO_DATA
    support: int | None = Field(None, description="number of positives")
    confidence_interval: tuple[float, float] | None = None


class MetricsData(BaseModel):
    """Newest values; null or absent if none was logged."""

    loss: TrainVal = TrainVal()
    accuracy: TrainVal = TrainVal()
    auc_roc: AucRoc = AucRoc()
    f1_score: float | None = None
    learning_rate: float | None = None
    critical_conditions: dict[str, CriticalCondition] = {}
    per_class: dict[str, float | None] = Field({}, description="recall by class")
    other: dict[str, float | None] = Field(
        {}, description="metrics outside this scheme, by their MLflow names"
    )
    not_finite: dict[str, NotFinite] = Field(
        {}, description="MLflow names of the metrics whose value is not finite"
    )


class MetricPoint(BaseModel):
    metric: str = Field(description="MLflow name")
    value: float | None
    not_finite: NotFinite | None = None
    step: int
    timestamp: datetime


class PerformancePoint(MetricPoint):
    epoch: int | None = None
    batch: int | None = Field(None, description="step within the epoch, from 1")


class GpuUsage(BaseModel):
    """The first GPU, null without one; the metrics `system/gpu_<n>_…` hold the others."""

    usage: float | None = None
    memory_used: float | None = None
    memory_total: float | None = None
    temperature: float | None = None


class SystemMetrics(BaseModel):
    """The training machine, as the run logged it; usage in percent, memory in GB."""

    cpu_usage: float | None = None
    ram_usage: float | None = None
    gpu: GpuUsage = GpuUsage()


class MetricsSnapshot(BaseModel):
    """The values logged at one step."""

    step: int
    epoch: int | None = None
    batch: int | None = Field(None, description="step within the epoch, from 1")
    metrics: MetricsData
    timestamp: datetime


class TrainingStatus(BaseModel):
    """The status and progress of a run; times in seconds."""

    status: RunStatus = RunStatus.IDLE
    message: str = ""
    run_id: str | None = None
    run_name: str = ""
    experiment_id: str | None = None
    mlflow_status: str | None = None
    deleted: bool = False
    epoch: int | None = None
    total_epochs: int | None = None
    batch: int | None = Field(None, description="step within the epoch, from 1")
    total_batches: int | None = Field(None, description="steps of an epoch")
    step: int | None = None
    elapsed_time: float | None = None
    eta_seconds: float | None = None
    current_image: str | None = None
    alert: str | None = Field(None, description="worst open alert level")
    threshold_problem: str | None = Field(
        None,
        description="why the shipped critical thresholds count instead of the run's own",
    )


class LatestMetrics(MetricsData):
    """The newest value of every metric, and the progress of the run."""

    run_id: str
    step: int | None = None
    epoch: int | None = None
    batch: int | None = Field(None, description="step within the epoch, from 1")
    timestamp: datetime | None = Field(None, description="of the newest value")
    system: SystemMetrics = SystemMetrics()


class ClassReport(BaseModel):
    """One class against the rest; a value is null if the images leave it undefined."""

    support: int = Field(ge=0, description="images of the class")
    precision: float | None = Field(None, ge=0, le=1)
    recall: float | None = Field(None, ge=0, le=1)
    f1: float | None = Field(None, ge=0, le=1)
    specificity: float | None = Field(None, ge=0, le=1)
    auc_roc: float | None = Field(None, ge=0, le=1)


class EpochDetails(BaseModel):
    """One pass over the training data; only GET /api/epochs/{epoch} has the last three fields."""

    run_id: str
    epoch: int
    total_batches: int | None = Field(None, description="steps of an epoch")
    first_step: int
    last_step: int = Field(description="the highest so far")
    start_time: datetime = Field(description="when the epoch's first values were logged")
    end_time: datetime | None = Field(None, description="null while the epoch is running")
    duration: float | None = Field(None, description="in seconds")
    metrics: MetricsData = Field(description="the last value of each metric in the epoch")
    classes: list[str] | None = None
    confusion_matrix: list[list[int]] | None = Field(
        None, description="number of images; rows are the true classes, in the order of `classes`"
    )
    class_report: dict[str, ClassReport] | None = None


class EpochValues(BaseModel):
    epoch: int
    metrics: MetricsData = Field(description="the requested metrics only")


class EpochComparison(BaseModel):
    """The last values of a few metrics in a few epochs."""

    run_id: str
    metrics: list[str] = Field(description="MLflow names of the compared metrics")
    epochs: list[EpochValues] = Field(description="in the requested order")


class HeadlineValue(BaseModel):
    """The newest value of a metric by which a run is followed, whichever program has logged it."""

    name: str = Field(description="MLflow name")
    value: float | None
    not_finite: NotFinite | None = None
    role: Role
    split: Split
    direction: Direction = Field(description="which values are better")


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
    threshold_problem: str | None = Field(
        None,
        description="why the shipped critical thresholds count instead of the run's own",
    )
    recipe: str | None
    evaluated_run: str | None = Field(
        None, description="of the run of an evaluation job, the run that it scores"
    )
    loss: TrainVal
    accuracy: TrainVal
    auc_roc: AucRoc
    f1_score: float | None
    not_finite: dict[str, NotFinite] = Field(
        description="MLflow names of the metrics whose value is not finite"
    )
    headlines: list[HeadlineValue] = Field(
        [], description="the run's main values, also of metrics that no other field has"
    )
