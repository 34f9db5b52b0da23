"""The role of a metric: its measure, its split, and whether higher or lower values are better."""

from enum import StrEnum


class Direction(StrEnum):
    """Which values of a metric are better."""

    LOWER = "lower"
    HIGHER = "higher"
    NONE = "none"


class Role(StrEnum):
    """The kind of a metric: `f1` includes kappa, `score` and `error` are the other measures of quality."""

    LOSS = "loss"
    ACCURACY = "accuracy"
    AUC_ROC = "auc_roc"
    F1 = "f1"
    SCORE = "score"
    ERROR = "error"
    CONDITION = "condition"
    SUPPORT = "support"
    CLASS = "class"
    LEARNING_RATE = "learning_rate"
    GRADIENT = "gradient"
    THROUGHPUT = "throughput"
    EPOCH = "epoch"
    MACHINE = "machine"
    OTHER = "other"


class Split(StrEnum):
    """The part of the data that a metric was measured on; `none` if its name does not say."""

    TRAIN = "train"
    VAL = "val"
    TEST = "test"
    NONE = "none"
