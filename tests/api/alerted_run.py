"""A run with alerts on a real server, for tests that list and acknowledge alerts."""

from dataclasses import dataclass

from mlflow import MlflowClient

from api.client import FoveaClient
from tests.waiting import until


@dataclass(frozen=True)
class AlertedRun:
    """`alert_id` is the open, critical alert on RAO; the alert on CNV is resolved."""

    run_id: str
    alert_id: str


def alerted_run(url: str, run_name: str = "alerted") -> AlertedRun:
    client = MlflowClient(url)
    run_id: str = client.create_run("0", run_name=run_name).info.run_id
    for step, sensitivity in enumerate([0.8, 1.0, 1.0], 1):
        for condition, value in (("RAO", 0.8), ("CNV", sensitivity)):
            client.log_metric(run_id, f"critical_support/{condition}", 20, step=step)
            client.log_metric(run_id, f"critical/{condition}", value, step=step)

    def open_alert() -> str | None:
        with FoveaClient(url) as fovea:
            found = {it.condition: it for it in fovea.alerts(run_id=run_id).entries}
        is_there = found.keys() == {"RAO", "CNV"} and found["CNV"].state == "resolved"
        return found["RAO"].alert_id if is_there else None

    return AlertedRun(run_id, until(open_alert, "the alerts"))
