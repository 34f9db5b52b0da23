"""Ray's job API over HTTP: what its answers, and the lack of them, become."""

import httpx
import pytest

from api.jobs.ray_jobs import RayError, RayJobs, UnknownRayJobError
from tracking_plugin.ray_status import RayStatus

pytestmark = pytest.mark.anyio

ADDRESS = "http://ray.example:8265/"
ADDRESS_WITH_PASSWORD = "http://me:secret@ray.example:8265"


def ray(
    answer: httpx.Response | Exception,
    asked: list[httpx.Request] | None = None,
    address: str = ADDRESS,
) -> RayJobs:
    def respond(request: httpx.Request) -> httpx.Response:
        if asked is not None:
            asked.append(request)
        if isinstance(answer, Exception):
            raise answer
        return answer

    jobs = RayJobs(address, "a-token")
    jobs._client = httpx.AsyncClient(
        base_url=jobs.address, headers=jobs._headers, transport=httpx.MockTransport(respond)
    )
    return jobs


async def test_a_job_is_as_ray_says_and_the_token_is_shown() -> None:
    asked: list[httpx.Request] = []
    jobs = ray(httpx.Response(200, json={"status": "RUNNING", "message": None}), asked)
    found = await jobs.find("fovea-1")
    assert (found.status, found.message) == (RayStatus.RUNNING, "")
    assert asked[0].url.path == "/api/jobs/fovea-1"
    assert asked[0].headers["authorization"] == "Bearer a-token"


async def test_an_unknown_job_is_told_from_other_errors() -> None:
    with pytest.raises(UnknownRayJobError, match=r"ray\.example"):
        await ray(httpx.Response(404, text="Job does not exist")).find("x")


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (httpx.Response(500, text="Traceback\n  File\nRuntimeError: no agent"), "no agent"),
        (httpx.Response(401, text="token"), "401"),
        (httpx.ConnectError("refused"), "does not answer"),
        (httpx.ReadTimeout("slow"), "ReadTimeout"),
    ],
)
async def test_errors_are_sentences_without_secrets(
    answer: httpx.Response | Exception, expected: str
) -> None:
    with pytest.raises(RayError, match=expected) as raised:
        await ray(answer, address=ADDRESS_WITH_PASSWORD).find("x")
    assert "secret" not in str(raised.value)
    assert "a-token" not in str(raised.value)


async def test_a_job_whose_submission_was_answered_by_nobody_is_looked_for() -> None:
    def respond(request: httpx.Request) -> httpx.Response:
        if request.method == "POST":
            raise httpx.ReadTimeout("lost")
        return httpx.Response(200, json={"status": "PENDING", "message": ""})

    jobs = RayJobs("http://ray.example", "")
    jobs._client = httpx.AsyncClient(base_url=jobs.address, transport=httpx.MockTransport(respond))
    await jobs.submit("fovea-1", "true", {}, "a" * 32)
