"""Trainings wait for the GPU of a cluster, in their order, whatever happens to servers and jobs meanwhile."""

import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from api.control.silence import CONTROLLED_LIMIT_MS
from tests.api.client.fake_ray import FakeRay, answering
from tests.servers import Server, fovea_server
from tests.waiting import DEADLINE_S, until


@dataclass
class Jobs:
    """The API of a server, whose cluster has one GPU."""

    server: Server
    ray: FakeRay

    def start(self, **body: Any) -> str:
        answer = self.request("POST", "/api/training/start", json=body)
        assert answer.status_code == 200, answer.text
        return str(answer.json()["run_id"])

    def entry(self, run_id: str) -> dict[str, Any]:
        answer = self.request("GET", f"/api/jobs/{run_id}")
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def wait(self, run_id: str, status: str) -> dict[str, Any]:
        def there() -> dict[str, Any] | None:
            entry = self.entry(run_id)
            return entry if entry["status"] == status else None

        return until(there, f"the status {status} of {run_id}")

    def queue(self) -> dict[str, Any]:
        found = {each["pool"]: each for each in self.request("GET", "/api/jobs/queue").json()}
        return dict(found["gpu"])

    def waiting(self) -> list[str]:
        return [place["job_id"] for place in self.queue()["waiting"]]

    def wait_linked(self, run_id: str) -> None:
        until(lambda: run_id in self.ray.loops, f"the job of {run_id}")
        assert self.ray.loops[run_id].is_linked.wait(DEADLINE_S)
        self.wait(run_id, "training")

    def request(self, method: str, path: str, **options: Any) -> httpx.Response:
        return httpx.request(method, f"{self.server.url}{path}", timeout=60, **options)

    def cancel(self, run_id: str) -> dict[str, Any]:
        answer = self.request("POST", f"/api/jobs/{run_id}/cancel?timeout_s=60")
        assert answer.status_code == 200, answer.text
        return dict(answer.json())


@contextmanager
def cluster() -> Iterator[tuple[FakeRay, str]]:
    ray = FakeRay(last_step=None, num_gpus=1)
    with answering(ray) as address:
        yield ray, address
        for loop in ray.loops.values():
            ray.kill(loop.run_id)


@contextmanager
def server_on(folder: Path, ray: tuple[FakeRay, str], *, port: int | None = None) -> Iterator[Jobs]:
    environment = {"FOVEA_RAY_ADDRESS": ray[1]}
    with fovea_server(folder / "data", environment=environment, port=port) as server:
        yield Jobs(server, ray[0])


@pytest.fixture(scope="module")
def jobs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Jobs]:
    with cluster() as ray, server_on(tmp_path_factory.mktemp("queue"), ray) as running:
        yield running


def test_jobs_wait_in_their_order_and_start_by_themselves(jobs: Jobs) -> None:
    first = jobs.start()
    jobs.wait_linked(first)
    second, urgent, idle = jobs.start(), jobs.start(priority=9), jobs.start(priority=0)

    until(lambda: jobs.waiting() == [urgent, second, idle], "the order of those that wait")
    entry = jobs.entry(second)
    assert (entry["status"], entry["queue_position"]) == ("pending", 2)
    assert entry["message"] == "Waits in the queue at place 2"
    assert (jobs.entry(first)["queue_position"], jobs.queue()["num_slots"]) == (None, 1)
    assert [place["job_id"] for place in jobs.queue()["running"]] == [first]

    raised = jobs.request("PATCH", f"/api/jobs/{idle}", json={"priority": 8})
    assert (raised.status_code, raised.json()["queue_position"]) == (200, 2)
    assert jobs.request("PATCH", f"/api/jobs/{first}", json={"priority": 8}).status_code == 409
    assert jobs.request("PATCH", f"/api/jobs/{idle}", json={"priority": 10}).status_code == 422
    listed = {it["id"]: it["queue_position"] for it in jobs.request("GET", "/api/training/").json()}
    assert listed == {first: None, urgent: 1, idle: 2, second: 3}

    jobs.cancel(second)
    assert jobs.wait(second, "stopped")["attempt"] == 0
    assert jobs.waiting() == [urgent, idle]

    stopped = jobs.cancel(first)
    assert stopped["acknowledged"]
    assert stopped["acknowledged_step"] == jobs.ray.loops[first].step
    jobs.wait_linked(urgent)
    jobs.cancel(urgent)
    jobs.wait_linked(idle)
    jobs.cancel(idle)
    jobs.wait(idle, "stopped")
    assert [run for run in jobs.ray.submitted if run in (first, second, urgent, idle)] == [
        *(first, urgent, idle),
    ]


def test_a_killed_job_frees_its_gpu_within_a_heartbeat_and_can_be_resumed(jobs: Jobs) -> None:
    killed = jobs.start()
    jobs.wait_linked(killed)
    follower = jobs.start()
    until(lambda: jobs.waiting() == [follower], "the job that waits")
    assert jobs.request("POST", f"/api/jobs/{killed}/resume").status_code == 409

    began = time.monotonic()
    jobs.ray.kill(killed)
    jobs.wait_linked(follower)
    assert (time.monotonic() - began) * 1000 < CONTROLLED_LIMIT_MS
    until(lambda: jobs.entry(killed)["can_resume"], "the end of the killed job")
    entry = jobs.entry(killed)
    assert entry["status"] == "error"
    assert entry["interruption"] == "Its job ended as FAILED before the run had"
    assert entry["message"].startswith("Interrupted, can be resumed. Its job ended as FAILED")

    resumed = jobs.request("POST", f"/api/jobs/{killed}/resume")
    assert (resumed.status_code, resumed.json()["status"]) == (200, "resumed")
    assert jobs.waiting() == [killed]
    entry = jobs.entry(killed)
    assert (entry["status"], entry["interruption"], entry["completed_at"]) == ("pending", "", None)
    assert jobs.request("POST", f"/api/jobs/{killed}/resume").status_code == 409
    jobs.cancel(follower)
    until(lambda: jobs.entry(killed)["attempt"] == 2, "its second attempt")
    jobs.wait_linked(killed)
    jobs.cancel(killed)
    until(lambda: jobs.entry(killed)["can_resume"], "the end of its job")


def test_a_run_that_ends_while_its_job_is_looked_at_has_finished(jobs: Jobs) -> None:
    run_id = jobs.start()
    jobs.wait_linked(run_id)
    jobs.ray.ending.add(run_id)

    until(lambda: jobs.entry(run_id)["completed_at"], "the end of the job")
    entry = jobs.entry(run_id)
    assert (entry["status"], entry["interruption"]) == ("completed", "")
    assert jobs.ray.loops[run_id].mlflow_status == "FINISHED"


def test_a_job_that_never_ran_cannot_be_resumed(jobs: Jobs) -> None:
    created = jobs.request("POST", "/api/training/", json={"type": "retinal"}).json()["id"]
    jobs.cancel(created)
    jobs.wait(created, "stopped")

    refused = jobs.request("POST", f"/api/jobs/{created}/resume")
    assert refused.status_code == 409
    assert "cannot be resumed: it is stopped" in refused.json()["error"]


def test_an_evaluation_does_not_wait(jobs: Jobs) -> None:
    training = jobs.start()
    jobs.wait_linked(training)
    body = {"kind": "evaluate", "params": {"run_id": training}}
    evaluation = jobs.request("POST", "/api/jobs", json=body).json()["id"]

    until(lambda: evaluation in jobs.ray.submitted, "the evaluation's job")
    jobs.cancel(evaluation)
    jobs.cancel(training)
    jobs.wait(training, "stopped")


def test_the_queue_outlives_a_killed_server(tmp_path: Path) -> None:
    with cluster() as ray:
        with server_on(tmp_path, ray) as before:
            first, second = before.start(), before.start(priority=7)
            # Of two that wait, the first reconciliation takes the more urgent one.
            running = until(lambda: ray[0].submitted[:1], "the job that runs")[0]
            before.wait_linked(running)
            waiting = second if running == first else first
            until(lambda: before.waiting() == [waiting], "the job that waits")
            before.server.kill()
        # The running job dies while no server is there, as in a power cut.
        ray[0].kill(running)
        with server_on(tmp_path, ray, port=before.server.port) as after:
            began = time.monotonic()
            after.wait_linked(waiting)
            assert (time.monotonic() - began) * 1000 < CONTROLLED_LIMIT_MS
            until(lambda: after.entry(running)["can_resume"], "the end of the killed job")
            assert after.entry(running)["interruption"]
            after.cancel(waiting)
            after.wait(waiting, "stopped")
        assert sorted(ray[0].submitted) == sorted((first, second)), "each was started once"


def test_two_servers_on_one_database_start_each_job_once(tmp_path: Path) -> None:
    with ExitStack() as stack:
        ray = stack.enter_context(cluster())
        servers = [stack.enter_context(server_on(tmp_path, ray)) for _ in range(2)]
        server_of = {servers[number % 2].start(): servers[number % 2] for number in range(6)}
        for number in range(1, len(server_of) + 1):
            run_id = until(lambda: ray[0].submitted[number - 1 :], f"job {number}")[0]  # noqa: B023
            # Each server has the links of the runs that it has created.
            server_of[run_id].wait_linked(run_id)
            until(
                lambda: len(servers[0].waiting()) == len(server_of) - number,  # noqa: B023
                "the others wait",
            )
            assert servers[0].waiting() == servers[1].waiting()
            assert len(ray[0].submitted) == number
            server_of[run_id].cancel(run_id)
        assert sorted(ray[0].submitted) == sorted(server_of)
