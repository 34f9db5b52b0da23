"""A rule on a real training with two ranks: its alert on the socket, its pause, and a person's resume."""

import json
from pathlib import Path
from typing import Any

from websockets.sync.client import connect

from tests.api.jobs.trainings import DEADLINE_S, trainings
from tests.waiting import until
from tracking_plugin.ray_head import LocalHead

RULES = """\
rules:
  - name: untrained
    metric: val/accuracy
    below: 1.0
    for: 2
    action: pause
"""


def test_a_value_below_its_floor_pauses_the_run_until_a_person_resumes_it(
    tmp_path: Path, head: LocalHead
) -> None:
    (tmp_path / "rules.yaml").write_text(RULES)
    with trainings(tmp_path, head, FOVEA_ALERT_RULES=str(tmp_path / "rules.yaml")) as training:
        with connect(f"{training.server.url.replace('http', 'ws', 1)}/ws") as socket:
            # At this learning rate nothing is learned.
            run_id = training.start(epochs=5000, learning_rate=1e-12)
            alert = next_alert(socket, run_id)
        assert (alert["condition"], alert["state"], alert["epoch"]) == ("untrained", "firing", 2)
        training.wait(run_id, "paused")
        assert training.outcomes(run_id) == [("pause", "done")]
        training.acknowledged("resume", run_id)
        epochs = training.entry(run_id)["current_epoch"]
        until(
            lambda: training.entry(run_id)["current_epoch"] > epochs + 1, "more epochs", DEADLINE_S
        )
        assert training.outcomes(run_id) == [("pause", "done"), ("resume", "done")]
        training.acknowledged("stop", run_id)
        training.wait(run_id, "stopped")


def next_alert(socket: Any, run_id: str) -> dict[str, Any]:
    while True:
        message = json.loads(socket.recv(DEADLINE_S))
        if message["type"] == "critical_alert" and message["run_id"] == run_id:
            return dict(message["alert"])
