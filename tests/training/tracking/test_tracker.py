"""Everything that a tracker logs reaches MLflow once and in order, despite failures."""

import json
import math
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from mlflow import MlflowClient

from tests.ports import free_port
from tests.proxy import Fault, FlakyHttpProxy
from tests.training.tracking_server import TrackingServer
from tests.waiting import until
from training.errors import TrackingError
from training.tracking.pacing import RetryPolicy
from training.tracking.tracker import MlflowTracker, deliver

SHORT_DELAYS = RetryPolicy(first_delay_s=0.02, max_delay_s=0.2, urgent_delay_s=0.2)
REPOSITORY = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TrackingServer]:
    server = TrackingServer(tmp_path_factory.mktemp("server")).start()
    yield server
    server.stop()


@pytest.fixture
def run_id(server: TrackingServer) -> str:
    return server.new_run()


@pytest.fixture
def spool_dir(tmp_path: Path) -> Path:
    return tmp_path / "spool"


@pytest.fixture
def tracker(server: TrackingServer, run_id: str, spool_dir: Path) -> MlflowTracker:
    return tracker_at(server.uri, run_id, spool_dir)


def tracker_at(uri: str, run_id: str, spool_dir: Path) -> MlflowTracker:
    return MlflowTracker(run_id=run_id, tracking_uri=uri, spool_dir=spool_dir, retry=SHORT_DELAYS)


def steps(client: MlflowClient, run_id: str, key: str) -> list[int]:
    """The steps of a metric, in the order in which MLflow stored them."""
    return [point.step for point in client.get_metric_history(run_id, key)]


def artifacts(client: MlflowClient, run_id: str, folder: str = "") -> list[str]:
    return [file.path for file in client.list_artifacts(run_id, folder or None)]


def test_everything_that_is_logged_arrives_and_the_spool_is_removed(
    server: TrackingServer, run_id: str, spool_dir: Path, tracker: MlflowTracker, tmp_path: Path
) -> None:
    (tmp_path / "notes.md").write_text("notes")
    tracker.log_params({f"param{number}": str(number) for number in range(150)})
    tracker.set_tags({"fovea.status": "training"})
    for step in range(300):
        tracker.log_metrics({"train/loss": 1 / (step + 1), "train/accuracy": step}, step)
    tracker.log_json({"classes": ["a"]}, "epochs/0001/evaluation.json")
    tracker.log_text("hello", "hello.txt")
    tracker.log_artifact(tmp_path / "notes.md", "docs/readme.md")
    (tmp_path / "notes.md").write_text("changed after it was logged")
    tracker.set_tags({"fovea.status": "completed"})
    tracker.close(timeout_s=30)

    client = server.client
    history = client.get_metric_history(run_id, "train/loss")
    assert [(point.step, point.value) for point in history] == [
        (step, 1 / (step + 1)) for step in range(300)
    ]
    run = client.get_run(run_id)
    assert len(run.data.params) == 150
    assert run.data.tags["fovea.status"] == "completed"
    evaluation = client.download_artifacts(run_id, "epochs/0001/evaluation.json", str(tmp_path))
    assert json.loads(Path(evaluation).read_text()) == {"classes": ["a"]}
    copied = client.download_artifacts(run_id, "docs/readme.md", str(tmp_path))
    assert Path(copied).read_text() == "notes"
    assert "hello.txt" in artifacts(client, run_id)
    assert not spool_dir.exists()


def test_an_image_is_stored_as_mlflows_client_stores_it(
    server: TrackingServer, run_id: str, tracker: MlflowTracker, tmp_path: Path
) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (300, 500, 3), dtype=np.uint8)
    tracker.log_image(pixels, "val/confusion_matrix", step=7)
    tracker.close(timeout_s=30)
    server.client.log_image(run_id, pixels, key="val/confusion_matrix", step=8)

    ours, mlflows = (
        sorted(path for path in artifacts(server.client, run_id, "images") if f"+{step}+" in path)
        for step in (7, 8)
    )
    assert [_shape(path) for path in ours] == [_shape(path) for path in mlflows]
    assert server.client.get_run(run_id).data.tags["mlflow.loggedImages"] == "True"


def _shape(path: str) -> tuple[str, int, str]:
    """The parts of the name that two images of a key have in common."""
    parts = path.split("+")
    return parts[0], len(parts), Path(path).suffix


def test_nan_and_infinity_arrive(
    server: TrackingServer, run_id: str, tracker: MlflowTracker
) -> None:
    for step, value in enumerate((math.nan, math.inf, -math.inf, 1.0)):
        tracker.log_metrics({"loss": value}, step)
    tracker.close(timeout_s=30)
    server.client.log_metric(run_id, "mlflows", math.inf)

    values = [point.value for point in server.client.get_metric_history(run_id, "loss")]
    [infinity] = [point.value for point in server.client.get_metric_history(run_id, "mlflows")]
    assert math.isnan(values[0])
    # MLflow's own database has no infinity; it keeps the largest number instead.
    assert values[1:] == [infinity, -infinity, 1.0]


def test_a_refused_record_is_kept_with_its_reason_and_delays_no_other(
    server: TrackingServer,
    run_id: str,
    spool_dir: Path,
    tracker: MlflowTracker,
    caplog: pytest.LogCaptureFixture,
) -> None:
    tracker.log_params({"epochs": "5", "seed": "0"})
    tracker.log_params({"epochs": "6", "workers": "2"})
    for step in range(20):
        tracker.log_metrics({"loss": step, **({"bad|name": 1.0} if step == 9 else {})}, step)
    tracker.close(timeout_s=30)

    run = server.client.get_run(run_id)
    assert run.data.params == {"epochs": "5", "seed": "0", "workers": "2"}
    assert steps(server.client, run_id, "loss") == list(range(20))
    assert run.data.tags["fovea.rejected_records"] == "2"
    rejected = [
        json.loads(line) for line in (spool_dir / "rejected.jsonl").read_text().splitlines()
    ]
    assert [line["record"]["key"] for line in rejected] == ["epochs", "bad|name"]
    assert "Changing param values is not allowed" in rejected[0]["reason"]
    assert "permanently refused 2 records" in caplog.text
    assert tracker.rejected() == 2


def test_everything_arrives_once_although_half_of_the_requests_fail(
    server: TrackingServer, run_id: str, spool_dir: Path
) -> None:
    with FlakyHttpProxy(server.port, seed=3) as proxy:
        tracker = tracker_at(proxy.url, run_id, spool_dir)
        tracker.log_params({"epochs": "5"})
        for step in range(0, 400, 10):
            for substep in range(step, step + 10):
                tracker.log_metrics({"a": substep, "b": -substep}, substep)
            if step % 100 == 0:
                tracker.log_text(str(step), f"texts/{step}.txt")
            tracker.flush(timeout_s=30)
        tracker.close(timeout_s=30)
        assert set(proxy.faults) == set(Fault)

    assert tracker.rejected() == 0
    for key in "ab":
        history = server.client.get_metric_history(run_id, key)
        assert [(point.step, abs(point.value)) for point in history] == [
            (step, step) for step in range(400)
        ]
    assert len(artifacts(server.client, run_id, "texts")) == 4


def test_a_server_that_is_killed_and_restarted_gets_everything(
    server: TrackingServer, run_id: str, spool_dir: Path, tracker: MlflowTracker
) -> None:
    for step in range(200):
        tracker.log_metrics({"loss": step}, step)
        if step == 50:
            tracker.flush(timeout_s=30)
        elif step == 120:
            server.kill()
    with pytest.raises(TrackingError, match="records have not reached the tracking server"):
        tracker.flush(timeout_s=0.5)
    started_without_server = tracker_at(server.uri, run_id, spool_dir.with_name("other"))
    started_without_server.log_metrics({"other": 1.0}, 1)
    server.start()
    for step in range(200, 250):
        tracker.log_metrics({"loss": step}, step)
    tracker.close(timeout_s=30)
    started_without_server.close(timeout_s=30)

    assert steps(server.client, run_id, "loss") == list(range(250))
    assert steps(server.client, run_id, "other") == [1]


LOGS_UNTIL_KILLED = """
import itertools, pathlib, sys
from training.tracking.tracker import MlflowTracker
run_id, uri, folder = sys.argv[1:]
tracker = MlflowTracker(run_id=run_id, tracking_uri=uri, spool_dir=pathlib.Path(folder))
for step in itertools.count():
    tracker.log_metrics({"loss": step, "accuracy": step}, step)
    print(step, flush=True)
"""


def test_a_killed_process_loses_nothing_and_its_successor_repeats_nothing(
    server: TrackingServer, run_id: str, spool_dir: Path
) -> None:
    killed = subprocess.Popen(
        [sys.executable, "-c", LOGS_UNTIL_KILLED, run_id, server.uri, str(spool_dir)],
        cwd=REPOSITORY,
        stdout=subprocess.PIPE,
        text=True,
    )
    until(lambda: len(steps(server.client, run_id, "loss")) > 100, "delivery by the first process")
    killed.send_signal(signal.SIGKILL)
    output, _ = killed.communicate()
    last_step = int(output.rpartition("\n")[0].rpartition("\n")[2])

    successor = tracker_at(server.uri, run_id, spool_dir)
    for step in range(last_step - 50, last_step + 100):
        successor.log_metrics({"loss": -step, "accuracy": -step}, step)
    successor.close(timeout_s=60)

    for key in ("loss", "accuracy"):
        assert steps(server.client, run_id, key) == list(range(last_step + 100))


def test_records_that_a_closed_tracker_could_not_deliver_are_delivered_later(
    server: TrackingServer, run_id: str, spool_dir: Path
) -> None:
    unreachable = "http://127.0.0.1:9"
    tracker = tracker_at(unreachable, run_id, spool_dir)
    tracker.log_metrics({"loss": 1.0}, 1)
    tracker.log_text("hello", "hello.txt")
    with pytest.raises(TrackingError) as refusal:
        tracker.close(timeout_s=0.5)

    assert "2 records have not reached the tracking server within 0.5 s" in str(refusal.value)
    assert f"kept in {spool_dir}; `python -m training deliver --run-id {run_id}`" in str(
        refusal.value
    )
    assert deliver(run_id, server.uri, spool_dir, timeout_s=30) == 2
    assert steps(server.client, run_id, "loss") == [1]
    assert artifacts(server.client, run_id) == ["hello.txt"]
    assert not spool_dir.exists()
    assert deliver(run_id, server.uri, spool_dir, timeout_s=30) == 0


def test_close_returns_at_its_timeout_while_the_server_hangs(spool_dir: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as hanging:
        tracker = tracker_at(f"http://127.0.0.1:{hanging.getsockname()[1]}", "run", spool_dir)
        tracker.log_metrics({"loss": 1.0}, 1)
        began_s = time.monotonic()
        with pytest.raises(TrackingError, match=r"within 0\.5 s"):
            tracker.close(timeout_s=0.5)
        assert time.monotonic() - began_s < 2


def test_flush_fails_at_once_for_a_deleted_run_which_gets_everything_when_restored(
    server: TrackingServer, run_id: str, tracker: MlflowTracker
) -> None:
    tracker.log_metrics({"loss": 1.0}, 1)
    tracker.flush(timeout_s=30)
    server.client.delete_run(run_id)
    tracker.log_metrics({"loss": 2.0}, 2)
    with pytest.raises(TrackingError, match=f"the run {run_id} is deleted; restore it"):
        tracker.flush(timeout_s=300)
    server.client.restore_run(run_id)
    tracker.close(timeout_s=30)

    assert steps(server.client, run_id, "loss") == [1, 2]
    assert tracker.rejected() == 0


def test_a_run_that_does_not_exist_is_an_error(server: TrackingServer, spool_dir: Path) -> None:
    tracker = tracker_at(server.uri, "0" * 32, spool_dir)
    tracker.log_metrics({"loss": 1.0}, 1)

    with pytest.raises(TrackingError, match="RESOURCE_DOES_NOT_EXIST"):
        tracker.close(timeout_s=300)


def test_a_forked_child_can_neither_log_nor_remove_anything(
    server: TrackingServer, run_id: str, spool_dir: Path, tracker: MlflowTracker
) -> None:
    tracker.log_metrics({"loss": 1.0}, 1)
    child = os.fork()
    if child == 0:
        exit_code = 1
        try:
            tracker.close(timeout_s=1)
            tracker.log_metrics({"loss": 2.0}, 2)
        except TrackingError:
            exit_code = 0
        finally:
            os._exit(exit_code)
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == 0

    assert spool_dir.exists()
    tracker.log_metrics({"loss": 3.0}, 3)
    tracker.close(timeout_s=30)
    assert steps(server.client, run_id, "loss") == [1, 3]


@pytest.mark.parametrize("scheme", ["sqlite", "file"])
def test_records_are_delivered_to_a_store_without_a_server(
    scheme: str, tmp_path: Path, spool_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MLFLOW_ALLOW_FILE_STORE", "true")
    uri = f"sqlite:///{tmp_path}/mlflow.db" if scheme == "sqlite" else f"file:{tmp_path}/mlruns"
    client = MlflowClient(tracking_uri=uri)
    run_id = client.create_run(client.create_experiment("e", f"file:{tmp_path}/art")).info.run_id
    for attempt in range(2):
        tracker = tracker_at(uri, run_id, spool_dir)
        tracker.log_params({"epochs": "5"})
        for step in range(10 + 10 * attempt):
            tracker.log_metrics({"loss": math.nan if step == 5 else step}, step)
        tracker.log_image(np.zeros((8, 8, 3), np.uint8), "image", step=3)
        tracker.log_params({"epochs": "6"})
        tracker.log_text("hello", "texts/hello.txt")
        tracker.close(timeout_s=30)

    assert steps(client, run_id, "loss") == list(range(20))
    assert client.get_run(run_id).data.params == {"epochs": "5"}
    assert tracker.rejected() == 2
    assert artifacts(client, run_id, "texts") == ["texts/hello.txt"]
    assert len(artifacts(client, run_id, "images")) == 2


@pytest.mark.parametrize("path", ["/etc/passwd", "a/../../b", "", "."])
def test_an_invalid_artifact_path_is_refused_at_once(tracker: MlflowTracker, path: str) -> None:
    with pytest.raises(ValueError, match="relative to the run and name a file"):
        tracker.log_text("text", path)
    tracker.close(timeout_s=30)


def test_a_closed_tracker_refuses_records(tracker: MlflowTracker) -> None:
    tracker.close(timeout_s=30)
    tracker.close(timeout_s=30)
    with pytest.raises(TrackingError, match="This tracker is closed"):
        tracker.log_metrics({"loss": 1.0}, 1)


def test_an_image_of_another_shape_is_refused_at_once(tracker: MlflowTracker) -> None:
    with pytest.raises(ValueError, match=r"height x width x 3 of uint8, but 'm' is \(4, 4\)"):
        tracker.log_image(np.zeros((4, 4), np.uint8), "m", step=1)
    tracker.close(timeout_s=30)


def test_the_current_image_replaces_the_one_before(
    server: TrackingServer, run_id: str, tracker: MlflowTracker
) -> None:
    paths = []
    for number in range(6):
        tracker.show_image(np.full((900, 600, 3), number, np.uint8))
        tracker.flush(timeout_s=30)
        paths.append(server.client.get_run(run_id).data.tags["fovea.current_image"])
    assert paths == [f"current_image/{number % 4}.jpg" for number in range(1, 7)]
    assert len(artifacts(server.client, run_id, "current_image")) == 4
    with pytest.raises(ValueError, match=r"'current_image' is \(2, 2\) of float64"):
        tracker.show_image(np.zeros((2, 2)))
    tracker.close(timeout_s=30)


def test_no_current_images_pile_up_while_the_server_is_away(spool_dir: Path) -> None:
    tracker = tracker_at(f"http://127.0.0.1:{free_port()}", "0" * 32, spool_dir)
    for _ in range(5):
        tracker.show_image(np.zeros((2, 2, 3), np.uint8))
    assert tracker.undelivered() == 2, "one file and one tag wait for the server"
    with pytest.raises(TrackingError):
        tracker.close(timeout_s=0.1)
