"""The API's documentation describes the responses and errors of all routes."""

from typing import Any

import jsonschema
import pytest

from api.app import create_app

DOCUMENT: dict[str, Any] = create_app().openapi()
UNTYPED = ("/api/asyncapi.json",)
ERROR_RESPONSES = (
    {"$ref": "#/components/schemas/ErrorResponse"},
    {"$ref": "#/components/schemas/SessionError"},
)
OPERATIONS = {
    f"{method} {path}": operation
    for path, operations in DOCUMENT["paths"].items()
    for method, operation in operations.items()
    if path not in UNTYPED
}
ABOUT_THE_SERVER = ("get /api/health", "get /api/stats")
LISTS = (
    "get /api/epochs",
    "get /api/metrics/history",
    "get /api/runs",
    "get /api/training/",
    "get /api/training/{run_id}/commands",
)


@pytest.fixture(params=OPERATIONS.values(), ids=OPERATIONS.keys())
def operation(request: pytest.FixtureRequest) -> dict[str, Any]:
    found: dict[str, Any] = request.param
    return found


def test_each_response_has_a_type_and_an_example_of_it(operation: dict[str, Any]) -> None:
    responses = operation["responses"]
    status = next(it for it in ("201", "202", "200") if it in responses)
    content = responses[status]["content"]
    if "text/html" in content:
        assert content == {"text/html": {"schema": {"type": "string"}}}
        return
    answer = content["application/json"]

    schema = {**answer["schema"], "components": DOCUMENT["components"]}
    example = answer["example"]
    jsonschema.validate(example, schema)
    shown = example[0] if isinstance(example, list) else example
    assert shown.keys() <= properties(answer["schema"])


def properties(schema: dict[str, Any]) -> set[str]:
    """The fields of the schema that is referred to."""
    name = schema.get("items", schema)["$ref"].rpartition("/")[2]
    return set(DOCUMENT["components"]["schemas"][name]["properties"])


def test_each_route_documents_its_refusals_and_their_type(operation: dict[str, Any]) -> None:
    refusals = {
        status: answer["content"]["application/json"]["schema"]
        for status, answer in operation["responses"].items()
        if int(status) >= 400
    }

    assert refusals.keys() >= expected_refusals(operation)
    assert all(schema in ERROR_RESPONSES for schema in refusals.values())


def expected_refusals(operation: dict[str, Any]) -> set[str]:
    """Middleware can refuse every request, and each kind of input adds its own errors."""
    parameters = {parameter["name"] for parameter in operation.get("parameters", [])}
    expected = {"403", "413"}
    if parameters or "requestBody" in operation:
        expected.add("422")
    if "X-MLFLOW-WORKSPACE" in parameters:
        expected |= {"404", "503"}
    return expected


@pytest.mark.parametrize("name", [name for name in OPERATIONS if name not in ABOUT_THE_SERVER])
def test_every_route_about_runs_accepts_a_workspace_and_documents_bad_input(name: str) -> None:
    operation = OPERATIONS[name]

    assert "X-MLFLOW-WORKSPACE" in [parameter["name"] for parameter in operation["parameters"]]
    assert "422" in operation["responses"]


@pytest.mark.parametrize("name", LISTS)
def test_lists_document_the_header_with_their_length(name: str) -> None:
    assert "X-Total-Count" in OPERATIONS[name]["responses"]["200"]["headers"]
