"""The few metrics by which a run is followed, whichever program has logged them."""

from collections.abc import Iterable, Mapping

from api.runs.metric_classifier import MetricClass, classify
from api.runs.metric_roles import Role, Split
from api.runs.metric_values import finite
from api.runs.schemas import HeadlineValue
from tracking_plugin.events import LoggedPoint

MOST_HEADLINES = 8
_MOST_OTHERS = 3

_ROLES = (Role.LOSS, Role.ACCURACY, Role.AUC_ROC, Role.F1, Role.SCORE, Role.ERROR)
_SPLITS = (Split.VAL, Split.TRAIN, Split.NONE, Split.TEST)


def headline_names(names: Iterable[str]) -> list[str]:
    """One metric for each measure of quality and split; without any, the first few others."""
    classes = {name: classify(name) for name in names}
    measured = sorted(
        (name for name, found in classes.items() if found.role in _ROLES),
        key=lambda name: _order(name, classes[name]),
    )
    one_each = {_place(classes[name]): name for name in reversed(measured)}
    chosen = [name for name in measured if one_each[_place(classes[name])] == name]
    if chosen:
        return chosen[:MOST_HEADLINES]
    return sorted(name for name, found in classes.items() if found.role is Role.OTHER)[
        :_MOST_OTHERS
    ]


def headlines(latest: Mapping[str, LoggedPoint]) -> list[HeadlineValue]:
    found = []
    for name in headline_names(latest):
        value, known = finite(latest[name].value), classify(name)
        found.append(
            HeadlineValue(
                name=name,
                value=value.value,
                not_finite=value.not_finite,
                role=known.role,
                split=known.split,
                direction=known.direction,
            )
        )
    return found


def has_headlines(names: Iterable[str]) -> bool:
    """Whether one of the metrics is a measure of quality."""
    return any(classify(name).role in _ROLES for name in names)


def _order(name: str, found: MetricClass) -> tuple[object, ...]:
    is_part = found.measure != found.group
    return (
        *(_ROLES.index(found.role), is_part, found.measure, _SPLITS.index(found.split)),
        # train_loss comes before train_loss_epoch.
        *(len(name), name),
    )


def _place(found: MetricClass) -> tuple[object, ...]:
    return found.role, found.measure, found.split
