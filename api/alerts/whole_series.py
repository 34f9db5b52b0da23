"""One rule on one metric of one run, evaluated over all that MLflow has of it."""

import time
from collections import deque

from api.alerts.episodes import Episode, episodes
from api.alerts.live_series import MOST_WAITING
from api.alerts.records import RuleInstance
from api.alerts.replay import samples
from api.alerts.state_machine import Evaluation, evaluate_all
from api.runs.reader import RunReader
from api.runs.workspaces import within

NUM_BETWEEN_PAUSES = 32


def evaluate_whole(
    reader: RunReader, watch: RuleInstance
) -> tuple[list[Episode], list[Evaluation]]:
    """The alerts of the series, and the newest evaluations of it; for a thread, which may take minutes."""
    with within(watch.workspace):
        history = {watch.metric: reader.metrics.series(watch.run_id, watch.metric)}
        if (support := watch.rule.support_of(watch.metric)) is not None:
            history[support] = reader.metrics.series(watch.run_id, support)
    logged = samples(watch.rule, watch.metric, history)
    changes, newest = [], deque[Evaluation](maxlen=MOST_WAITING)
    evaluations = evaluate_all(watch.rule.condition, watch.rule.patience, logged)
    for number, evaluation in enumerate(evaluations):
        newest.append(evaluation)
        if evaluation.is_change:
            changes.append(evaluation)
        if number % NUM_BETWEEN_PAUSES == 0:
            # Otherwise the interpreter lets the server's own thread wait for 5 ms at a time.
            time.sleep(0)
    return episodes(changes), list(newest)
