"""The names that appear in MLflow: one place for every metric, tag and status word that others rely on."""

from enum import StrEnum


class RunStatus(StrEnum):
    """What a run is doing, as the tag `fovea.status` says it."""

    IDLE = "idle"
    PENDING = "pending"
    STARTING = "starting"
    TRAINING = "training"
    PAUSING = "pausing"
    PAUSED = "paused"
    RESUMING = "resuming"
    STOPPING = "stopping"
    STOPPED = "stopped"
    COMPLETED = "completed"
    ERROR = "error"


class Tag(StrEnum):
    """Run tags, all searchable in the MLflow UI."""

    STATUS = "fovea.status"
    MESSAGE = "fovea.message"
    RECIPE = "fovea.recipe"
    CURRENT_IMAGE = "fovea.current_image"
    ALERT = "fovea.alert"
    REJECTED_RECORDS = "fovea.rejected_records"
    EVALUATED_RUN = "fovea.evaluated_run"
    """On the run of an evaluation job: the id of the run whose model it scores."""


class Metric(StrEnum):
    """Metrics of fixed name; `step` is the optimizer step in all of them."""

    TRAIN_LOSS = "train/loss"
    TRAIN_ACCURACY = "train/accuracy"
    LEARNING_RATE = "train/learning_rate"
    IMAGES_PER_SECOND = "train/images_per_second"
    DATA_WAIT_FRACTION = "train/data_wait_fraction"
    VAL_LOSS = "val/loss"
    VAL_ACCURACY = "val/accuracy"
    VAL_AUC_ROC_MACRO = "val/auc_roc_macro"
    VAL_AUC_ROC_WEIGHTED = "val/auc_roc_weighted"
    VAL_F1 = "val/f1"
    VAL_KAPPA = "val/kappa"
    EPOCH = "epoch"


class MetricGroup(StrEnum):
    """The part before `/` of metrics whose second part is a class or a condition."""

    PER_CLASS = "per_class"
    CRITICAL = "critical"
    CRITICAL_SUPPORT = "critical_support"


class Param(StrEnum):
    """Parameters that say how far a training will go and what it must reach."""

    TOTAL_EPOCHS = "total_epochs"
    STEPS_PER_EPOCH = "steps_per_epoch"
    CRITICAL_THRESHOLDS = "critical_thresholds"
    """The least sensitivity of each critical condition, as a JSON object."""


SYSTEM_METRIC_PREFIX = "system/"
"""What MLflow itself measures of the machine that a run is on."""

CHECKPOINTS = "checkpoints"
"""Artifact folder of a run's checkpoints."""

CONFUSION_MATRIX = "confusion_matrix"
"""Key of the stepped confusion-matrix image."""


def evaluation_artifact(epoch: int) -> str:
    """Artifact path of an epoch's evaluation; epochs count from 1."""
    return f"epochs/{epoch:04d}/evaluation.json"
