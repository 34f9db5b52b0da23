"""Delivery keeps the order, repeats no step, and rejects only what MLflow refuses permanently."""

import json
import logging
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest

from tests.training.tracking.memory_endpoint import MemoryEndpoint
from training.tracking.delivery import REJECTED_TAG, Delivery
from training.tracking.failures import Refused, RunGone, Unavailable
from training.tracking.pacing import Pace, RetryPolicy, Stopped
from training.tracking.records import (
    Entry,
    ParamRecord,
    TagRecord,
    artifact_line,
    metric_lines,
    param_lines,
    tag_lines,
)
from training.tracking.spool import Spool
from training.tracking.stepped_image import stepped_image_files

NO_DELAY = RetryPolicy(first_delay_s=0.0)
BAD_NAME = "bad|name"


@pytest.fixture
def spool(tmp_path: Path) -> Iterator[Spool]:
    spool = Spool(tmp_path / "spool", "run")
    yield spool
    spool.close()


@pytest.fixture
def endpoint() -> MemoryEndpoint:
    return MemoryEndpoint()


@pytest.fixture
def delivery(spool: Spool, endpoint: MemoryEndpoint) -> Delivery:
    return Delivery(spool, endpoint, Pace(NO_DELAY, "Run"))


def deliver_all(delivery: Delivery) -> None:
    while delivery.deliver_next():
        pass


def refuse_bad_names(entries: Sequence[Entry]) -> Refused | None:
    if any(entry.key == BAD_NAME for entry in entries):
        return Refused("invalid name", is_ambiguous=False)
    return None


def artifact(spool: Spool, path: str, content: str = "content") -> bytes:
    name = path.rpartition("/")[2]
    reference = spool.store_payload(name, len(content), lambda it: it.write_text(content))
    return artifact_line(path, reference)


def rejected_records(spool: Spool) -> list[dict[str, object]]:
    lines = (spool.folder / "rejected.jsonl").read_text().splitlines()
    return [json.loads(line) for line in lines]


def test_many_records_are_sent_in_few_requests_within_mlflows_limits(
    spool: Spool, endpoint: MemoryEndpoint, delivery: Delivery
) -> None:
    for step in range(1000):
        spool.append(metric_lines({"a": 1.0, "b": 2.0, "c": 3.0}, step, 0))
        spool.append(tag_lines({f"tag{step}": "x"}))
    spool.append(param_lines({f"param{number}": "x" for number in range(250)}))
    deliver_all(delivery)

    assert endpoint.points == [
        (key, step, value)
        for step in range(1000)
        for key, value in (("a", 1.0), ("b", 2.0), ("c", 3.0))
    ]
    for batch in endpoint.batches:
        assert len(batch) <= 1000
        assert sum(isinstance(entry, TagRecord) for entry in batch) <= 100
        assert sum(isinstance(entry, ParamRecord) for entry in batch) <= 100
    assert (
        sum(isinstance(entry, ParamRecord) for batch in endpoint.batches for entry in batch) == 250
    )
    assert len(endpoint.batches) <= 14
    assert spool.num_undelivered == 0


def test_steps_that_an_earlier_attempt_delivered_are_not_sent_again(
    spool: Spool, endpoint: MemoryEndpoint, delivery: Delivery
) -> None:
    endpoint.earlier_steps = {"loss": [1, 2, 3]}
    for step in (2, 3, 4, 4, 3, 5):
        spool.append(metric_lines({"loss": step}, step, 0))
    spool.append(metric_lines({"new": 1.0}, 1, 0))
    deliver_all(delivery)
    spool.append(metric_lines({"loss": 5.0}, 5, 0))
    deliver_all(delivery)

    assert endpoint.points == [("loss", 4, 4.0), ("loss", 5, 5.0), ("new", 1, 1.0)]
    assert endpoint.histories_read == ["loss"], "once, and only where a step may be a repetition"


def test_steps_below_the_highest_one_are_sent_if_mlflow_does_not_have_them(
    spool: Spool, endpoint: MemoryEndpoint, delivery: Delivery
) -> None:
    endpoint.earlier_steps = {"val/loss": [18, 36, 54]}
    for step in (45, 54, 63, 50, 2**40, 0, -1):
        spool.append(metric_lines({"val/loss": step}, step, 0))
    deliver_all(delivery)

    assert [step for _, step, _ in endpoint.points] == [45, 63, 50, 2**40, 0, -1]


def test_no_record_is_lost_while_the_earlier_steps_cannot_be_read(
    spool: Spool, endpoint: MemoryEndpoint, delivery: Delivery
) -> None:
    endpoint.earlier_steps = {"loss": [1, 2]}
    spool.append(metric_lines({"loss": 2.0, "accuracy": 0.5}, 2, 0))
    endpoint.fail_next(1)
    with pytest.raises(Unavailable):
        delivery.deliver_next()
    deliver_all(delivery)

    assert endpoint.points == [("accuracy", 2, 0.5)]


def test_only_the_last_value_of_a_tag_is_sent(
    spool: Spool, endpoint: MemoryEndpoint, delivery: Delivery
) -> None:
    for value in ("training", "paused", "completed"):
        spool.append(tag_lines({"status": value}))
    deliver_all(delivery)

    assert endpoint.batches == [[TagRecord("status", "completed")]]


def test_a_changed_value_of_a_param_is_sent_in_a_request_of_its_own(
    spool: Spool, endpoint: MemoryEndpoint, delivery: Delivery
) -> None:
    spool.append(param_lines({"lr": "1", "epochs": "5"}))
    spool.append(param_lines({"lr": "1"}))
    spool.append(param_lines({"lr": "2"}))
    deliver_all(delivery)

    assert endpoint.batches == [
        [ParamRecord("lr", "1"), ParamRecord("epochs", "5")],
        [ParamRecord("lr", "2")],
    ]


def test_a_refused_record_is_isolated_and_kept_and_delays_no_other(
    spool: Spool,
    endpoint: MemoryEndpoint,
    delivery: Delivery,
    caplog: pytest.LogCaptureFixture,
) -> None:
    endpoint.fault_of = refuse_bad_names
    for step in range(200):
        names = ["a", "b", BAD_NAME if step == 77 else "c"]
        spool.append(metric_lines(dict.fromkeys(names, 1.0), step, timestamp_ms=5))
    deliver_all(delivery)

    assert len(endpoint.points) == 599
    assert endpoint.points == sorted(endpoint.points, key=lambda point: point[1])
    assert spool.num_rejected == 1
    [rejected] = rejected_records(spool)
    assert rejected["record"] == {"key": BAD_NAME, "value": 1.0, "step": 77, "timestamp_ms": 5}
    assert rejected["reason"] == "invalid name"
    assert "invalid name" in caplog.text
    assert endpoint.tags == {REJECTED_TAG: "1"}
    assert endpoint.num_requests < 40


def test_no_record_is_lost_while_the_server_refuses_every_write(
    spool: Spool, endpoint: MemoryEndpoint, delivery: Delivery
) -> None:
    """MLflow also answers 400 to every write when it has no database connection left."""

    def refuse_300_requests(entries: Sequence[Entry]) -> Refused | None:
        is_over = endpoint.num_requests > 300
        return None if is_over else Refused("QueuePool limit reached", is_ambiguous=True)

    endpoint.fault_of = refuse_300_requests
    for step in range(50):
        spool.append(metric_lines({"loss": step}, step, 0))
    deliver_all(delivery)

    assert [step for _, step, _ in endpoint.points] == list(range(50))
    assert spool.num_rejected == 0
    assert endpoint.tags.get(REJECTED_TAG, "0") == "0"


def test_an_artifact_is_not_rejected_because_the_server_fails(
    spool: Spool, endpoint: MemoryEndpoint, delivery: Delivery
) -> None:
    def accept_uploads_after_10_failures() -> None:
        endpoint.upload_fault = None
        endpoint.fail_next(10)

    endpoint.upload_fault = Refused("bad gateway", is_ambiguous=False)
    endpoint.after_batch = accept_uploads_after_10_failures
    spool.append([artifact(spool, "a.json")])
    deliver_all(delivery)

    assert endpoint.arrivals == [REJECTED_TAG, "a.json"]
    assert spool.num_rejected == 0


@pytest.mark.parametrize(("is_ambiguous", "num_attempts"), [(False, 3), (True, 8)])
def test_a_record_is_given_up_after_the_allowed_refusals_and_one_confirmation(
    spool: Spool,
    endpoint: MemoryEndpoint,
    delivery: Delivery,
    is_ambiguous: bool,
    num_attempts: int,
) -> None:
    attempts: list[Entry] = []

    def refuse_the_metric(entries: Sequence[Entry]) -> Refused | None:
        if entries[0].key != "loss":
            return None
        attempts.extend(entries)
        return Refused("no", is_ambiguous=is_ambiguous)

    endpoint.fault_of = refuse_the_metric
    spool.append(metric_lines({"loss": 1.0}, 1, 0))
    deliver_all(delivery)

    assert len(attempts) == num_attempts + 1
    assert spool.num_rejected == 1


def test_attempts_continue_as_long_as_the_server_is_unavailable(
    spool: Spool, endpoint: MemoryEndpoint, delivery: Delivery
) -> None:
    endpoint.fail_next(100)
    spool.append(metric_lines({"loss": 1.0}, 1, 0))
    deliver_all(delivery)

    assert endpoint.points == [("loss", 1, 1.0)]


def test_a_failing_artifact_store_delays_no_other_records(
    spool: Spool, endpoint: MemoryEndpoint, delivery: Delivery, caplog: pytest.LogCaptureFixture
) -> None:
    endpoint.upload_fault = Unavailable("no credentials")
    spool.append([artifact(spool, "a.json", "first")])
    spool.append(metric_lines({"loss": 1.0}, 1, 0))
    spool.append([artifact(spool, "a.json", "second")])
    deliver_all(delivery)

    assert endpoint.points == [("loss", 1, 1.0)]
    assert spool.num_undelivered == 2
    assert str(delivery.deferral_problem) == "no credentials"
    assert "The run's artifact store fails: no credentials" in caplog.text

    endpoint.upload_fault = None
    delivery.expedite_deferred()
    delivery.retry_deferred()

    assert endpoint.files == {"a.json": b"second"}
    assert spool.num_undelivered == 0
    assert not list((spool.folder / "payloads").iterdir())


def test_artifacts_keep_their_order_while_the_whole_server_is_unavailable(
    spool: Spool, endpoint: MemoryEndpoint, delivery: Delivery
) -> None:
    spool.append([artifact(spool, "a.json")])
    spool.append(metric_lines({"loss": 1.0}, 1, 0))
    endpoint.fail_next(20)
    deliver_all(delivery)

    assert endpoint.arrivals == ["a.json", "loss"]


def test_a_refused_artifact_is_rejected_and_its_file_kept(
    spool: Spool, endpoint: MemoryEndpoint, delivery: Delivery
) -> None:
    endpoint.upload_fault = Refused("invalid path", is_ambiguous=False)
    spool.append([artifact(spool, "a#b.json")])
    deliver_all(delivery)

    [rejected] = rejected_records(spool)
    kept = rejected["record"]
    assert isinstance(kept, dict)
    assert spool.payload_path(kept["payload"]).read_text() == "content"
    assert spool.num_undelivered == 0


def test_an_image_of_a_step_that_an_earlier_attempt_logged_is_not_uploaded_again(
    spool: Spool, endpoint: MemoryEndpoint, delivery: Delivery
) -> None:
    pixels = np.zeros((4, 4, 3), np.uint8)
    for file in stepped_image_files(pixels, "matrix", 1, 0):
        endpoint.files[file.path] = file.content
    before = set(endpoint.files)
    for step in (1, 2):
        for file in stepped_image_files(pixels, "matrix", step, 1):
            spool.append([artifact(spool, file.path)])
    deliver_all(delivery)

    new = sorted(set(endpoint.files) - before)
    assert [path.split("+timestamp")[0] for path in new] == ["images/matrix+step+2"] * 2
    assert spool.num_undelivered == 0


def test_a_record_without_its_file_counts_as_delivered(
    spool: Spool, endpoint: MemoryEndpoint, delivery: Delivery
) -> None:
    spool.append([artifact_line("a.json", "gone/a.json")])
    deliver_all(delivery)

    assert spool.num_undelivered == 0
    assert spool.num_rejected == 0


def test_an_unreadable_line_is_rejected(
    spool: Spool, endpoint: MemoryEndpoint, delivery: Delivery
) -> None:
    spool.append([b'{"half a li', *metric_lines({"loss": 1.0}, 1, 0)])
    deliver_all(delivery)

    assert rejected_records(spool)[0]["record"] == '{"half a li'
    assert endpoint.points == [("loss", 1, 1.0)]


def test_a_deleted_run_is_reported_once_and_no_record_is_rejected(
    spool: Spool, endpoint: MemoryEndpoint, caplog: pytest.LogCaptureFixture
) -> None:
    pace = Pace(NO_DELAY, "Run 7")
    delivery = Delivery(spool, endpoint, pace)
    spool.append(metric_lines({"loss": 1.0}, 1, 0))
    deliver_all(delivery)
    num_requests = endpoint.num_requests

    def deleted(entries: Sequence[Entry]) -> Refused:
        if endpoint.num_requests == num_requests + 20:
            pace.stop()
        return Refused("must be in the 'active' state", is_ambiguous=False)

    endpoint.fault_of = deleted
    endpoint.run_fault = RunGone("it is deleted")
    spool.append(metric_lines({"loss": 2.0}, 2, 0))
    with pytest.raises(Stopped), caplog.at_level(logging.ERROR):
        deliver_all(delivery)

    errors = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert [record.getMessage() for record in errors] == [
        "Run 7: it is deleted. Nothing can be delivered to it."
    ]
    assert pace.is_blocked
    assert spool.num_rejected == 0
    assert spool.num_undelivered == 1


def test_delays_double_up_to_a_maximum_and_have_jitter() -> None:
    policy = RetryPolicy(first_delay_s=0.25, max_delay_s=15.0)

    assert [policy.delay_s(failures, 1.0) for failures in range(7)] == [
        *(0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 15.0)
    ]
    assert policy.delay_s(1000, 0.0) == 7.5
