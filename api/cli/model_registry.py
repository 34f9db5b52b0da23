"""Reads and changes the model registry of an MLflow server, over MLflow's own REST API."""

from collections.abc import Iterator, Mapping
from http import HTTPStatus
from typing import Any, Self, TypeVar

import httpx
from pydantic import BaseModel, ValidationError

from api.client.refusals import (
    NotFoveaError,
    RequestRefusedError,
    code_name,
    credentials_advice,
    unreachable,
)
from api.client.server_address import server_address
from api.client.transport import http_options
from tracking_plugin.names import previous_alias_tag
from tracking_plugin.printable import printable

TIMEOUT_S = 30.0
MAX_VERSIONS = 200
MAX_MODELS = 10_000
READY = "READY"

_API = "/api/2.0/mlflow"
_PAGE = 100

Answer = TypeVar("Answer", bound=BaseModel)


class _Alias(BaseModel):
    alias: str
    version: str


class _Tag(BaseModel):
    key: str
    value: str = ""


class RegisteredModel(BaseModel):
    """A registered model with its aliases and tags."""

    name: str
    last_updated_timestamp: int | None = None
    aliases: list[_Alias] = []
    tags: list[_Tag] = []

    def version_of(self, alias: str) -> str | None:
        return next((each.version for each in self.aliases if each.alias == alias), None)

    def previous_of(self, alias: str) -> str | None:
        """The version that had the alias before it was promoted; None if none is remembered."""
        key = previous_alias_tag(alias)
        return next((tag.value for tag in self.tags if tag.key == key and tag.value), None)


class ModelVersion(BaseModel):
    """A version of a registered model."""

    version: str
    run_id: str | None = None
    status: str = READY
    creation_timestamp: int | None = None


class _Metric(BaseModel):
    key: str
    value: float | str | None = None


class _RunInfo(BaseModel):
    run_name: str = ""


class _RunData(BaseModel):
    metrics: list[_Metric] = []


class RegisteredRun(BaseModel):
    """The run that a version comes from."""

    info: _RunInfo
    data: _RunData

    def metric(self, name: str) -> float | None:
        """The last value of a metric; None if there is none, or if it is no number."""
        found = next((each.value for each in self.data.metrics if each.key == name), None)
        return float(found) if isinstance(found, int | float) else None


class _ModelAnswer(BaseModel):
    registered_model: RegisteredModel


class _ModelsAnswer(BaseModel):
    registered_models: list[RegisteredModel] = []
    next_page_token: str = ""


class _VersionAnswer(BaseModel):
    model_version: ModelVersion


class _VersionsAnswer(BaseModel):
    model_versions: list[ModelVersion] = []


class _RunAnswer(BaseModel):
    run: RegisteredRun


class _Nothing(BaseModel):
    pass


class _Refusal(BaseModel):
    error_code: str
    message: str = ""


class ModelRegistry:
    """The registry of the server at `url`, by default at MLFLOW_TRACKING_URI.

    Each method raises RequestRefusedError if the server refuses, for example with the status 404 for
    an unknown model or version.
    """

    def __init__(self, url: str | None) -> None:
        self._address = server_address(url)
        self._http = httpx.Client(**http_options(self._address), timeout=TIMEOUT_S)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()

    def models(self) -> Iterator[RegisteredModel]:
        """All registered models, by name."""
        token = ""
        for _ in range(MAX_MODELS // _PAGE):
            query = {"max_results": str(_PAGE), **({"page_token": token} if token else {})}
            page = self._get("registered-models/search", _ModelsAnswer, query)
            yield from page.registered_models
            token = page.next_page_token
            if not token:
                return

    def model(self, name: str) -> RegisteredModel:
        answer = self._get("registered-models/get", _ModelAnswer, {"name": name})
        return answer.registered_model

    def version(self, name: str, version: str) -> ModelVersion:
        query = {"name": name, "version": version}
        return self._get("model-versions/get", _VersionAnswer, query).model_version

    def versions(self, name: str) -> list[ModelVersion]:
        """The newest versions of a model, at most MAX_VERSIONS."""
        quote = '"' if "'" in name else "'"
        query = {
            "filter": f"name={quote}{name}{quote}",
            "max_results": str(MAX_VERSIONS),
            "order_by": "version_number DESC",
        }
        return self._get("model-versions/search", _VersionsAnswer, query).model_versions

    def run(self, run_id: str) -> RegisteredRun | None:
        """The run of a version; None if it was deleted."""
        try:
            return self._get("runs/get", _RunAnswer, {"run_id": run_id}).run
        except RequestRefusedError as error:
            if error.status == HTTPStatus.NOT_FOUND:
                return None
            raise

    def set_alias(self, name: str, alias: str, version: str) -> None:
        self._post("registered-models/alias", {"name": name, "alias": alias, "version": version})

    def set_tag(self, name: str, key: str, value: str) -> None:
        self._post("registered-models/set-tag", {"name": name, "key": key, "value": value})

    def _get(self, path: str, answer: type[Answer], query: Mapping[str, str]) -> Answer:
        return self._send("GET", path, answer, params=query)

    def _post(self, path: str, body: Mapping[str, str]) -> None:
        self._send("POST", path, _Nothing, json=body)

    def _send(self, method: str, path: str, answer: type[Answer], **content: Any) -> Answer:
        try:
            response = self._http.request(method, f"{_API}/{path}", **content)
        except httpx.RequestError as error:
            raise unreachable(self._address, error) from None
        if not response.is_success:
            raise _refused(response)
        try:
            return answer.model_validate_json(response.content)
        except ValidationError:
            raise _foreign(response) from None


def _refused(response: httpx.Response) -> RequestRefusedError | NotFoveaError:
    advice = credentials_advice(response.status_code)
    try:
        refusal = _Refusal.model_validate_json(response.content)
    except ValidationError:
        if not advice:
            return _foreign(response)
        refusal = _Refusal(error_code=code_name(response.status_code))
    reason = printable(refusal.message or refusal.error_code)
    hint = f": {advice}" if advice else ""
    return RequestRefusedError(
        f"The model registry refused: {reason}{hint}",
        status=response.status_code,
        error_code=refusal.error_code,
    )


def _foreign(response: httpx.Response) -> NotFoveaError:
    target = response.request.url.copy_with(query=None, userinfo=b"")
    return NotFoveaError(
        f"{target} was answered with status {response.status_code}, but not as MLflow does: "
        "check the server's address"
    )
