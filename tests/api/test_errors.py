"""Error responses that no present route causes have the same shape."""

import pytest
from fastapi import FastAPI, HTTPException
from starlette.testclient import TestClient

from api.errors import (
    ApiError,
    ConflictError,
    ForbiddenError,
    NotFoundError,
    StartError,
    TooLargeError,
    TooManyRequestsError,
    install_error_handlers,
)
from api.middleware.internal_errors import InternalErrorMiddleware
from api.request_id import RequestIdMiddleware


class RunMissingError(NotFoundError):
    """An error of a domain, with a name of its own."""


RAISED: dict[str, ApiError] = {
    "forbidden": ForbiddenError("Not yours"),
    "missing": RunMissingError("No such run"),
    "conflict": ConflictError("The run is paused"),
    "large": TooLargeError("Too much"),
    "often": TooManyRequestsError("Too soon", retry_after_s=2.5),
    "at-once": TooManyRequestsError("Too soon", retry_after_s=0),
    "start": StartError("/srv/fovea cannot be written to"),
}


@pytest.fixture
def client() -> TestClient:
    app = FastAPI()
    app.add_middleware(InternalErrorMiddleware)
    app.add_middleware(RequestIdMiddleware)
    install_error_handlers(app)

    @app.get("/numbers/{number}")
    async def get_number(number: int) -> int:
        if number == 0:
            raise HTTPException(409, "The run is paused", headers={"Retry-After": "5"})
        return 10 // (number - 1)

    @app.get("/raised/{name}")
    async def raise_error(name: str) -> None:
        raise RAISED[name]

    return TestClient(app, raise_server_exceptions=False)


def test_bad_input_names_the_field(client: TestClient) -> None:
    response = client.get("/numbers/seven")

    assert response.status_code == 422
    assert response.json()["error_code"] == "VALIDATION_ERROR"
    assert response.json()["details"].startswith("path.number: ")
    assert response.json()["request_id"] == response.headers["X-Request-ID"]


def test_a_failure_tells_the_client_only_the_request_id(
    client: TestClient, caplog: pytest.LogCaptureFixture
) -> None:
    response = client.get("/numbers/1", headers={"X-Request-ID": "seen-before"})

    assert response.status_code == 500
    assert response.json()["error_code"] == "INTERNAL_ERROR"
    assert response.json()["request_id"] == response.headers["X-Request-ID"] == "seen-before"
    assert "division" not in response.text
    assert "ZeroDivisionError" in caplog.text


def test_an_error_keeps_its_message_and_headers(client: TestClient) -> None:
    response = client.get("/numbers/0")

    assert response.status_code == 409
    assert response.json()["error"] == "The run is paused"
    assert response.headers["Retry-After"] == "5"


@pytest.mark.parametrize(
    ("name", "status", "code"),
    [
        ("forbidden", 403, "FORBIDDEN"),
        ("missing", 404, "NOT_FOUND"),
        ("conflict", 409, "CONFLICT"),
        ("large", 413, "TOO_LARGE"),
        ("often", 429, "TOO_MANY_REQUESTS"),
    ],
)
def test_an_api_error_has_its_status_code_and_message(
    client: TestClient, name: str, status: int, code: str
) -> None:
    response = client.get(f"/raised/{name}")

    assert response.status_code == status
    assert response.json()["error_code"] == code
    assert response.json()["error"] == str(RAISED[name])
    assert response.json()["details"] == f"GET /raised/{name}"
    assert response.json()["request_id"] == response.headers["X-Request-ID"]


@pytest.mark.parametrize(("name", "seconds"), [("often", "3"), ("at-once", "1")])
def test_a_client_with_too_many_requests_is_told_when_to_retry(
    client: TestClient, name: str, seconds: str
) -> None:
    assert client.get(f"/raised/{name}").headers["Retry-After"] == seconds


def test_an_api_error_without_a_status_is_a_failure(client: TestClient) -> None:
    response = client.get("/raised/start")

    assert response.status_code == 500
    assert "/srv/fovea" not in response.text
