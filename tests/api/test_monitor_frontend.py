"""The unchanged frontend of the monitor against a real server: all its buttons, messages and requests."""

from collections.abc import Iterator, Mapping
from typing import Any

import httpx
import pytest
from mlflow import MlflowClient

from api.client import FoveaClient
from tests.api.client.fake_ray import TrainingServer, training_server
from tests.api.logged_runs import LoggedRun
from tests.api.monitor_frontend import (
    Alert,
    Answer,
    Comparison,
    EpochDetails,
    Metrics,
    Page,
    Point,
    Row,
    SettledAnswer,
    Snapshot,
    SystemStats,
    TrainingGpu,
    drawn_conditions,
    open_page,
)
from tests.waiting import DEADLINE_S
from tracking_plugin.names import Param

STEPS_PER_EPOCH = 3
NUM_STEPS = 7
EPOCHS = 4
MACHINE = {
    "system/cpu_utilization_percentage": 45.2,
    "system/system_memory_usage_percentage": 67.8,
    "system/gpu_0_utilization_percentage": 95.2,
    "system/gpu_0_memory_usage_megabytes": 38400.0,
    "system/gpu_0_memory_usage_percentage": 96.0,
    "system/gpu_0_temperature_celsius": 78.0,
}
EVALUATED = {
    "val/auc_roc_macro": 0.91,
    "val/auc_roc_weighted": 0.93,
    "val/f1": 0.82,
    "per_class/Fundus_Normal": 0.95,
    "per_class/OCT_RAO": 0.75,
    "critical/RAO": 0.8,
    "critical_support/RAO": 20.0,
    "critical/CNV": 0.9,
    "critical_support/CNV": 20.0,
    "critical/RVO": 1.0,
    "critical_support/RVO": 20.0,
    # A condition without images has no sensitivity to log.
    "critical_support/Retinal_Detachment": 0.0,
}
CLASS_REPORT = {"support": 4, "precision": 0.75, "recall": 0.75, "f1": 0.75}
EVALUATION: Mapping[str, Any] = {
    "classes": ["Fundus_Normal", "OCT_RAO"],
    "confusion_matrix": [[3, 1], [1, 3]],
    "class_report": {"Fundus_Normal": CLASS_REPORT, "OCT_RAO": CLASS_REPORT},
}


def values_at(step: int) -> dict[str, float]:
    """Log what a training logs at a step: its progress each time, its evaluation once per epoch."""
    values = {
        "train/loss": 1.0 / step,
        "train/accuracy": step / 8,
        "train/learning_rate": 1e-4 / step,
    }
    if step % STEPS_PER_EPOCH == 0:
        values |= {"val/loss": 1.5 / step, "val/accuracy": step / 16, **EVALUATED}
    return values


def curve(metric: str) -> list[tuple[int, int, float]]:
    """Epoch, batch and value of all points of a metric."""
    logged = {step: values_at(step) for step in range(1, NUM_STEPS + 1)}
    return [
        (*epoch_and_batch(step), values[metric])
        for step, values in logged.items()
        if metric in values
    ]


def epoch_and_batch(step: int) -> tuple[int, int]:
    return (step - 1) // STEPS_PER_EPOCH + 1, (step - 1) % STEPS_PER_EPOCH + 1


@pytest.fixture(scope="module")
def trainer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TrainingServer]:
    with training_server(tmp_path_factory.mktemp("monitor")) as trainer:
        trainer.ray.last_step = None
        yield trainer


@pytest.fixture(scope="module")
def page(trainer: TrainingServer) -> Iterator[Page]:
    """Opened before there is any run, and kept open until the server ends."""
    with open_page(trainer.url) as page:
        yield page


@pytest.fixture(scope="module")
def start(page: Page) -> Answer:
    """The response to the start button."""
    return page.press("start")


@pytest.fixture(scope="module")
def run(trainer: TrainingServer, page: Page, start: Answer) -> Iterator[LoggedRun]:
    """The training that the button started: two epochs and a step, still running."""
    page.until_status("training")
    [run_id] = trainer.ray.entrypoints
    run = LoggedRun(MlflowClient(trainer.url), run_id)
    run.client.log_param(run_id, Param.TOTAL_EPOCHS, EPOCHS)
    run.client.log_param(run_id, Param.STEPS_PER_EPOCH, STEPS_PER_EPOCH)
    run.log_named(1, MACHINE)
    for step in range(1, NUM_STEPS + 1):
        log_and_see(page, run, step)
    page.until(lambda store: len(store.alerts) >= 2, "the alerts")
    page.until(lambda store: store.status and store.status.epoch == 3, "the progress's epoch")
    yield run
    with FoveaClient(trainer.url) as client:
        client.stop(run_id, timeout_s=DEADLINE_S)


def log_and_see(page: Page, run: LoggedRun, step: int) -> None:
    run.log_named(step, values_at(step))
    if step % STEPS_PER_EPOCH == 0:
        run.log_evaluation(step // STEPS_PER_EPOCH, EVALUATION)
    page.until(lambda store: len(store.performance.get(("loss", "train"), [])) == step, "the step")


def test_before_any_run_every_field_that_the_page_reads_exists(
    trainer: TrainingServer, page: Page
) -> None:
    """Runs first."""
    assert not trainer.ray.entrypoints, "nothing has been started yet"
    assert (page.store.words, page.store.history) == (["idle"], [])
    assert page.store.metrics is not None
    assert drawn_conditions(page.store.metrics) == {}
    assert page.get("/api/alerts?limit=100", list[Alert]) == []


def test_the_start_button_starts_a_training_without_a_body(
    trainer: TrainingServer, page: Page, start: Answer, run: LoggedRun
) -> None:
    assert (start.status, start.training_status) == ("success", "pending")
    assert "--recipe retinal" in trainer.ray.entrypoints[run.run_id]
    assert page.store.words[:2] == ["idle", "pending"]


def test_the_cards_show_the_newest_values(page: Page, run: LoggedRun) -> None:
    metrics = page.store.metrics
    assert metrics is not None
    assert (metrics.loss.train, metrics.loss.val) == (1 / 7, 1.5 / 6)
    assert (metrics.auc_roc.macro, metrics.auc_roc.weighted) == (0.91, 0.93)
    assert (metrics.f1_score, metrics.learning_rate) == (0.82, 1e-4 / 7)
    assert metrics.per_class == {"Fundus_Normal": 0.95, "OCT_RAO": 0.75}
    assert page.get("/api/metrics/latest", Metrics) == metrics


def test_the_progress_bar_has_its_values(page: Page, run: LoggedRun) -> None:
    status = page.store.status
    assert status is not None
    assert (status.status, status.epoch, status.total_epochs) == ("training", 3, EPOCHS)
    assert (status.batch, status.total_batches) == (1, STEPS_PER_EPOCH)
    # Five steps of a second each remain.
    assert status.eta_seconds == 5.0
    assert status.elapsed_time is not None


def test_the_chart_aligns_the_curves_by_epoch_and_batch(page: Page, run: LoggedRun) -> None:
    rows = page.store.chart()
    assert len(rows) == NUM_STEPS
    assert rows[0] == Row(1, 1, 1.0, None, 1 / 8, None)
    assert rows[2] == Row(1, 3, 1 / 3, 1.5 / 3, 3 / 8, 3 / 16)
    assert rows[-1] == Row(3, 1, 1 / 7, 1.5 / 6, 7 / 8, 6 / 16)


def test_each_condition_gets_its_percentage_and_its_badge(page: Page, run: LoggedRun) -> None:
    metrics = page.store.metrics
    assert metrics is not None
    assert drawn_conditions(metrics) == {
        "RAO": ("80.0%", "destructive"),
        "CNV": ("90.0%", "destructive"),
        "RVO": ("100.0%", "success"),
        "Retinal_Detachment": ("0.0%", "destructive"),
    }
    judged = {name: (it.status, it.threshold) for name, it in metrics.critical_conditions.items()}
    assert judged == {
        "RAO": ("critical", 0.99),
        "CNV": ("warning", 0.98),
        "RVO": ("ok", 0.97),
        "Retinal_Detachment": ("no_data", 0.99),
    }


def test_the_training_machine_is_shown(page: Page, run: LoggedRun) -> None:
    system = page.store.system
    assert system is not None
    assert (system.cpu_usage, system.ram_usage) == (45.2, 67.8)
    assert system.gpu == TrainingGpu(
        usage=95.2, memory_used=38.4, memory_total=40.0, temperature=78.0
    )


def test_the_page_ignores_unknown_messages(page: Page, run: LoggedRun) -> None:
    assert "artifact_update" in page.store.passed_over


def test_a_page_that_is_opened_later_shows_the_same(
    trainer: TrainingServer, page: Page, run: LoggedRun
) -> None:
    with open_page(trainer.url) as late:
        assert late.store.metrics == page.store.metrics
        assert late.store.words == ["training"]
        seen = [
            (snapshot.epoch, snapshot.batch, snapshot.metrics.loss.train)
            for snapshot in late.store.history
        ]
        assert seen == curve("train/loss")


def test_the_history_is_one_snapshot_a_step(page: Page, run: LoggedRun) -> None:
    history = page.get("/api/metrics/history?limit=100", list[Snapshot])
    seen = [(each.epoch, each.batch, each.metrics.loss.train) for each in history]
    assert seen == curve("train/loss")[::-1]


@pytest.mark.parametrize(
    ("short", "names"),
    [
        ("loss", ["train/loss", "val/loss"]),
        ("accuracy", ["train/accuracy", "val/accuracy"]),
        ("auc_roc", ["val/auc_roc_macro", "val/auc_roc_weighted"]),
        ("f1_score", ["val/f1"]),
        ("learning_rate", ["train/learning_rate"]),
    ],
)
def test_a_short_name_returns_its_curves(
    page: Page, run: LoggedRun, short: str, names: list[str]
) -> None:
    points = page.get(f"/api/metrics/performance/{short}?limit=1000", list[Point])
    assert {point.metric for point in points} == set(names)
    for name in names:
        of_name = [(each.epoch, each.batch, each.value) for each in points if each.metric == name]
        assert of_name == curve(name)


def test_epochs_are_listed_and_one_has_its_evaluation(page: Page, run: LoggedRun) -> None:
    listed = page.get("/api/epochs", list[EpochDetails])
    assert [(each.epoch, each.end_time is None) for each in listed] == [
        (3, True),
        (2, False),
        (1, False),
    ]
    one = page.get("/api/epochs/2", EpochDetails)
    assert (one.epoch, one.total_batches, one.duration) == (2, STEPS_PER_EPOCH, 2.0)
    assert one.metrics.accuracy.val == 6 / 16
    assert one.confusion_matrix == EVALUATION["confusion_matrix"]
    assert one.class_report is not None
    assert one.class_report["OCT_RAO"]["recall"] == 0.75


def test_epochs_are_compared_by_the_parts_of_the_metrics(page: Page, run: LoggedRun) -> None:
    compared = page.get("/api/compare/epochs?epochs=1,2&metrics=accuracy,loss", Comparison).epochs
    assert [
        (each.epoch, each.metrics.loss.train, each.metrics.accuracy.val) for each in compared
    ] == [(1, 1 / 3, 3 / 16), (2, 1 / 6, 6 / 16)]
    assert {each.metrics.f1_score for each in compared} == {None}


def test_alerts_reach_the_page_and_are_acknowledged_without_a_body(
    page: Page, run: LoggedRun
) -> None:
    alerts = {alert.condition: alert for alert in page.store.alerts}
    assert {name: alert.level for name, alert in alerts.items()} == {
        "RAO": "critical",
        "CNV": "warning",
    }
    rao = alerts["RAO"]
    assert (rao.current_value, rao.threshold, rao.epoch, rao.batch) == (0.8, 0.99, 1, 3)
    assert rao.recommendation
    listed = page.get("/api/alerts?limit=100", list[Alert])
    assert {alert.alert_id for alert in listed} == {alert.alert_id for alert in alerts.values()}
    assert page.get("/api/alerts/critical", list[Alert]) == [rao]
    answer = page.post(f"/api/alerts/acknowledge/{rao.alert_id}")
    assert answer.status_code == 200, answer.text
    assert Alert.model_validate_json(answer.content) == rao
    assert answer.json()["acknowledged_by"]


def test_the_server_machine_is_measured(page: Page) -> None:
    stats = page.get("/api/stats", SystemStats)
    assert 0 <= stats.cpu.usage_percent <= 100
    assert stats.memory.total >= stats.memory.available > 0


def test_the_server_reports_its_health(trainer: TrainingServer) -> None:
    """At its own address, and at the one that the scripts of the monitor use."""
    for path in ("/api/health", "/health"):
        answer = httpx.get(f"{trainer.url}{path}", timeout=DEADLINE_S)
        assert (answer.status_code, "ok" in answer.text.lower()) == (200, True)


def test_the_other_buttons_take_effect_and_their_result_is_shown(
    page: Page, run: LoggedRun
) -> None:
    """Runs last: it ends the run that the other tests use."""
    for button, word in (("pause", "paused"), ("resume", "training")):
        answer = page.press(button, SettledAnswer)
        assert (answer.status, answer.training_status) == ("success", word)
        page.until_status(word)
    assert page.press("stop").status == "success"
    page.until_status("stopped")
    # A run that has ended refuses with JSON, so that the page continues and sees no success.
    refused = page.post("/api/training/resume")
    assert (refused.status_code, refused.json().get("status")) == (409, None)
