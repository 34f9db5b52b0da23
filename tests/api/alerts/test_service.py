"""Alerts of a real server, from logged metrics to the socket, the database, the tag and the run."""

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from mlflow import MlflowClient
from mlflow.entities import Metric
from websockets.sync.client import ClientConnection, connect

from tests.api.control.loops import acknowledging_loop, outcomes, post, until_status
from tests.postgres import Postgres
from tests.servers import Server, fovea_server
from tests.valkey import valkey_server
from tests.waiting import until

DEADLINE_S = 60.0
RULES = """\
rules:
  - name: overfit
    metric: val/loss
    above: 2
    action: pause
    recommendation: "Lower the learning rate"
  - name: blind
    metric: per_class/*
    support: n/*
    below: 0.5
    for: 2
"""


@pytest.fixture(scope="module")
def rules(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("rules") / "rules.yaml"
    path.write_text(RULES)
    return path


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, rules: Path) -> Iterator[Server]:
    environment = {"FOVEA_ALERT_RULES": str(rules)}
    with fovea_server(tmp_path_factory.mktemp("alerts") / "data", environment=environment) as it:
        yield it


class Run:
    """A run that MLflow's client logs."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.mlflow = MlflowClient(url)
        self.run_id: str = self.mlflow.create_run("0").info.run_id

    def log(self, step: int, **values: float) -> None:
        """`critical__RAO` stands for critical/RAO."""
        now_ms = int(time.time() * 1000)
        self.mlflow.log_batch(
            self.run_id,
            [Metric(name.replace("__", "/"), it, now_ms, step) for name, it in values.items()],
        )

    def alerts(self, **wanted: object) -> list[dict[str, Any]]:
        """Newest change first."""
        return get(f"{self.url}/api/alerts", run_id=self.run_id, **wanted)

    def until_alerts(self, *expected: tuple[str, str, str]) -> None:
        """Wait for alerts with these conditions, states and levels."""

        def are_listed() -> bool:
            shown = ((it["condition"], it["state"], it["level"]) for it in self.alerts())
            return sorted(shown) == sorted(expected)

        until(are_listed, f"{expected} instead of {self.alerts()}", DEADLINE_S)

    def timeline(self) -> list[tuple[str, str, int]]:
        """Oldest first."""
        lines = get(f"{self.url}/api/alerts/timeline", run_id=self.run_id, limit=1000)
        return [(line["condition"], line["kind"], line["step"]) for line in reversed(lines)]

    @property
    def tag(self) -> str | None:
        return self.mlflow.get_run(self.run_id).data.tags.get("fovea.alert")


def get(url: str, **query: Any) -> list[dict[str, Any]]:
    response = httpx.get(url, params=query, timeout=DEADLINE_S)
    assert response.status_code == 200, response.text
    listed: list[dict[str, Any]] = response.json()
    return listed


@contextmanager
def watching(run: Run) -> Iterator[ClientConnection]:
    url = f"{run.url.replace('http', 'ws', 1)}/ws?run_id={run.run_id}"
    with connect(url, compression=None) as socket:
        socket.recv(DEADLINE_S)
        yield socket


def next_alert(socket: ClientConnection) -> dict[str, Any]:
    while True:
        message = json.loads(socket.recv(DEADLINE_S))
        if message["type"] == "critical_alert":
            alert: dict[str, Any] = message["alert"]
            return alert


def test_a_condition_below_its_floor_is_on_the_socket_in_the_tag_and_in_the_api(
    server: Server,
) -> None:
    run = Run(server.url)
    with watching(run) as socket:
        run.log(10, critical__RAO=0.8, critical_support__RAO=15)
        fired = next_alert(socket)
        assert (fired["condition"], fired["state"], fired["level"]) == ("RAO", "firing", "critical")
        assert (fired["current_value"], fired["threshold"], fired["step"]) == (0.8, 0.99, 10)
        assert (fired["support"], fired["insufficient_evidence"]) == (15, True)
        assert fired["confidence_interval"] == pytest.approx([0.548, 0.930], abs=1e-3)
        until(lambda: run.tag == "critical", "the tag")
        run.log(20, critical__RAO=0.95, critical_support__RAO=20)
        run.log(30, critical__RAO=1.0, critical_support__RAO=20)
        assert next_alert(socket)["level"] == "warning"
        until(lambda: run.tag == "warning", "the tag")
        run.log(40, critical__RAO=1.0, critical_support__RAO=20)
        resolved = next_alert(socket)
        assert (resolved["alert_id"], resolved["state"]) == (fired["alert_id"], "resolved")
        until(lambda: run.tag is None, "no tag")
    assert [it["alert_id"] for it in run.alerts()] == [fired["alert_id"]]
    assert run.timeline() == [("RAO", "fired", 10), ("RAO", "lowered", 30), ("RAO", "resolved", 40)]


def test_mlflow_finds_a_run_by_its_alert(server: Server) -> None:
    run = Run(server.url)
    run.log(1, train__loss=float("nan"))
    run.until_alerts(("loss_not_finite", "firing", "critical"))
    until(lambda: run.tag == "critical", "the tag")
    found = run.mlflow.search_runs(["0"], "tags.`fovea.alert` = 'critical'")
    assert run.run_id in [it.info.run_id for it in found]
    assert run.alerts()[0]["current_value"] is None
    assert run.alerts()[0]["not_finite"] == "NaN"


def test_a_wildcard_makes_a_rule_for_each_metric_and_counts_evaluations(server: Server) -> None:
    run = Run(server.url)
    run.log(1, per_class__A=0.1, n__A=9, per_class__B=0.1, n__B=9, per_class__C=0.1, n__C=0)
    run.log(2, per_class__A=0.1, n__A=9, per_class__B=0.9, n__B=9, per_class__C=0.1, n__C=0)
    run.until_alerts(("blind", "firing", "critical"))
    assert run.alerts()[0]["metric"] == "per_class/A"


def test_a_number_of_cases_that_arrives_later_withdraws_the_alert(server: Server) -> None:
    run = Run(server.url)
    run.log(5, critical__CNV=0.0)
    run.until_alerts(("CNV", "firing", "critical"))
    assert run.alerts()[0]["insufficient_evidence"] is True
    run.log(5, critical_support__CNV=0)
    run.until_alerts(("CNV", "resolved", "critical"))
    assert [kind for _, kind, _ in run.timeline()] == ["fired", "withdrawn"]


def test_points_may_be_out_of_order_repeated_and_an_hour_late(server: Server) -> None:
    run = Run(server.url)
    for step in (30, 10, 10, 30):
        run.log(step, critical__RVO=0.96, critical_support__RVO=99)
    hour_ago_ms = int(time.time() * 1000) - 3_600_000
    run.mlflow.log_metric(run.run_id, "critical_support/RVO", 99, hour_ago_ms, 20)
    run.mlflow.log_metric(run.run_id, "critical/RVO", 0.5, hour_ago_ms, 20)
    run.until_alerts(("RVO", "firing", "critical"))
    run.log(40, critical__RVO=0.99, critical_support__RVO=99)
    run.log(50, critical__RVO=0.99, critical_support__RVO=99)
    run.until_alerts(("RVO", "resolved", "warning"))
    assert [it["first_step"] for it in run.alerts()] == [10]


def test_a_rule_pauses_a_run_and_a_person_overrules_it(server: Server) -> None:
    run = Run(server.url)
    with acknowledging_loop(server.url, run.run_id):
        run.log(1, val__loss=2.1)
        until_status(server.url, run.run_id, "paused")
        [line] = get(f"{server.url}/api/training/{run.run_id}/commands")
        assert (line["who"], line["outcome"]) == ("rule overfit", "done")
        assert post(server.url, "resume", run.run_id, timeout_s=DEADLINE_S).json()["acknowledged"]
        run.log(2, val__loss=2.1)
        run.log(3, val__loss=9.0)
        until(lambda: ("overfit", "raised", 3) in run.timeline(), "the raised level is recorded")
        assert outcomes(server.url, run.run_id) == [("pause", "done"), ("resume", "done")]
    assert [kind for _, kind, _ in run.timeline()] == ["fired", "acted", "raised"]


def test_an_action_that_fails_is_recorded(server: Server) -> None:
    run = Run(server.url)
    run.log(1, val__loss=3.0)
    until(lambda: ("overfit", "acted", 1) in run.timeline(), "the attempt is recorded")
    newest = get(f"{server.url}/api/alerts/timeline", run_id=run.run_id, limit=1)[0]
    assert newest["note"].startswith("Could not pause the run: ")


def test_an_alert_is_acknowledged_once(server: Server) -> None:
    run = Run(server.url)
    run.log(1, train__loss=float("inf"))
    run.until_alerts(("loss_not_finite", "firing", "critical"))
    alert_id = run.alerts()[0]["alert_id"]
    url = f"{server.url}/api/alerts/acknowledge/{alert_id}"
    with watching(run) as socket:
        assert httpx.post(url, json={"note": "on it"}).json()["acknowledged_by"] == "anonymous"
        # The message that it fired may still be on its way.
        while next_alert(socket)["note"] != "on it":
            pass
    again = httpx.post(url)
    assert (again.status_code, again.json()["error_code"]) == (409, "CONFLICT")
    assert run.alerts(acknowledged="false") == []
    assert run.alerts(acknowledged="true", level="critical", state="firing")[0]["note"] == "on it"
    assert httpx.get(f"{server.url}/api/alerts/{alert_id}").json()["alert_id"] == alert_id
    critical = get(f"{server.url}/api/alerts/critical", run_id=run.run_id)
    assert [it["alert_id"] for it in critical] == [alert_id]


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("POST", "acknowledge/nobody", 404),
        ("GET", "nobody", 404),
        ("GET", "timeline?run_id=nobody", 404),
        ("GET", "?level=high", 422),
        ("GET", "?limit=0", 422),
        ("GET", "?state=burning", 422),
    ],
)
def test_unknown_alerts_and_bad_queries_are_refused(
    server: Server, method: str, path: str, status: int
) -> None:
    url = f"{server.url}/api/alerts{'' if path.startswith('?') else '/'}{path}"
    response = httpx.request(method, url)
    assert response.status_code == status
    assert {"error", "error_code", "details", "timestamp", "request_id"} <= response.json().keys()


def test_a_note_that_is_too_long_is_refused(server: Server) -> None:
    response = httpx.post(f"{server.url}/api/alerts/acknowledge/nobody", json={"note": "n" * 2001})
    assert response.status_code == 422


def test_a_killed_server_misses_no_alert_and_repeats_none(tmp_path: Path, rules: Path) -> None:
    environment = {"FOVEA_ALERT_RULES": str(rules)}
    with fovea_server(tmp_path / "data", environment=environment) as server:
        known, missed, ended = (Run(server.url) for _ in range(3))
        known.log(1, critical__RAO=0.8, critical_support__RAO=15)
        known.until_alerts(("RAO", "firing", "critical"))
        server.kill()
    # As if the server had been killed between MLflow's commit and its own.
    offline = MlflowClient(f"sqlite:///{tmp_path / 'data' / 'mlflow.db'}")
    for run in (missed, ended):
        for name, value in (("critical_support/RAO", 15), ("critical/RAO", 0.95)):
            offline.log_metric(run.run_id, name, value, step=7)
    offline.set_terminated(ended.run_id)
    with fovea_server(tmp_path / "data", environment=environment, port=server.port):
        missed.until_alerts(("RAO", "firing", "warning"))
        ended.until_alerts(("RAO", "firing", "warning"))
        known.until_alerts(("RAO", "firing", "critical"))
        assert known.timeline() == [("RAO", "fired", 1)]
        assert missed.timeline() == ended.timeline() == [("RAO", "fired", 7)]
        until(lambda: missed.tag == ended.tag == "warning", "the tags")


def test_several_servers_on_one_database_find_each_alert_once(
    tmp_path: Path, postgres: Postgres, rules: Path
) -> None:
    options = ("--", "--backend-store-uri", postgres.new_database())
    with valkey_server(tmp_path / "valkey") as bus_url:
        environment = {"FOVEA_BUS_URL": bus_url, "FOVEA_ALERT_RULES": str(rules)}
        with (
            fovea_server(tmp_path / "two", *options, environment=environment) as two,
            fovea_server(tmp_path / "one", *options, environment=environment) as one,
        ):
            run = Run(one.url)
            with connect(f"ws://127.0.0.1:{two.port}/ws", compression=None) as socket:
                for step in range(1, 6):
                    run.log(step, critical__RAO=0.8, critical_support__RAO=15)
                assert next_alert(socket)["run_id"] == run.run_id
            # The other server takes over if this one held the lease.
            two.kill()
            run.log(6, train__loss=float("nan"))
            run.until_alerts(
                ("RAO", "firing", "critical"), ("loss_not_finite", "firing", "critical")
            )
            assert run.timeline() == [("RAO", "fired", 1), ("loss_not_finite", "fired", 6)]


def test_wrong_rules_keep_the_server_from_starting(tmp_path: Path) -> None:
    (tmp_path / "rules.yaml").write_text("rules:\n  - name: RAO\n    below: 0.9\n")
    ended = subprocess.run(
        [str(Path(sys.executable).parent / "fovea"), "serve", "--port", "5998"],
        env={"PATH": "", "FOVEA_ALERT_RULES": str(tmp_path / "rules.yaml")},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=DEADLINE_S,
        check=False,
    )
    assert ended.returncode == 1
    assert "rules.yaml:2: metric: is missing" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_alerts_are_visible_in_their_workspace_only(tmp_path: Path) -> None:
    environment = {"MLFLOW_ENABLE_WORKSPACES": "true"}
    mlflow = "/api/2.0/mlflow"
    with fovea_server(tmp_path / "data", environment=environment) as server:
        httpx.post(f"{server.url}/api/3.0/mlflow/workspaces", json={"name": "radiology"})
        with radiology(server.url) as api:
            experiment = api.post(f"{mlflow}/experiments/create", json={"name": "retinal"}).json()
            created = api.post(f"{mlflow}/runs/create", json={**experiment, "start_time": 1})
            run_id = created.json()["run"]["info"]["run_id"]
            point = {"key": "train/loss", "value": "NaN", "timestamp": 1, "step": 1}
            logged = api.post(f"{mlflow}/runs/log-metric", json={"run_id": run_id, **point})
            assert logged.status_code == 200, logged.text
            until(lambda: api.get("/api/alerts").json(), "the alert", DEADLINE_S)
            alert_id = api.get("/api/alerts").json()[0]["alert_id"]
            timeline = api.get("/api/alerts/timeline", params={"run_id": run_id}).json()
            assert [line["kind"] for line in timeline] == ["fired"]
            # A browser cannot send the header with a handshake.
            address = server.url.replace("http", "ws", 1)
            with connect(f"{address}/ws?workspace=radiology") as socket:
                assert json.loads(socket.recv(DEADLINE_S))["run_id"] == run_id
            with connect(f"{address}/ws") as socket:
                assert json.loads(socket.recv(DEADLINE_S))["run_id"] is None
        assert httpx.get(f"{server.url}/api/alerts").json() == []
        for path in (alert_id, f"timeline?run_id={run_id}"):
            assert httpx.get(f"{server.url}/api/alerts/{path}").status_code == 404
        server.kill()
    with (
        fovea_server(tmp_path / "data", environment=environment) as server,
        radiology(server.url) as api,
    ):
        # The search for missed alerts covers all workspaces.
        assert [it["alert_id"] for it in api.get("/api/alerts").json()] == [alert_id]
        assert "missed alerts failed" not in server.log.read_text()


@contextmanager
def radiology(url: str) -> Iterator[httpx.Client]:
    header = {"X-MLFLOW-WORKSPACE": "radiology"}
    with httpx.Client(base_url=url, headers=header, timeout=DEADLINE_S) as api:
        yield api
