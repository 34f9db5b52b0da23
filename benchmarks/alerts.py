"""Measures the cost of alert rules: evaluating them, logging unmatched metrics, listing many alerts.

    .venv/bin/python -m benchmarks.alerts

The same batches of 100 metrics that match no rule are logged alternately to a server with 200 rules and
to one without. The list is read over HTTP from a server on PostgreSQL with 10,000 open alerts.
"""

import time
import uuid
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
from mlflow import MlflowClient
from mlflow.entities import Metric
from sqlalchemy import create_engine, insert

from api.alerts.builtin import BUILTIN_NAMES
from api.alerts.conditions import Bound, Condition, Spike
from api.alerts.metric_pattern import MetricPattern
from api.alerts.rules import Rule, RuleAction
from api.alerts.run_series import RunSeries, WrittenPoints
from api.alerts.samples import Level
from api.alerts.state_machine import AlertState
from api.runs.state import RunState
from api.storage.tables import alerts
from benchmarks.harness.results import interleaved, ms, percentile, print_table, ratios, spread, us
from benchmarks.harness.temporary_folder import temporary_folder
from tests.postgres import postgres_server
from tests.servers import Server, fovea_server
from tracking_plugin.events import LoggedPoint

NUM_RULES = 200
NUM_METRICS = 100
NUM_STEPS = 2000
NUM_ROUNDS = 40
NUM_ALERTS = 10_000
NUM_READS = 50
TARGET_EVALUATION_MS = 1.0
TARGET_LIST_MS = 100.0


def main() -> None:
    print_evaluation()
    with temporary_folder() as folder:
        print_unmatched(folder)
        print_list(folder)


def print_evaluation() -> None:
    """Time the evaluation of one point in a write of NUM_METRICS, without a server."""
    rows = []
    for name, condition in (("a bound", Bound(below=0.0)), ("a spike", Spike())):
        matched = evaluation_times_s(condition, "m0/value")
        rows.append(
            [f"matched by {name}", us(percentile(matched, 50)), us(percentile(matched, 99))]
        )
    unmatched = evaluation_times_s(Bound(below=0.0), "other/value")
    rows.append(["matched by none", us(percentile(unmatched, 50)), us(percentile(unmatched, 99))])
    print_table((f"a point at {NUM_RULES} rules", "p50", "p99"), rows)
    print(f"target: matched below {TARGET_EVALUATION_MS:.0f} ms\n")


def evaluation_times_s(condition: Condition, metric: str) -> list[float]:
    rules = [
        Rule(name=f"r{number}", metric=MetricPattern(f"m{number}/*"), condition=condition)
        for number in range(NUM_RULES)
    ]
    run = RunSeries(RunState(run_id=uuid.uuid4().hex), None, rules)
    for series in run.series_of(metric):
        series.restart([])
    times_s = []
    for step in range(1, NUM_STEPS):
        points = [point(metric, step), *(point(f"x/{n}", step) for n in range(NUM_METRICS - 1))]
        began_s = time.perf_counter()
        written = WrittenPoints.of(points)
        for series in [series for name in written.metrics for series in run.series_of(name)]:
            series.apply(written.samples(series.instance) or [])
        times_s.append(time.perf_counter() - began_s)
    return times_s


def point(name: str, step: int) -> LoggedPoint:
    return LoggedPoint(name=name, value=1.0 + step % 7, step=step, timestamp_ms=step)


def print_unmatched(folder: Path) -> None:
    with ExitStack() as stack:
        writers = {}
        for name, text in (("no rules", "rules: []\n"), (f"{NUM_RULES} rules", many_rules())):
            path = folder / f"{name}.yaml"
            path.write_text(text + f"without: [{', '.join(sorted(BUILTIN_NAMES))}]\n")
            server = stack.enter_context(
                fovea_server(folder / name, environment={"FOVEA_ALERT_RULES": str(path)})
            )
            writers[name] = batches(server)
        times_s: dict[str, list[float]] = {name: [] for name in writers}
        for name in interleaved(list(writers), NUM_ROUNDS):
            times_s[name].append(writers[name]())
    none, many = times_s.values()
    rows = [
        [name, ms(percentile(times, 50)), ms(percentile(times, 99))]
        for name, times in times_s.items()
    ]
    print_table((f"log_batch of {NUM_METRICS} metrics that match no rule", "p50", "p99"), rows)
    print(f"with rules / without, round by round: {spread(ratios(many, none))}\n")


def many_rules() -> str:
    return "rules:\n" + "".join(
        f"  - name: r{number}\n    metric: m{number}/*\n    below: 0\n"
        for number in range(NUM_RULES)
    )


def batches(server: Server) -> Callable[[], float]:
    """A function that logs some batches and returns the median seconds of one."""
    client = MlflowClient(server.url)
    run_id = client.create_run("0").info.run_id
    step = 0

    def log() -> float:
        nonlocal step
        times_s = []
        for _ in range(10):
            step += 1
            metrics = [Metric(f"x/{n}", step, step, step) for n in range(NUM_METRICS)]
            began_s = time.perf_counter()
            client.log_batch(run_id, metrics)
            times_s.append(time.perf_counter() - began_s)
        return percentile(times_s, 50)

    log()
    return log


def print_list(folder: Path) -> None:
    rows = []
    with postgres_server(folder / "postgres") as postgres:
        uri = postgres.new_database()
        options = ("--", "--backend-store-uri", uri)
        with (
            fovea_server(folder / "listing", *options) as server,
            httpx.Client(base_url=server.url, timeout=60) as client,
        ):
            fill(uri)
            for address in (
                "/api/alerts",
                "/api/alerts?limit=1000",
                f"/api/alerts?offset={NUM_ALERTS - 100}",
                "/api/alerts?state=firing&level=critical&acknowledged=false",
                "/api/alerts/critical",
            ):
                times_s = [read(client, address) for _ in range(NUM_READS)]
                rows.append([address, ms(percentile(times_s, 50)), ms(percentile(times_s, 99))])
    print_table((f"a page of {NUM_ALERTS:,} open alerts", "p50", "p99"), rows)
    print(f"target: below {TARGET_LIST_MS:.0f} ms")


def read(client: httpx.Client, address: str) -> float:
    began_s = time.perf_counter()
    response = client.get(address)
    seconds = time.perf_counter() - began_s
    assert response.is_success, response.text
    assert response.json(), "expected alerts"
    return seconds


def fill(uri: str) -> None:
    engine = create_engine(uri)
    with engine.begin() as connection:
        connection.execute(insert(alerts), [row(number) for number in range(NUM_ALERTS)])
    engine.dispose()


def row(number: int) -> dict[str, Any]:
    return {
        "alert_id": uuid.uuid4().hex,
        "run_id": uuid.uuid5(uuid.NAMESPACE_OID, str(number // 10)).hex,
        "workspace": None,
        "rule": "RAO",
        "metric": "critical/RAO",
        "began_step": number,
        "state": AlertState.FIRING,
        "level": Level.CRITICAL if number % 2 else Level.WARNING,
        "step": number,
        "value": "0.8",
        "threshold": 0.99,
        "support": 15,
        "interval_low": 0.548,
        "interval_high": 0.93,
        "is_insufficient": True,
        "epoch": 1,
        "batch": None,
        "recommendation": "Do not use this model where RAO must not be missed",
        "action": RuleAction.NONE,
        "began_ms": 1_800_000_000_000 + number,
        "changed_ms": 1_800_000_000_000 + number,
        "acknowledged_by": None,
        "acknowledged_ms": None,
        "note": "",
    }


if __name__ == "__main__":
    main()
