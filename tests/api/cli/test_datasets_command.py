"""`fovea datasets` and `fovea queue`, on a server and on queues that are given."""

import io
import json
import uuid
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console

from api.cli.queue_command import show_queues
from api.jobs.schemas import JobQueue, QueuePlace
from tests.api.cli.conftest import Fovea
from tests.api.client.fake_ray import TrainingServer

SINCE = datetime(2026, 6, 13, 8, tzinfo=UTC)
GPU = JobQueue(
    pool="gpu",
    num_slots=2,
    num_used=1,
    running=[
        QueuePlace(job_id="a" * 32, type="diffusion", priority=5, num_slots=1, since=SINCE),
    ],
    waiting=[
        QueuePlace(job_id=None, type=None, priority=9, num_slots=2, position=1, since=SINCE),
    ],
)
CPU = JobQueue(pool="cpu", num_slots=None, num_used=0, running=[], waiting=[])


def shown(*, is_terminal: bool, as_json: bool = False) -> str:
    output = io.StringIO()
    console = Console(file=output, force_terminal=is_terminal, width=120, no_color=True)
    show_queues([GPU, CPU], console, as_json=as_json)
    return output.getvalue()


def test_data_sets_are_added_counted_renamed_and_deleted(
    fovea: Fovea, trainer: TrainingServer, tmp_path: Path
) -> None:
    url, name = ("--url", trainer.url), uuid.uuid4().hex
    (tmp_path / "a.png").write_bytes(b"x")

    added = fovea("datasets", "add", name, str(tmp_path), *url)
    assert added.code == 0, added.err
    dataset_id, *fields = added.out.rstrip("\n").split("\t")
    assert (fields[:4], fields[-1]) == ([name, "captioned_images", "1", "0"], str(tmp_path))

    (tmp_path / "b.png").write_bytes(b"x")
    assert fovea("datasets", "count", dataset_id, *url).out.split("\t")[3] == "2"
    assert (
        fovea("datasets", "rename", dataset_id, f"{name}2", *url).out.split("\t")[1] == f"{name}2"
    )
    assert f"{name}2" in fovea("datasets", "list", *url).out
    assert fovea("datasets", "delete", dataset_id, *url).code == 0
    gone = fovea("datasets", "count", dataset_id, *url)
    assert (gone.code, f"no data set '{dataset_id}'" in gone.err) == (1, True)


def test_a_path_that_is_refused_is_said_and_one_that_is_not_known_too(
    fovea: Fovea, trainer: TrainingServer
) -> None:
    url, name = ("--url", trainer.url), uuid.uuid4().hex
    refused = fovea("datasets", "add", name, "a/relative/path", *url)
    # Its trainings run elsewhere, where the folder may be.
    unknown = fovea("datasets", "add", name, "/nowhere/at/all", *url)

    assert (refused.code, "an absolute path was expected" in refused.err) == (1, True)
    assert (unknown.code, "does not exist on the server's machine" in unknown.err) == (0, True)


def test_the_queue_is_shown(fovea: Fovea, trainer: TrainingServer) -> None:
    assert fovea("queue", "--url", trainer.url).code == 0
    assert fovea("queue", "--priority", "3", "--url", trainer.url).code == 2

    assert shown(is_terminal=False).splitlines() == [
        f"gpu\t0\t{'a' * 32}\tdiffusion\t5\t1\t2026-06-13T08:00:00Z",
        "gpu\t1\t-\t-\t9\t2\t2026-06-13T08:00:00Z",
    ]
    table = shown(is_terminal=True)
    assert "runs" in table
    assert "2 of 2" in table
    assert [queue["pool"] for queue in json.loads(shown(is_terminal=False, as_json=True))] == [
        *("gpu", "cpu"),
    ]
