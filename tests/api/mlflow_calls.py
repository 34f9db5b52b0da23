"""Requests that compare MLflow under Fovea with MLflow alone: valid ones, invalid ones, other paths."""

import json
from dataclasses import replace
from typing import Any

from tests.api.plain_mlflow import Step

LARGE = bytes(range(256)) * 12_000
"""Three times the largest body that Fovea's own routes accept."""


def call(
    name: str, path: str, content: Any = None, /, method: str = "POST", **keeps: tuple[str, ...]
) -> Step:
    """A call of MLflow's REST API."""
    body = None if content is None else json.dumps(content).encode()
    return Step(
        name=name, method=method, path=f"{{base}}/api/2.0/mlflow/{path}", body=body, keeps=keeps
    )


def raw(name: str, method: str, path: str, body: bytes | None = None, /, **headers: str) -> Step:
    """Any request; `Accept_Encoding` stands for the header with a hyphen."""
    named = {header.replace("_", "-"): value for header, value in headers.items()}
    return Step(name=name, method=method, path=f"{{base}}{path}", body=body, headers=named)


def chunked(step: Step) -> Step:
    return replace(step, name=f"{step.name}-chunked", is_chunked=True)


def at_root(step: Step) -> Step:
    """The same request without the prefix, whether or not the server has one."""
    return replace(step, name=f"{step.name}-at-root", path=step.path.removeprefix("{base}"))


def get(name: str, path: str) -> Step:
    return call(name, path, method="GET")


RUN = {"run_id": "{run}"}
# No alert rule matches these metrics, because alerts would set tags of the run.
METRIC = {**RUN, "key": "train/error", "value": 0.5, "timestamp": 1, "step": 1}
BATCH = {
    **RUN,
    "metrics": [{"key": "val/error", "value": i, "timestamp": i, "step": i} for i in range(50)],
    "params": [{"key": "lr", "value": "0.1"}],
    "tags": [{"key": "t", "value": "v"}],
}
MODEL = {**RUN, "artifact_path": "model", "utc_time_created": "2025-01-01", "flavors": {}}
ARTIFACTS = "/api/2.0/mlflow-artifacts/artifacts"
FILE = f"{ARTIFACTS}/{{experiment}}/{{run}}/artifacts/notes"
CREATE = "/api/2.0/mlflow/experiments/create"
LOG = "/api/2.0/mlflow/runs/log-metric"

EXPERIMENTS = [
    call("experiment-create", "experiments/create", {"name": "one"}, experiment=("experiment_id",)),
    call("experiment-create-twice", "experiments/create", {"name": "one"}),
    call("experiment-create-nameless", "experiments/create", {}),
    call("experiment-search", "experiments/search", {"max_results": 5}),
    call("experiment-search-too-many", "experiments/search", {"max_results": 10**9}),
    get("experiment-get", "experiments/get?experiment_id={experiment}"),
    get("experiment-by-name", "experiments/get-by-name?experiment_name=one"),
    get("experiment-missing", "experiments/get-by-name?experiment_name=none"),
    call(
        "experiment-tag",
        "experiments/set-experiment-tag",
        {"experiment_id": "{experiment}", "key": "k", "value": "ü ☃"},
    ),
]
RUNS = [
    call(
        "run-create",
        "runs/create",
        {"experiment_id": "{experiment}", "run_name": "first", "start_time": 1},
        run=("run", "info", "run_id"),
    ),
    call("run-create-nowhere", "runs/create", {"experiment_id": "987654321"}),
    call(
        "run-create-camel",
        "runs/create",
        {"experimentId": "{experiment}", "runName": "second", "startTime": 2},
        second=("run", "info", "run_id"),
    ),
    call("metric", "runs/log-metric", METRIC),
    call("metric-nan", "runs/log-metric", {**METRIC, "value": "NaN", "step": 2}),
    call("metric-infinite", "runs/log-metric", {**METRIC, "value": "-Infinity", "step": 3}),
    call("metric-no-number", "runs/log-metric", {**METRIC, "value": "much"}),
    call("metric-keyless", "runs/log-metric", {**RUN, "value": 1, "timestamp": 1}),
    call("metric-bad-key", "runs/log-metric", {**METRIC, "key": "../up"}),
    call("metric-camel", "runs/log-metric", {**METRIC, "run_id": "", "runId": "{run}"}),
    call("metric-run-uuid", "runs/log-metric", {**METRIC, "run_uuid": "{run}", "step": 4}),
    call("metric-no-run", "runs/log-metric", {**METRIC, "run_id": "0" * 32}),
    call("param", "runs/log-parameter", {**RUN, "key": "epochs", "value": "2"}),
    call("param-changed", "runs/log-parameter", {**RUN, "key": "epochs", "value": "3"}),
    call("param-long", "runs/log-parameter", {**RUN, "key": "long", "value": "v" * 6001}),
    call("tag", "runs/set-tag", {**RUN, "key": "fovea.status", "value": "training"}),
    call("tag-long-key", "runs/set-tag", {**RUN, "key": "k" * 251, "value": "v"}),
    call("tag-delete", "runs/delete-tag", {**RUN, "key": "fovea.status"}),
    call("tag-delete-again", "runs/delete-tag", {**RUN, "key": "fovea.status"}),
    call("batch", "runs/log-batch", BATCH),
    chunked(call("batch", "runs/log-batch", BATCH)),
    call("batch-empty", "runs/log-batch", RUN),
    call(
        "batch-too-long",
        "runs/log-batch",
        {**RUN, "metrics": [{"key": "m", "value": 1, "timestamp": 1, "step": 1}] * 1001},
    ),
    call("batch-bad", "runs/log-batch", {**RUN, "metrics": {"key": "m"}}),
    call("model-of-run", "runs/log-model", {**RUN, "model_json": json.dumps(MODEL)}),
    call("model-of-run-empty", "runs/log-model", {**RUN, "model_json": "{}"}),
    call("run-update", "runs/update", {**RUN, "status": "FINISHED", "end_time": 9}),
    call("run-update-wrong", "runs/update", {**RUN, "status": "ASLEEP"}),
    call("run-delete", "runs/delete", {"run_id": "{second}"}),
    call("run-restore", "runs/restore", {"run_id": "{second}"}),
    get("run-get", "runs/get?run_id={run}"),
    get("run-get-camel", "runs/get?runId={run}"),
    get("run-get-missing", "runs/get?run_id=nobody"),
    get("run-get-none", "runs/get"),
    call(
        "run-search",
        "runs/search",
        {
            "experiment_ids": ["{experiment}"],
            "filter": "metrics.`val/error` > 3",
            "order_by": ["attributes.start_time ASC"],
        },
    ),
    call("run-search-wrong", "runs/search", {"experiment_ids": ["0"], "filter": "what is this"}),
    get("history", "metrics/get-history?run_id={run}&metric_key=val/error&max_results=7"),
    get("history-not-finite", "metrics/get-history?run_id={run}&metric_key=train%2Ferror"),
    get("history-keyless", "metrics/get-history?run_id={run}"),
]
MODELS = [
    call("model-create", "registered-models/create", {"name": "retinal"}),
    call("model-create-twice", "registered-models/create", {"name": "retinal"}),
    call(
        "model-version",
        "model-versions/create",
        {
            **RUN,
            "name": "retinal",
            "source": "mlflow-artifacts:/{experiment}/{run}/artifacts/model",
        },
    ),
    get("model-get", "registered-models/get?name=retinal"),
    call(
        "model-alias",
        "registered-models/alias",
        {"name": "retinal", "alias": "best", "version": "1"},
    ),
    get("model-by-alias", "registered-models/alias?name=retinal&alias=best"),
    get("model-search", "registered-models/search?filter=name%3D%27retinal%27"),
    get("model-missing", "registered-models/get?name=none"),
    call("model-rename-patch", "registered-models/update", {"name": "retinal"}, method="PATCH"),
    call("model-delete", "registered-models/delete", {"name": "retinal"}, method="DELETE"),
]
FILES = [
    raw("file-put", "PUT", f"{FILE}/a.txt", b"content", Content_Type="text/plain"),
    raw("file-put-large", "PUT", f"{FILE}/large.bin", LARGE, Content_Type="application/x-any"),
    chunked(raw("file-put", "PUT", f"{FILE}/b.bin", LARGE)),
    raw("file-put-up", "PUT", f"{ARTIFACTS}/%2e%2e/%2e%2e/up.txt", b"up"),
    raw("file-get", "GET", f"{FILE}/a.txt"),
    raw("file-get-large", "GET", f"{FILE}/large.bin"),
    raw("file-get-b", "GET", f"{FILE}/b.bin"),
    raw("file-get-part", "GET", f"{FILE}/a.txt", Range="bytes=2-4"),
    raw("file-get-missing", "GET", f"{FILE}/none.txt"),
    raw("file-get-up", "GET", f"{ARTIFACTS}/..%2f..%2fmlflow.db"),
    raw("file-head", "HEAD", f"{FILE}/a.txt"),
    raw("file-list", "GET", f"{ARTIFACTS}?path={{experiment}}/{{run}}/artifacts/notes"),
    raw("file-delete", "DELETE", f"{FILE}/a.txt"),
    get("run-files", "artifacts/list?run_id={run}&path=notes"),
    get("run-files-up", "artifacts/list?run_id={run}&path=../.."),
    raw("run-file", "GET", "/get-artifact?run_id={run}&path=notes/large.bin"),
    raw("run-file-missing", "GET", "/get-artifact?run_id={run}&path=none"),
    raw(
        "run-file-upload",
        "POST",
        "/ajax-api/2.0/mlflow/upload-artifact?run_uuid={run}&path=ui.txt",
        b"from the page",
        Content_Type="text/plain",
    ),
]
WORDING = [
    raw("json-broken", "POST", CREATE, b"{"),
    raw("json-none", "POST", CREATE, b""),
    raw("json-list", "POST", CREATE, b"[]"),
    raw("json-twice", "POST", LOG, json.dumps(json.dumps({**METRIC, "step": 7})).encode()),
    raw("json-untyped", "POST", LOG, json.dumps(METRIC).encode(), Content_Type="text/plain"),
    raw(
        "json-charset",
        "POST",
        LOG,
        json.dumps(METRIC).encode(),
        Content_Type="application/json; charset=utf-8",
    ),
    raw("json-utf-16", "POST", CREATE, json.dumps({"name": "wide"}).encode("utf-16")),
    raw("json-unknown-field", "POST", LOG, json.dumps({**METRIC, "more": 1}).encode()),
    raw("ajax", "POST", "/ajax-api/2.0/mlflow/experiments/search", b'{"max_results": 3}'),
    raw("ajax-run", "GET", "/ajax-api/2.0/mlflow/runs/get?run_id={run}"),
    raw(
        "ajax-history",
        "GET",
        "/ajax-api/2.0/mlflow/metrics/get-history-bulk-interval"
        "?run_ids={run}&metric_key=val/error&max_results=10",
    ),
    raw("graphql", "POST", "/graphql", b'{"query": "{ __typename }"}'),
    raw("traces", "POST", "/api/3.0/mlflow/traces/search", b'{"locations": []}'),
    raw("otel", "POST", "/v1/traces", b"no protobuf", Content_Type="application/x-protobuf"),
    raw("wrong-method", "DELETE", CREATE),
    raw("wrong-method-get", "GET", LOG),
    raw("unknown-version", "GET", "/api/9.9/mlflow/runs/get"),
    raw("unknown-call", "POST", "/api/2.0/mlflow/runs/dance", b"{}"),
    raw("slash-after", "GET", "/api/2.0/mlflow/runs/get/"),
    raw("slash-twice", "GET", "//api/2.0/mlflow/runs/get"),
    raw("no-interface", "GET", "/api"),
    raw("not-quite-ours", "GET", "/apix/health"),
    raw("not-quite-ours-upper", "GET", "/API/health"),
    raw("health", "GET", "/health"),
    raw("version", "GET", "/version"),
    raw("page", "GET", "/"),
    raw("page-head", "HEAD", "/"),
    raw("page-missing", "GET", "/static-files/none.js"),
    raw("server-info", "GET", "/api/3.0/mlflow/server-info"),
    raw("compressed", "POST", CREATE, b"{}", Accept_Encoding="gzip"),
    raw("page-compressed", "GET", "/", Accept_Encoding="gzip, br"),
    raw("named", "POST", CREATE, b"{}", X_Request_ID="mine"),
    raw("host", "GET", "/api/2.0/mlflow/runs/get", Host="rebound.example"),
    raw("origin", "POST", CREATE, b"{}", Origin="https://evil.example"),
    raw("origin-local", "POST", CREATE, b"{}", Origin="http://localhost:3000"),
    raw(
        "preflight",
        "OPTIONS",
        CREATE,
        Origin="http://localhost:3000",
        Access_Control_Request_Method="POST",
    ),
    raw("options", "OPTIONS", CREATE),
]
AT_ROOT = [
    at_root(get("run-get", "runs/get?run_id={run}")),
    at_root(call("metric", "runs/log-metric", METRIC)),
    at_root(raw("file-get", "GET", f"{FILE}/large.bin")),
    at_root(raw("file-put", "PUT", f"{FILE}/c.txt", b"content")),
    at_root(raw("health", "GET", "/health")),
    at_root(raw("page", "GET", "/")),
]
STEPS = [*EXPERIMENTS, *RUNS, *MODELS, *FILES, *WORDING, *AT_ROOT]
