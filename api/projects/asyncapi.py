"""Adds the WebSocket of projects to the AsyncAPI document."""

from collections.abc import Mapping
from typing import Any

from pydantic.json_schema import models_json_schema

from api.projects.messages import WebSocketEvent

STREAM_PATH = "/api/v1/ws/projects/{project_id}/stream"
_CHANNEL = "project"
_MESSAGE = "project_event"


def with_project_stream(document: Mapping[str, Any]) -> dict[str, Any]:
    """`document` with the channel of the events of a project."""
    components = document["components"]
    return {
        **document,
        "channels": {**document["channels"], _CHANNEL: _channel()},
        "operations": {**document["operations"], "follow_project": _operation()},
        "components": {
            **components,
            "messages": {**components["messages"], _MESSAGE: _message()},
            "schemas": {**components["schemas"], **_schemas()},
        },
    }


def _channel() -> dict[str, Any]:
    return {
        "address": STREAM_PATH,
        "parameters": {"project_id": {"description": "`project_id` of a project"}},
        "messages": {_MESSAGE: {"$ref": f"#/components/messages/{_MESSAGE}"}},
    }


def _operation() -> dict[str, Any]:
    return {
        "action": "send",
        "channel": {"$ref": f"#/channels/{_CHANNEL}"},
        "messages": [{"$ref": f"#/channels/{_CHANNEL}/messages/{_MESSAGE}"}],
    }


def _message() -> dict[str, Any]:
    return {
        "name": _MESSAGE,
        "title": WebSocketEvent.__name__,
        "summary": "A message about a project; the first ones are its present state.",
        "payload": {"$ref": f"#/components/schemas/{WebSocketEvent.__name__}"},
    }


def _schemas() -> dict[str, Any]:
    _, document = models_json_schema(
        [(WebSocketEvent, "serialization")], ref_template="#/components/schemas/{model}"
    )
    schemas: dict[str, Any] = document["$defs"]
    return schemas
