"""The catalogue of known metrics: labels, chart groups, directions, units and bounds."""
# ruff: noqa: RUF001 - French labels hold typographic apostrophes

from collections.abc import Mapping
from enum import StrEnum
from functools import cached_property

from pydantic import BaseModel, Field

from api.runs.metric_roles import Direction, Role, Split
from api.runs.metric_words import METRIC_WORDS, MetricWords
from tracking_plugin.names import (
    GENERATED_QUALITY_PREFIX,
    NUM_TIMESTEP_QUANTILES,
    SYSTEM_METRIC_PREFIX,
    Metric,
    MetricGroup,
    quantile_loss_metric,
)


class Subject(StrEnum):
    """The subject that a metric measures."""

    MODEL = "model"
    TRAINING = "training"
    MACHINE = "machine"


class Unit(StrEnum):
    NONE = ""
    FRACTION = "fraction"
    COUNT = "count"
    IMAGES_PER_SECOND = "images/s"


class Label(BaseModel):
    en: str
    fr: str


class ChartGroup(BaseModel):
    """Metrics that are drawn in one chart."""

    name: str
    label: Label


class MetricFamily(BaseModel):
    """Metrics that share the part of their names before the first slash."""

    prefix: str = Field(description="ends with a slash")
    label: Label
    role: Role
    group: str | None = Field(None, description="name of the chart group")
    direction: Direction = Direction.NONE
    subject: Subject = Subject.MODEL
    unit: Unit = Unit.NONE
    bounds: tuple[float, float] | None = None


class CatalogMetric(BaseModel):
    """One metric with a fixed name."""

    name: str = Field(description="MLflow name")
    label: Label
    short_label: str = Field(description="English, at most 12 characters")
    short_name: str | None = Field(
        None, description="field of MetricsData that holds the metric; null: it is in `other`"
    )
    part: str | None = Field(
        None, description="field within `short_name`; null: `short_name` holds the value itself"
    )
    role: Role = Role.OTHER
    split: Split = Split.NONE
    group: str | None = Field(None, description="name of the chart group")
    direction: Direction = Direction.NONE
    subject: Subject = Subject.MODEL
    unit: Unit = Unit.NONE
    bounds: tuple[float, float] | None = None
    is_headline: bool = Field(False, description="one of the values by which a run is followed")


class DirectionWords(BaseModel):
    """The single words of `words` that tell a direction; `lower` wins over `higher`."""

    lower: list[str]
    higher: list[str]


class MetricCatalog(BaseModel):
    """Known metrics in reading order, chart groups in display order, and the words of other names."""

    metrics: list[CatalogMetric]
    families: list[MetricFamily]
    groups: list[ChartGroup]
    direction_words: DirectionWords
    words: MetricWords = Field(description="for names that are neither known nor of a family")

    @cached_property
    def by_name(self) -> Mapping[str, CatalogMetric]:
        return {metric.name: metric for metric in self.metrics}

    def family_of(self, name: str) -> MetricFamily | None:
        return next((each for each in self.families if name.startswith(each.prefix)), None)

    def bounds_of(self, name: str) -> tuple[float, float] | None:
        """The least and the greatest possible value; None if they are not known.

        A variant of a known metric, such as val/f1_micro, has the same bounds.
        """
        variants = (metric for metric in self.metrics if name.startswith(metric.name))
        entry = self.by_name.get(name) or self.family_of(name) or next(variants, None)
        return None if entry is None else entry.bounds


_FRACTION = (0.0, 1.0)
_CRITICAL_LABEL = Label(
    en="Sensitivity of critical conditions", fr="Sensibilité des affections critiques"
)
_DICE_LABEL = Label(en="Dice by class", fr="Dice par classe")
_IOU_LABEL = Label(en="IoU by class", fr="IoU par classe")

_GROUPS = [
    ChartGroup(name="loss", label=Label(en="Loss", fr="Perte")),
    ChartGroup(
        name="loss_by_timestep",
        label=Label(en="Validation loss by timestep", fr="Perte de validation par pas de temps"),
    ),
    ChartGroup(name="accuracy", label=Label(en="Accuracy", fr="Exactitude")),
    ChartGroup(name="auc_roc", label=Label(en="AUROC", fr="AUROC")),
    ChartGroup(name="f1", label=Label(en="F1 and kappa", fr="F1 et kappa")),
    ChartGroup(name="score", label=Label(en="Score", fr="Score")),
    ChartGroup(name="dice", label=_DICE_LABEL),
    ChartGroup(name="iou", label=_IOU_LABEL),
    ChartGroup(name="error", label=Label(en="Error", fr="Erreur")),
    ChartGroup(name="learning_rate", label=Label(en="Learning rate", fr="Taux d’apprentissage")),
    ChartGroup(
        name="images_per_second", label=Label(en="Images per second", fr="Images par seconde")
    ),
    ChartGroup(name="throughput", label=Label(en="Throughput", fr="Débit")),
    ChartGroup(name="gradient_norm", label=Label(en="Gradient norm", fr="Norme du gradient")),
    ChartGroup(
        name="critical",
        label=_CRITICAL_LABEL,
    ),
]

_FAMILIES = [
    MetricFamily(
        prefix=f"{MetricGroup.CRITICAL}/",
        label=_CRITICAL_LABEL,
        role=Role.CONDITION,
        group="critical",
        direction=Direction.HIGHER,
        unit=Unit.FRACTION,
        bounds=_FRACTION,
    ),
    MetricFamily(
        prefix=f"{MetricGroup.CRITICAL_SUPPORT}/",
        label=Label(en="Cases of critical conditions", fr="Cas d’affections critiques"),
        role=Role.SUPPORT,
        unit=Unit.COUNT,
    ),
    MetricFamily(
        prefix=f"{MetricGroup.PER_CLASS}/",
        label=Label(en="Recall by class", fr="Rappel par classe"),
        role=Role.CLASS,
        direction=Direction.HIGHER,
        unit=Unit.FRACTION,
        bounds=_FRACTION,
    ),
    *(
        MetricFamily(
            prefix=f"{prefix}/",
            label=label,
            role=Role.SCORE,
            group=group,
            direction=Direction.HIGHER,
            unit=Unit.FRACTION,
            bounds=_FRACTION,
        )
        for prefix, label, group in (
            (MetricGroup.PER_CLASS_DICE, _DICE_LABEL, "dice"),
            (MetricGroup.PER_CLASS_IOU, _IOU_LABEL, "iou"),
        )
    ),
    MetricFamily(
        prefix=GENERATED_QUALITY_PREFIX,
        label=Label(en="Generated images", fr="Images générées"),
        role=Role.ERROR,
        direction=Direction.LOWER,
    ),
    MetricFamily(
        prefix=SYSTEM_METRIC_PREFIX,
        label=Label(en="Training machine", fr="Machine d’entraînement"),
        role=Role.MACHINE,
        subject=Subject.MACHINE,
    ),
]


def _loss(name: str, label: Label, part: str) -> CatalogMetric:
    return CatalogMetric(
        name=name,
        label=label,
        short_label=f"{part} loss",
        short_name="loss",
        part=part,
        role=Role.LOSS,
        split=Split(part),
        group="loss",
        direction=Direction.LOWER,
        is_headline=True,
    )


def _score(
    name: str,
    label: Label,
    short_label: str,
    *,
    short_name: str | None,
    part: str | None = None,
    group: str,
    bounds: tuple[float, float] = _FRACTION,
    is_headline: bool = True,
) -> CatalogMetric:
    """A measure of quality, of which higher values are better."""
    return CatalogMetric(
        name=name,
        label=label,
        short_label=short_label,
        short_name=short_name,
        part=part,
        role=Role(group),
        split=Split(name.partition("/")[0]),
        group=group,
        direction=Direction.HIGHER,
        unit=Unit.FRACTION if bounds == _FRACTION else Unit.NONE,
        bounds=bounds,
        is_headline=is_headline,
    )


def _diffusion_loss(
    name: str, label: Label, short_label: str, *, group: str | None, split: Split = Split.VAL
) -> CatalogMetric:
    """A loss of a diffusion model beside the one that it is trained for."""
    return CatalogMetric(
        name=name,
        label=label,
        short_label=short_label,
        role=Role.LOSS,
        split=split,
        group=group,
        direction=Direction.LOWER,
    )


def _quantile_loss(number: int, *, base: bool) -> CatalogMetric:
    share = number * 10
    suffix = Label(en=", base model", fr=", modèle de base") if base else Label(en="", fr="")
    return _diffusion_loss(
        quantile_loss_metric(number, base=base),
        Label(
            en=f"Validation loss at {share}% of the timesteps{suffix.en}",
            fr=f"Perte de validation à {share} % des pas de temps{suffix.fr}",
        ),
        f"{'base ' if base else ''}loss q{number}",
        group="loss_by_timestep",
    )


_METRICS = [
    _loss(Metric.VAL_LOSS, Label(en="Validation loss", fr="Perte de validation"), "val"),
    _loss(Metric.TRAIN_LOSS, Label(en="Training loss", fr="Perte d’entraînement"), "train"),
    _diffusion_loss(
        Metric.PRIOR_LOSS,
        Label(en="Training loss, class images", fr="Perte d’entraînement, images de la classe"),
        "class loss",
        group="loss",
        split=Split.TRAIN,
    ),
    _score(
        Metric.VAL_ACCURACY,
        Label(en="Validation accuracy", fr="Exactitude de validation"),
        "val acc.",
        short_name="accuracy",
        part="val",
        group="accuracy",
    ),
    _score(
        Metric.TRAIN_ACCURACY,
        Label(en="Training accuracy", fr="Exactitude d’entraînement"),
        "train acc.",
        short_name="accuracy",
        part="train",
        group="accuracy",
    ),
    _score(
        Metric.VAL_AUC_ROC_MACRO,
        Label(en="AUROC, macro average", fr="AUROC, moyenne macro"),
        "AUC macro",
        short_name="auc_roc",
        part="macro",
        group="auc_roc",
    ),
    _score(
        Metric.VAL_AUC_ROC_WEIGHTED,
        Label(en="AUROC, weighted average", fr="AUROC, moyenne pondérée"),
        "AUC weighted",
        short_name="auc_roc",
        part="weighted",
        group="auc_roc",
        is_headline=False,
    ),
    _score(
        Metric.VAL_F1,
        Label(en="F1 score", fr="Score F1"),
        "F1",
        short_name="f1_score",
        group="f1",
    ),
    _score(
        Metric.VAL_KAPPA,
        Label(en="Cohen’s kappa", fr="Kappa de Cohen"),
        "kappa",
        short_name=None,
        group="f1",
        bounds=(-1.0, 1.0),
    ),
    _score(
        Metric.VAL_DICE_MACRO,
        Label(en="Dice, macro average", fr="Dice, moyenne macro"),
        "Dice macro",
        short_name=None,
        group="score",
    ),
    _score(
        Metric.VAL_IOU_MACRO,
        Label(en="IoU, macro average", fr="IoU, moyenne macro"),
        "IoU macro",
        short_name=None,
        group="score",
        is_headline=False,
    ),
    _diffusion_loss(
        Metric.VAL_BASE_LOSS,
        Label(en="Validation loss of the base model", fr="Perte de validation du modèle de base"),
        "base loss",
        group="loss",
    ),
    _diffusion_loss(
        Metric.VAL_LOSS_DIFFERENCE,
        Label(
            en="Validation loss less that of the base model",
            fr="Perte de validation moins celle du modèle de base",
        ),
        "loss diff.",
        group=None,
    ),
    *(
        _quantile_loss(number, base=base)
        for base in (False, True)
        for number in range(1, NUM_TIMESTEP_QUANTILES + 1)
    ),
    CatalogMetric(
        name=Metric.IMAGES_PER_SECOND,
        label=Label(en="Images per second", fr="Images par seconde"),
        short_label="images/s",
        role=Role.THROUGHPUT,
        split=Split.TRAIN,
        group="images_per_second",
        direction=Direction.HIGHER,
        subject=Subject.TRAINING,
        unit=Unit.IMAGES_PER_SECOND,
        is_headline=True,
    ),
    CatalogMetric(
        name=Metric.LEARNING_RATE,
        label=Label(en="Learning rate", fr="Taux d’apprentissage"),
        short_label="learn. rate",
        short_name="learning_rate",
        role=Role.LEARNING_RATE,
        split=Split.TRAIN,
        group="learning_rate",
        subject=Subject.TRAINING,
    ),
    CatalogMetric(
        name=Metric.DATA_WAIT_FRACTION,
        label=Label(en="Time spent waiting for data", fr="Temps d’attente des données"),
        short_label="data wait",
        split=Split.TRAIN,
        subject=Subject.TRAINING,
        unit=Unit.FRACTION,
        bounds=_FRACTION,
    ),
    CatalogMetric(
        name=Metric.MICRO_BATCH_SIZE,
        label=Label(en="Samples computed at once", fr="Échantillons calculés à la fois"),
        short_label="micro-batch",
        split=Split.TRAIN,
        subject=Subject.TRAINING,
    ),
    CatalogMetric(
        name=Metric.TEMPERATURE,
        label=Label(en="Temperature fitted on val", fr="Température ajustée sur val"),
        short_label="temperature",
    ),
    CatalogMetric(
        name=Metric.CALIBRATION_ERROR,
        label=Label(en="Expected calibration error", fr="Erreur de calibration attendue"),
        short_label="ECE",
        role=Role.ERROR,
        group="error",
        direction=Direction.LOWER,
        unit=Unit.FRACTION,
        bounds=_FRACTION,
    ),
    CatalogMetric(
        name=Metric.EPOCH,
        label=Label(en="Epoch", fr="Époque"),
        short_label="epoch",
        role=Role.EPOCH,
        subject=Subject.TRAINING,
        unit=Unit.COUNT,
    ),
]


def _direction_words(direction: Direction) -> list[str]:
    terms = (term for term in METRIC_WORDS.terms if term.direction is direction)
    return [word for term in terms for word in term.words if " " not in word]


METRIC_CATALOG = MetricCatalog(
    metrics=_METRICS,
    families=_FAMILIES,
    groups=_GROUPS,
    direction_words=DirectionWords(
        lower=_direction_words(Direction.LOWER), higher=_direction_words(Direction.HIGHER)
    ),
    words=METRIC_WORDS,
)
