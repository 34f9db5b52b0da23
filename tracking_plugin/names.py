"""Every metric, tag, parameter, artifact and status name that Fovea writes to MLflow."""

from enum import StrEnum


class RunStatus(StrEnum):
    """The values of the tag `fovea.status`."""

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
    PROCESS = "fovea.process"
    """The process that trains the run: its host, its id and the time at which it started."""
    EVALUATED_RUN = "fovea.evaluated_run"
    """On the run of an evaluation job: the id of the run whose model it scores."""
    REPORT = "fovea.report"
    """On the run of an evaluation job: artifact paths of the reports, in the evaluated run."""
    PROJECT = "fovea.project"
    """On the experiment of a project, and on the runs of its pipeline: the project's id."""
    CANDIDATE = "fovea.candidate"
    """On the run of a candidate of a pipeline: its number, from 1."""
    MICRO_BATCH_SIZE = "fovea.micro_batch_size"
    """The most samples that a rank computes at once, after the memory did not suffice for more."""
    DRAWING_FAILURE = "fovea.drawing_failure"
    """Why the newest pictures that were due are missing; empty once there are pictures again."""
    SERVING_PROCESS = "fovea.serving_process"
    """On the run of a challenger: the machine and the process that serve it."""


class VersionTag(StrEnum):
    """Tags of versions of registered models."""

    PARENT = "fovea.parent_version"
    """On a version that was fine-tuned: the one that it began with, as `NAME/VERSION`."""
    MEMORISATION = "fovea.memorisation"
    """On a version that generates images: memorised, not shown or unknown."""
    MEMORISATION_ALLOWED_BY = "fovea.memorisation_allowed_by"
    """Who has allowed the registration of a model that has memorised training images."""


class Metric(StrEnum):
    """Metrics with a fixed name; their `step` is the optimizer step."""

    TRAIN_LOSS = "train/loss"
    PRIOR_LOSS = "train/prior_loss"
    """Of images of the subject's class, which a training keeps as they were."""
    TRAIN_ACCURACY = "train/accuracy"
    LEARNING_RATE = "train/learning_rate"
    IMAGES_PER_SECOND = "train/images_per_second"
    DATA_WAIT_FRACTION = "train/data_wait_fraction"
    MICRO_BATCH_SIZE = "train/micro_batch_size"
    """Samples that a rank computes at once, of a recipe that halves its batches if memory is short."""
    VAL_LOSS = "val/loss"
    VAL_ACCURACY = "val/accuracy"
    VAL_AUC_ROC_MACRO = "val/auc_roc_macro"
    VAL_AUC_ROC_WEIGHTED = "val/auc_roc_weighted"
    VAL_F1 = "val/f1"
    VAL_KAPPA = "val/kappa"
    VAL_DICE_MACRO = "val/dice_macro"
    VAL_IOU_MACRO = "val/iou_macro"
    VAL_BASE_LOSS = "val/base_loss"
    """Of a diffusion model with its adapter off: the line to beat."""
    VAL_LOSS_DIFFERENCE = "val/loss_difference"
    """With the adapter less without it; below 0 the adapter is better."""
    EPOCH = "epoch"
    TEMPERATURE = "evidence/temperature"
    """Of the best model, fitted on val at the end of the training."""
    CALIBRATION_ERROR = "evidence/expected_calibration_error"


GENERATED_QUALITY_PREFIX = "quality/"
"""Metrics of generated images: their distances to real ones, and the share that may be copies."""

NUM_TIMESTEP_QUANTILES = 9
"""A diffusion model is validated at the quantiles 0.1 to 0.9 of its timesteps."""


def quantile_loss_metric(number: int, *, base: bool = False) -> str:
    """The metric of the validation loss at a timestep quantile, from 1; `base` is without the adapter."""
    return f"val/{'base_' if base else ''}loss_q{number}"


QUANTILE_LOSSES = frozenset(
    quantile_loss_metric(number, base=base)
    for number in range(1, NUM_TIMESTEP_QUANTILES + 1)
    for base in (False, True)
)
"""Too many to be shown in one line."""


class ChallengerMetric(StrEnum):
    """Metrics of the run of a challenger; their `step` is the number of compared images."""

    AGREEMENT = "challenger/agreement"
    """Share of the images in whose most probable class the challenger agrees with the champion."""
    AGREEMENT_LOW = "challenger/agreement_low"
    """Lower bound of the 95 % interval of the agreement (Wilson)."""
    AGREEMENT_HIGH = "challenger/agreement_high"
    IMAGES = "challenger/images"
    """Images that both versions have seen: the support of the agreement."""
    DROPPED = "challenger/dropped"
    """Images that only the champion has seen, because the challenger was behind or failed."""


class PipelineStage(StrEnum):
    """The stages of the pipeline that learns from a table, in the order in which they run."""

    DATA_UPLOAD = "data_upload"
    DATA_ANALYSIS = "data_analysis"
    DATA_PROCESSING = "data_processing"
    FEATURE_ENGINEERING = "feature_engineering"
    MODEL_SELECTION = "model_selection"
    MODEL_TRAINING = "model_training"
    MODEL_EVALUATION = "model_evaluation"
    MODEL_DEPLOYMENT = "model_deployment"

    @property
    def number(self) -> int:
        """From 0, as the metric `pipeline/stage` has it."""
        return list(PipelineStage).index(self)

    @property
    def words(self) -> str:
        return self.value.replace("_", " ")


class PipelineMetric(StrEnum):
    """Metrics of the run of a pipeline; their `step` counts what it has recorded."""

    STAGE = "pipeline/stage"
    PROGRESS_PERCENT = "pipeline/progress_percent"
    SECONDS_LEFT = "pipeline/seconds_left"
    """Absent until there is something to measure it by."""
    NUM_CANDIDATES = "selection/num_candidates"


CANDIDATE_LOSS = "selection/loss"
"""The metric of a candidate's own run by which a pipeline compares it with the others; less is better."""


class PipelineArtifact(StrEnum):
    """JSON documents of the run of a pipeline; none has a cell of the table but labels."""

    ANALYSIS = "project/analysis.json"
    LEAKS = "project/leaks.json"
    PROCESSING = "project/processing.json"
    FEATURES = "project/features.json"
    SELECTION = "project/selection.json"
    EVALUATION = "project/evaluation.json"
    RANKED = "project/ranked.json"
    DEPLOYMENT = "project/deployment.json"
    PREDICTIONS = "project/predictions.json"
    TEST_EVALUATION = "project/test_evaluation.json"
    """Of a second table with labels, which no stage has seen."""
    FINETUNING = "project/finetuning.json"
    """Of a fine-tuning: what it began with, and the scores on the holdout before and after."""


CHAMPION = "champion"
"""Alias of the version of a registered model that the diagnosis service serves."""


def previous_alias_tag(alias: str) -> str:
    """Tag of a registered model that remembers which version had the alias before."""
    return f"fovea.previous.{alias}"


def project_model(project_id: str) -> str:
    """The registered model of a project, unless its owner gives it another name."""
    return f"project-{project_id}"


class MetricGroup(StrEnum):
    """The part before `/` of metrics that end in the name of a class or a condition."""

    PER_CLASS = "per_class"
    PER_CLASS_DICE = "per_class_dice"
    PER_CLASS_IOU = "per_class_iou"
    CRITICAL = "critical"
    CRITICAL_SUPPORT = "critical_support"


class Param(StrEnum):
    """Parameters with a training's length, its identity and its required sensitivities."""

    TOTAL_EPOCHS = "total_epochs"
    STEPS_PER_EPOCH = "steps_per_epoch"
    IDENTITY_DIGEST = "identity_digest"
    """A hash of what the run began with, which a resume compares."""
    CRITICAL_THRESHOLDS = "critical_thresholds"
    """The minimum sensitivity of each critical condition, as a JSON object."""


SYSTEM_METRIC_PREFIX = "system/"
"""Metrics that MLflow measures on the run's machine."""

CHECKPOINTS = "checkpoints"
"""Artifact folder of a run's checkpoints."""

CONFUSION_MATRIX = "confusion_matrix"
"""Key of the stepped confusion-matrix image."""

CURRENT_IMAGE = "current_image"
"""Artifact folder of the image that a run learns from at the moment."""

SEGMENTATION = "segmentation"
"""Key of the stepped image of segmented samples."""


def evaluation_artifact(epoch: int) -> str:
    """Artifact path of an epoch's evaluation; epochs count from 1."""
    return f"epochs/{epoch:04d}/evaluation.json"
