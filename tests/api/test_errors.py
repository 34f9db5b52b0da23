"""The one shape of refusals that the routes of today cannot provoke."""

import pytest
from fastapi import FastAPI, HTTPException
from starlette.testclient import TestClient

from api.errors import install_error_handlers
from api.request_id import RequestIdMiddleware


@pytest.fixture
def client() -> TestClient:
    app = FastAPI()
    app.add_middleware(RequestIdMiddleware)
    install_error_handlers(app)

    @app.get("/numbers/{number}")
    async def get_number(number: int) -> int:
        if number == 0:
            raise HTTPException(409, "The run is paused", headers={"Retry-After": "5"})
        return 10 // (number - 1)

    return TestClient(app, raise_server_exceptions=False)


def test_bad_input_names_the_field(client: TestClient) -> None:
    response = client.get("/numbers/seven")

    assert response.status_code == 422
    assert response.json()["error_code"] == "VALIDATION_ERROR"
    assert response.json()["details"].startswith("path.number: ")
    assert response.json()["request_id"] == response.headers["X-Request-ID"]


def test_a_failure_tells_the_caller_no_more_than_where_to_look(
    client: TestClient, caplog: pytest.LogCaptureFixture
) -> None:
    response = client.get("/numbers/1", headers={"X-Request-ID": "seen-before"})

    assert response.status_code == 500
    assert response.json()["error_code"] == "INTERNAL_ERROR"
    assert response.json()["request_id"] == response.headers["X-Request-ID"] == "seen-before"
    assert "division" not in response.text
    assert "ZeroDivisionError" in caplog.text


def test_a_refusal_keeps_its_sentence_and_headers(client: TestClient) -> None:
    response = client.get("/numbers/0")

    assert response.status_code == 409
    assert response.json()["error"] == "The run is paused"
    assert response.headers["Retry-After"] == "5"
