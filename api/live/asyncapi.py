"""Builds the AsyncAPI document of `/ws` from the models of its messages."""

from collections.abc import Iterable
from functools import cache
from typing import Any, get_args

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from api.live.messages import LARGEST_MESSAGE_BYTES, ClientMessage, ServerMessage
from api.middleware.paths import LIVE_PATH
from api.version import own_version

CLOSE_CODES = {
    1009: f"a message of more than {LARGEST_MESSAGE_BYTES} bytes was received",
    1011: "no pong arrived within 30 s of a ping",
    1012: "the server shuts down: connect again with since",
    1013: "the store or the bus does not respond: connect again with since",
    4401: "not authenticated",
    4403: "not allowed: the server does not accept this Host or Origin",
    4408: "too slow to get every message that may not be skipped: connect again with since",
    4429: "too many connections: connect again later",
}

_QUERY = {
    "run_id": "MLflow run id; without it, the messages of all runs are sent",
    "workspace": "MLflow workspace, where workspaces are enabled; the header X-MLFLOW-WORKSPACE wins",
    "since": "<stream epoch>:<offset> of the last message received: the messages after it are sent "
    "or, if they are no longer retained, a new snapshot with recovered false",
}


@cache
def asyncapi_document() -> dict[str, Any]:
    """The AsyncAPI 3.0 document."""
    sent, received = _models(ServerMessage), _models(ClientMessage)
    both = (*sent, *received)
    return {
        "asyncapi": "3.0.0",
        "info": {"title": "Fovea", "version": own_version(), "description": _description()},
        "defaultContentType": "application/json",
        "channels": {
            "live": {
                "address": LIVE_PATH,
                "messages": _references(both, "#/components/messages"),
                "bindings": {"ws": {"query": _query_schema()}},
            }
        },
        "operations": {
            "tell": _operation("send", sent),
            "ask": _operation("receive", received),
        },
        "components": {
            "messages": {_name(model): _message(model) for model in both},
            "schemas": {
                **_schemas(sent, received),
                "ServerMessage": _any_of(sent),
                "ClientMessage": _any_of(received),
            },
        },
    }


def _models(union: Any) -> tuple[type[BaseModel], ...]:
    return get_args(get_args(union)[0])


def _name(model: type[BaseModel]) -> str:
    return str(get_args(model.model_fields["type"].annotation)[0])


def _description() -> str:
    codes = "\n".join(f"- {code}: {meaning}" for code, meaning in CLOSE_CODES.items())
    return f"What runs log, as soon as MLflow has accepted it.\n\nClose codes:\n\n{codes}"


def _query_schema() -> dict[str, Any]:
    properties = {name: {"type": "string", "description": text} for name, text in _QUERY.items()}
    return {"type": "object", "properties": properties}


def _operation(action: str, models: Iterable[type[BaseModel]]) -> dict[str, Any]:
    messages = _references(models, "#/channels/live/messages").values()
    return {
        "action": action,
        "channel": {"$ref": "#/channels/live"},
        "messages": list(messages),
    }


def _references(models: Iterable[type[BaseModel]], place: str) -> dict[str, dict[str, str]]:
    return {_name(model): {"$ref": f"{place}/{_name(model)}"} for model in models}


def _message(model: type[BaseModel]) -> dict[str, Any]:
    payload = {"$ref": f"#/components/schemas/{model.__name__}"}
    summary = {"summary": model.__doc__.splitlines()[0]} if model.__doc__ else {}
    return {"name": _name(model), "title": model.__name__, **summary, "payload": payload}


def _any_of(models: Iterable[type[BaseModel]]) -> dict[str, Any]:
    return {"oneOf": [{"$ref": f"#/components/schemas/{model.__name__}"} for model in models]}


def _schemas(
    sent: Iterable[type[BaseModel]], received: Iterable[type[BaseModel]]
) -> dict[str, Any]:
    _, document = models_json_schema(
        [
            *((model, "serialization") for model in sent),
            *((model, "validation") for model in received),
        ],
        ref_template="#/components/schemas/{model}",
    )
    schemas: dict[str, Any] = document["$defs"]
    return schemas
