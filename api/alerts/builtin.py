"""The built-in rules, which apply to every run."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from api.alerts.conditions import Bound, Drop, NotFinite, Plateau, Spike
from api.alerts.metric_pattern import MetricPattern
from api.alerts.metric_selector import AnyLoss, WholeLoss
from api.alerts.rule_file import RuleFile, read_rules
from api.alerts.rules import Rule
from api.alerts.state_machine import Patience
from api.runs.metric_roles import Split
from tracking_plugin.critical_conditions import CRITICAL_FACTOR, MIN_SENSITIVITY
from tracking_plugin.names import Metric, MetricGroup

HEALTH: Sequence[Rule] = (
    Rule(
        name="loss_not_finite",
        metric=AnyLoss(),
        condition=NotFinite(),
        patience=Patience(to_clear=10),
        recommendation="Stop the run and resume from the last checkpoint with a lower learning rate",
    ),
    Rule(
        name="loss_spike",
        # Keras and Hugging Face log the loss of training as `loss`.
        metric=WholeLoss((Split.TRAIN, Split.NONE)),
        condition=Spike(),
        patience=Patience(to_clear=10),
        recommendation="Check the batches around this step, and the learning rate",
    ),
    Rule(
        name="loss_plateau",
        metric=WholeLoss((Split.VAL,)),
        condition=Plateau(),
        patience=Patience(to_clear=1),
        recommendation="The loss no longer improves: stop the run, or lower the learning rate",
    ),
    Rule(
        name="data_starvation",
        metric=MetricPattern(Metric.DATA_WAIT_FRACTION),
        condition=Bound(above=0.5, critical_factor=None),
        patience=Patience(to_fire=50, to_clear=50),
        recommendation="The device waits for data: use more loader workers, a faster disk or smaller images",
    ),
    Rule(
        name="gpu_too_hot",
        metric=MetricPattern("system/gpu_*_temperature_celsius"),
        condition=Bound(above=85.0, critical_factor=0.94),
        patience=Patience(to_fire=3, to_clear=3),
        recommendation="Check the cooling: a GPU that is too hot reduces its speed",
    ),
    Rule(
        name="throughput_drop",
        metric=MetricPattern(Metric.IMAGES_PER_SECOND),
        condition=Drop(),
        patience=Patience(to_fire=20, to_clear=20),
        recommendation="Check for another process on the machine, a slow disk or a slow network",
    ),
)
"""Rules on the health of a training."""


def clinical_rules(floors: Mapping[str, float] = MIN_SENSITIVITY) -> list[Rule]:
    """One rule for each critical condition: its sensitivity must not be below its floor."""
    return [
        Rule(
            name=condition,
            metric=MetricPattern(f"{MetricGroup.CRITICAL}/{condition}"),
            support=MetricPattern(f"{MetricGroup.CRITICAL_SUPPORT}/{condition}"),
            condition=Bound(below=floor, critical_factor=CRITICAL_FACTOR, has_support=True),
            recommendation=missed_condition(condition),
        )
        for condition, floor in floors.items()
    ]


def missed_condition(condition: str) -> str:
    """The recommendation of the rule on a critical condition."""
    return f"Do not use this model where a missed {condition} would do harm"


SILENCE = "run_silent"
"""The one rule without a metric; api.alerts.inactivity evaluates it."""

SILENCE_RECOMMENDATION = "Check that its process, its machine and the network to it are still there"

TRAINING_RULES = frozenset((*(rule.name for rule in HEALTH), SILENCE))
"""The rules on the health of a training; all others are about its model."""

BUILTIN_NAMES = TRAINING_RULES | frozenset(MIN_SENSITIVITY)


def load_rules(path: Path | None) -> RuleFile:
    """The rules of the file at `path`, none without one.

    Raises RuleFileError if the file is wrong.
    """
    return RuleFile() if path is None else read_rules(path, BUILTIN_NAMES)


def is_replaced(file: RuleFile, name: str) -> bool:
    """Whether the file disables the built-in rule `name`, or replaces it."""
    return name in file.without or any(rule.name == name for rule in file.rules)


def rules_of_run(file: RuleFile, floors: Mapping[str, float] = MIN_SENSITIVITY) -> list[Rule]:
    """The rules of a run with these `floors`: a rule of the file replaces the built-in one of its name."""
    builtin = (*clinical_rules(floors), *HEALTH)
    return [*file.rules, *(rule for rule in builtin if not is_replaced(file, rule.name))]
