"""The server's client of Ray's job API: what it sends, and the errors of a cluster that is away."""

import json
from collections.abc import Callable

import httpx
import pytest

from api.jobs.ray_jobs import RayJobs
from tracking_plugin.ray_job_api import RayError, RayStatus, UnknownRayJobError

pytestmark = pytest.mark.anyio

ADDRESS = "http://ray.example:8265/"
ADDRESS_WITH_PASSWORD = "http://me:secret@ray.example:8265"


def jobs(respond: Callable[[httpx.Request], httpx.Response], address: str = ADDRESS) -> RayJobs:
    return RayJobs(address, "a-token", httpx.MockTransport(respond))


async def test_a_job_is_found_with_the_token() -> None:
    requests: list[httpx.Request] = []

    def respond(request: httpx.Request) -> httpx.Response:
        requests.append(request)
        return httpx.Response(200, json={"status": "RUNNING", "message": None})

    found = await jobs(respond).find("fovea-1")
    assert (found.status, found.message) == (RayStatus.RUNNING, "")
    assert requests[0].url.path == "/api/jobs/fovea-1"
    assert requests[0].headers["authorization"] == "Bearer a-token"


async def test_a_job_is_submitted_with_its_command_and_variables() -> None:
    bodies: list[dict[str, object]] = []

    def respond(request: httpx.Request) -> httpx.Response:
        bodies.append(json.loads(request.content))
        return httpx.Response(200, json={"submission_id": "fovea-1"})

    await jobs(respond).submit("fovea-1", "true", {"A": "1"}, "a" * 32)
    assert bodies == [
        {
            "entrypoint": "true",
            "submission_id": "fovea-1",
            "runtime_env": {"env_vars": {"A": "1"}},
            "metadata": {"mlflow_run_id": "a" * 32},
        }
    ]


async def test_an_unknown_job_has_an_error_of_its_own() -> None:
    with pytest.raises(UnknownRayJobError, match=r"ray\.example"):
        await jobs(lambda _: httpx.Response(404, text="Job does not exist")).find("x")


@pytest.mark.parametrize("error", [httpx.ConnectError("refused"), httpx.ReadTimeout("slow")])
async def test_a_cluster_that_does_not_respond_is_named_without_secrets(error: Exception) -> None:
    def respond(_: httpx.Request) -> httpx.Response:
        raise error

    with pytest.raises(RayError, match="does not answer") as raised:
        await jobs(respond, ADDRESS_WITH_PASSWORD).find("x")
    assert type(error).__name__ in str(raised.value)
    assert "secret" not in str(raised.value)
    assert "a-token" not in str(raised.value)


async def test_a_submission_without_a_response_is_looked_up() -> None:
    def respond(request: httpx.Request) -> httpx.Response:
        if request.method == "POST":
            raise httpx.ReadTimeout("lost")
        return httpx.Response(200, json={"status": "PENDING", "message": ""})

    await jobs(respond).submit("fovea-1", "true", {}, "a" * 32)
