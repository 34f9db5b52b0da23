"""Runs that should be heard of and are not: told once for each silence, and taken back by a sign of life."""

from pathlib import Path

import pytest

from tests.api.alerts.test_service import Run
from tests.api.control.loops import raw_loop
from tests.servers import fovea_server
from tests.waiting import until

SILENT = ("run_silent", "firing", "warning")
HEARD = ("run_silent", "resolved", "warning")
QUICK = {"FOVEA_SILENT_AFTER_S": "3"}


@pytest.mark.timeout(400)
def test_a_run_that_logs_nothing_any_more_is_told_once_over_restarts_until_it_logs_again(
    tmp_path: Path,
) -> None:
    with fovea_server(tmp_path / "data", environment=QUICK) as server:
        run, quiet, ended = (Run(server.url) for _ in range(3))
        run.log(7, anything=1.0)
        ended.log(1, anything=1.0)
        ended.mlflow.set_terminated(ended.run_id)
        run.until_alerts(SILENT)
        (alert,) = run.alerts()
        assert "the run has shown no sign of life for" in alert["message"]
        assert "since step 7" in alert["message"]
        assert (alert["step"], alert["first_step"], alert["threshold"]) == (7, 7, 3.0)
        until(lambda: run.tag == "warning", "the tag")
        quiet.until_alerts(SILENT)
        assert ended.alerts() == []
        server.kill()
    with fovea_server(tmp_path / "data", environment=QUICK, port=server.port):
        later = Run(server.url)
        later.log(1, anything=1.0)
        later.until_alerts(SILENT)
        run.until_alerts(SILENT)
        run.log(8, anything=1.0)
        run.until_alerts(HEARD, SILENT)
        later.mlflow.set_terminated(later.run_id, "FAILED")
        later.until_alerts(HEARD)
        kinds = [(kind, step) for _, kind, step in run.timeline()]
        assert kinds == [("fired", 7), ("resolved", 7), ("fired", 8)]


def test_a_run_that_listens_is_silent_without_its_heartbeats(tmp_path: Path) -> None:
    with fovea_server(tmp_path / "data") as server:
        run = Run(server.url)
        run.log(5, anything=1.0)
        with raw_loop(server.url, run.run_id) as loop:
            loop.command()
            loop.report("running", step=5)
        # Three heartbeats, and a look.
        run.until_alerts(SILENT)
        with raw_loop(server.url, run.run_id) as loop:
            loop.command()
            loop.report("running", step=5)
            run.until_alerts(HEARD)


def test_a_file_of_rules_may_do_without(tmp_path: Path) -> None:
    (tmp_path / "rules.yaml").write_text("without: [run_silent]\n")
    settings = {**QUICK, "FOVEA_ALERT_RULES": str(tmp_path / "rules.yaml")}
    with fovea_server(tmp_path / "data", environment=settings) as server:
        run = Run(server.url)
        run.log(7, anything=1.0)
        run.log(8, train__loss=float("nan"))
        run.until_alerts(("loss_not_finite", "firing", "critical"))
