"""Evaluates one rule on one metric of one run over all points that MLflow has."""

import time
from collections import deque

from api.alerts.episodes import Episode, episodes
from api.alerts.live_series import MAX_BUFFERED
from api.alerts.records import RuleInstance
from api.alerts.replay import samples
from api.alerts.state_machine import Evaluation, evaluate_all
from api.runs.reader import RunReader
from api.runs.workspaces import within

NUM_BETWEEN_PAUSES = 32


def evaluate_whole(
    reader: RunReader, instance: RuleInstance
) -> tuple[list[Episode], list[Evaluation]]:
    """The alerts of the series, and its newest evaluations.

    Runs in a thread; a long series may take minutes.
    """
    with within(instance.workspace):
        history = {instance.metric: reader.metrics.series(instance.run_id, instance.metric)}
        if (support := instance.rule.support_of(instance.metric)) is not None:
            history[support] = reader.metrics.series(instance.run_id, support)
    logged = samples(instance.rule, instance.metric, history)
    changes, newest = [], deque[Evaluation](maxlen=MAX_BUFFERED)
    evaluations = evaluate_all(instance.rule.condition, instance.rule.patience, logged)
    for number, evaluation in enumerate(evaluations):
        newest.append(evaluation)
        if evaluation.is_change:
            changes.append(evaluation)
        if number % NUM_BETWEEN_PAUSES == 0:
            # Otherwise the interpreter makes the event loop's thread wait 5 ms each time.
            time.sleep(0)
    return episodes(changes), list(newest)
