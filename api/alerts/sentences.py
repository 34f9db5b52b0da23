"""The sentences of alerts: as codes, which pages word in their language, and in English."""

import math
from enum import StrEnum

from api.alerts.builtin import HEALTH, SILENCE, SILENCE_RECOMMENDATION, missed_condition
from api.alerts.records import Alert
from api.alerts.state_machine import AlertState


class MessageCode(StrEnum):
    """The statement of an alert's message about its value; the values are fields of the alert."""

    BELOW = "below"
    """`current_value` of `metric` at `step` is below `threshold`."""
    ABOVE = "above"
    STILL_AT = "still_at"
    """It is exactly at the threshold."""
    MEASURED = "measured"
    """There is no threshold, or the value is NaN."""
    NO_LONGER = "no_longer"
    """The value is no longer an alert."""
    SILENT = "silent"
    """The run has shown no sign of life for `current_value` seconds, since `step`."""
    NO_LONGER_SILENT = "no_longer_silent"


class RecommendationCode(StrEnum):
    """The recommendation of a built-in rule."""

    LOSS_NOT_FINITE = "loss_not_finite"
    LOSS_SPIKE = "loss_spike"
    LOSS_PLATEAU = "loss_plateau"
    DATA_STARVATION = "data_starvation"
    GPU_TOO_HOT = "gpu_too_hot"
    THROUGHPUT_DROP = "throughput_drop"
    RUN_SILENT = "run_silent"
    MISSED_CONDITION = "missed_condition"
    """Not to use the model where a missed `condition` would do harm."""


_OF_RULE = {rule.name: rule.recommendation for rule in HEALTH} | {SILENCE: SILENCE_RECOMMENDATION}


def message_code(alert: Alert) -> MessageCode:
    is_firing = alert.state is AlertState.FIRING
    if alert.is_silence:
        return MessageCode.SILENT if is_firing else MessageCode.NO_LONGER_SILENT
    if not is_firing:
        return MessageCode.NO_LONGER
    if alert.threshold is None or math.isnan(alert.value):
        return MessageCode.MEASURED
    if alert.value == alert.threshold:
        return MessageCode.STILL_AT
    return MessageCode.BELOW if alert.value < alert.threshold else MessageCode.ABOVE


def recommendation_code(alert: Alert) -> RecommendationCode | None:
    """None for the recommendation of a rules file, which has only its own words."""
    if alert.recommendation == "":
        return None
    if _OF_RULE.get(alert.rule) == alert.recommendation:
        return RecommendationCode(alert.rule)
    if missed_condition(alert.rule) == alert.recommendation:
        return RecommendationCode.MISSED_CONDITION
    return None


def alert_message(alert: Alert) -> str:
    """A sentence on the value, the threshold and the evidence."""
    code = message_code(alert)
    if code is MessageCode.SILENT:
        return f"the run has shown no sign of life for {alert.value:.0f} s, since step {alert.step}"
    if code is MessageCode.NO_LONGER_SILENT:
        return "the run shows signs of life again, or has ended"
    text = f"{alert.metric} is {alert.value:.4g} at step {alert.step}"
    if code is MessageCode.NO_LONGER:
        text += ": no longer an alert"
    elif code is not MessageCode.MEASURED:
        text += f", {code.replace('_', ' ')} {alert.threshold:.4g}"
    if alert.interval is not None:
        low, high = alert.interval
        text += f" ({alert.support} cases, 95% interval {low:.3f} to {high:.3f})"
    return text
