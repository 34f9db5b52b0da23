"""The read API's documentation shows what the routes answer."""

from typing import Any

import jsonschema
import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from api.reading.runs import RunReader
from api.routes import stats
from tests.api.routes.conftest import read_api

DOCUMENTED = (
    "/api/metrics/latest",
    "/api/metrics/history",
    "/api/metrics/performance/{metric}",
    "/api/epochs",
    "/api/epochs/{epoch}",
    "/api/compare/epochs",
    "/api/runs",
    "/api/stats",
)


@pytest.fixture
def document() -> dict[str, Any]:
    app: FastAPI = read_api(RunReader())
    app.include_router(stats.router)
    return TestClient(app).get("/openapi.json").json()


@pytest.mark.parametrize("path", DOCUMENTED)
def test_each_answer_has_a_type_and_an_example_of_it(document: dict[str, Any], path: str) -> None:
    content = document["paths"][path]["get"]["responses"]["200"]["content"]["application/json"]

    schema = {**content["schema"], "components": document["components"]}
    example = content["example"]
    jsonschema.validate(example, schema)
    shown = example[0] if isinstance(example, list) else example
    assert shown.keys() <= properties(document, content["schema"])


def properties(document: dict[str, Any], schema: dict[str, Any]) -> set[str]:
    """The fields of what a schema refers to."""
    name = schema.get("items", schema)["$ref"].rpartition("/")[2]
    return set(document["components"]["schemas"][name]["properties"])


@pytest.mark.parametrize("path", [path for path in DOCUMENTED if path != "/api/stats"])
def test_refusals_have_a_type(document: dict[str, Any], path: str) -> None:
    responses = document["paths"][path]["get"]["responses"]

    for status in {"404", "422"} if path != "/api/runs" else {"422"}:
        schema = responses[status]["content"]["application/json"]["schema"]
        assert schema == {"$ref": "#/components/schemas/ErrorResponse"}


def test_lists_name_the_header_that_says_how_long_they_are(document: dict[str, Any]) -> None:
    for path in ("/api/metrics/history", "/api/epochs", "/api/runs"):
        answer = document["paths"][path]["get"]["responses"]["200"]
        assert "X-Total-Count" in answer["headers"]


def test_every_route_about_runs_takes_the_workspace(document: dict[str, Any]) -> None:
    for path in DOCUMENTED[:-1]:
        parameters = document["paths"][path]["get"]["parameters"]
        assert "X-MLFLOW-WORKSPACE" in [parameter["name"] for parameter in parameters]
