"""Decides which alerts the end of their run closes.

An alert about the training, such as a slow data loader, concerns nobody once the training is over.
An alert about the model, such as a sensitivity below its floor, concerns everybody who might use the
model of a run that completed or was stopped: it stays open until somebody acknowledges it there.
"""

from collections.abc import Mapping

from api.alerts.builtin import TRAINING_RULES
from api.runs.run_over import RunEnd
from tracking_plugin.names import SYSTEM_METRIC_PREFIX

REASONS: Mapping[RunEnd, str] = {
    RunEnd.COMPLETED: "The run has completed",
    RunEnd.STOPPED: "The run was stopped",
    RunEnd.FAILED: "The run has failed",
    RunEnd.DELETED: "The run was deleted",
}

_LEAVES_NO_MODEL = (RunEnd.FAILED, RunEnd.DELETED)
_OF_TRAINING = ("train/", SYSTEM_METRIC_PREFIX)


def is_closed_by(how: RunEnd, *, rule: str, metric: str) -> bool:
    """Whether an open alert of this rule and metric is closed when its run ends as `how`."""
    is_about_training = rule in TRAINING_RULES or metric.startswith(_OF_TRAINING)
    return is_about_training or how in _LEAVES_NO_MODEL
