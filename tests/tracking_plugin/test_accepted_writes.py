"""Every kind of write to MLflow is read as MLflow's own handlers read it."""

import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from flask import Flask
from google.protobuf.json_format import MessageToDict
from hypothesis import given, settings
from hypothesis import strategies as st
from mlflow.protos.service_pb2 import LogBatch
from mlflow.server.handlers import _get_request_message

from tracking_plugin.accepted_writes import (
    MAX_POINTS_PER_EVENT,
    AcceptedWrite,
    UnreadableWriteError,
    tapped_endpoint,
)
from tracking_plugin.events import (
    MAX_TEXT_CHARS,
    ArtifactLogged,
    ExperimentChanged,
    LoggedPoint,
    MetricsLogged,
    ParamsLogged,
    RunCreated,
    RunDeleted,
    RunEvent,
    RunRestored,
    RunUpdated,
    SystemMetricsLogged,
    TagsChanged,
    encode_event,
)
from tracking_plugin.names import Param, Tag

RUNS = "/api/2.0/mlflow/runs"
ARTIFACTS = "/api/2.0/mlflow-artifacts"
RUN_ID = "0123456789abcdef0123456789abcdef"
NOW_MS = 1_750_000_000_000


def read_request(
    path: str, body: bytes = b"", *, method: str = "POST", query: bytes = b"", response: bytes = b""
) -> list[RunEvent]:
    endpoint = tapped_endpoint(method, path)
    assert endpoint is not None
    write = AcceptedWrite(
        query=query, body=body, response=response, accepted_ms=NOW_MS, workspace="retina"
    )
    return list(endpoint.read(write))


def read_run_write(verb: str, document: Any) -> list[RunEvent]:
    return read_request(f"{RUNS}/{verb}", json.dumps(document).encode())


def event(event_type: Callable[..., RunEvent], **fields: Any) -> RunEvent:
    return event_type(run_id="a", accepted_ms=NOW_MS, workspace="retina", **fields)


METRIC = {"key": "loss", "value": 0.5, "timestamp": 7, "step": 3}
POINT = LoggedPoint("loss", 0.5, 3, 7)


@pytest.mark.parametrize(
    ("verb", "document", "expected"),
    [
        ("log-metric", {"run_id": "a", **METRIC}, event(MetricsLogged, points=[POINT])),
        ("log-parameter", {"run_id": "a", "key": "lr", "value": "1"}, event(ParamsLogged, params={"lr": "1"})),
        ("set-tag", {"run_id": "a", "key": "k", "value": "v"}, event(TagsChanged, tags={"k": "v"})),
        ("delete-tag", {"run_id": "a", "key": "k"}, event(TagsChanged, tags={"k": None})),
        ("update", {"run_id": "a", "end_time": 9}, event(RunUpdated, end_time_ms=9)),
        ("update", {"run_id": "a", "status": "FAILED"}, event(RunUpdated, status="FAILED")),
        ("update", {"run_id": "a", "run_name": "new"}, event(RunUpdated, run_name="new")),
        ("delete", {"run_id": "a"}, event(RunDeleted)),
        ("restore", {"run_id": "a"}, event(RunRestored)),
    ],
)  # fmt: skip
def test_each_kind_of_write_becomes_its_event(
    verb: str, document: Mapping[str, Any], expected: RunEvent
) -> None:
    assert read_run_write(verb, document) == [expected]


@pytest.mark.parametrize(("verb", "is_deleted"), [("delete", True), ("restore", False)])
def test_a_change_of_an_experiment_is_told_apart_from_that_of_a_run(
    verb: str, is_deleted: bool
) -> None:
    path = f"{RUNS.removesuffix('runs')}experiments/{verb}"
    (change,) = read_request(path, json.dumps({"experiment_id": "7"}).encode())
    assert change == ExperimentChanged(
        experiment_id="7", is_deleted=is_deleted, accepted_ms=NOW_MS, workspace="retina"
    )


def test_a_batch_becomes_params_metrics_and_tags_in_this_order() -> None:
    document = {
        "run_id": "a",
        "tags": [{"key": "k", "value": "v"}],
        "params": [{"key": "lr", "value": "1"}],
        "metrics": [METRIC, {**METRIC, "key": "system/cpu"}],
    }
    assert read_run_write("log-batch", document) == [
        event(ParamsLogged, params={"lr": "1"}),
        event(SystemMetricsLogged, points=[LoggedPoint("system/cpu", 0.5, 3, 7)]),
        event(MetricsLogged, points=[POINT]),
        event(TagsChanged, tags={"k": "v"}),
    ]


def test_an_empty_batch_becomes_no_event() -> None:
    assert read_run_write("log-batch", {"run_id": "a"}) == []


def test_a_created_run_is_read_from_the_response_not_from_the_request() -> None:
    response = {
        "run": {
            "info": {
                "run_id": "a",
                "experiment_id": "12",
                "run_name": "merry-owl-1",
                "status": "RUNNING",
                "start_time": "123",
            },
            "data": {"tags": [{"key": "k", "value": "v"}]},
        }
    }
    body = json.dumps({"run_name": "requested"}).encode()
    assert read_request(f"{RUNS}/create", body, response=json.dumps(response).encode()) == [
        event(
            RunCreated,
            experiment_id="12",
            run_name="merry-owl-1",
            start_time_ms=123,
            tags={"k": "v"},
        )
    ]


@pytest.mark.parametrize(
    "prefix",
    ["/api/2.0", "/ajax-api/2.0", "/api/3.0", "/api/10.11", "/behind/a/proxy/ajax-api/2.0"],
)
def test_each_url_of_the_same_handler_is_tapped(prefix: str) -> None:
    body = json.dumps({"run_id": "a", **METRIC}).encode()
    assert read_request(f"{prefix}/mlflow/runs/log-metric", body) == [
        event(MetricsLogged, points=[POINT])
    ]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", f"{RUNS}/get"),
        ("POST", f"{RUNS}/search"),
        ("POST", f"{RUNS}/log-model"),
        ("GET", f"{RUNS}/log-batch"),
        ("POST", f"{RUNS}/log-batch/more"),
        ("POST", "/api/2.0/mlflow/experiments/create"),
        ("POST", "/api/runs/log-batch"),
        ("GET", f"{ARTIFACTS}/artifacts/1/{RUN_ID}/artifacts/a.png"),
        ("DELETE", f"{ARTIFACTS}/artifacts/1/{RUN_ID}/artifacts/a.png"),
        ("POST", f"{ARTIFACTS}/mpu/create/1/{RUN_ID}/artifacts/a"),
        ("PUT", f"{ARTIFACTS}/artifacts/1/models/m-{RUN_ID}/artifacts/MLmodel"),
        ("PUT", f"{ARTIFACTS}/artifacts/1/traces/{RUN_ID[:30]}/artifacts/traces.json"),
        ("GET", "/ajax-api/2.0/mlflow/upload-artifact"),
    ],
)
def test_a_request_that_changes_no_run_is_not_tapped(method: str, path: str) -> None:
    assert tapped_endpoint(method, path) is None


@pytest.mark.parametrize(
    "document",
    [
        {"runId": "a", "metrics": [{"key": "loss", "value": "0.5", "timestamp": "7", "step": "3"}]},
        {"run_id": "a", "metrics": [{**METRIC, "value": "5e-1", "unknown": {"of": ["later"]}}]},
        json.dumps({"run_id": "a", "metrics": [METRIC]}),
    ],
    ids=["camelCase and numbers as text", "a field of a later version", "doubly encoded"],
)
def test_each_encoding_of_a_batch_gives_the_same_event(document: Any) -> None:
    assert read_run_write("log-batch", document) == [event(MetricsLogged, points=[POINT])]


@pytest.mark.parametrize(
    ("verb", "document"),
    [
        ("log-metric", METRIC),
        ("log-parameter", {"key": "lr", "value": "1"}),
        ("set-tag", {"key": "k", "value": "v"}),
        ("update", {"status": "FAILED"}),
    ],
)
def test_run_uuid_is_read_as_the_runs_id(verb: str, document: Mapping[str, Any]) -> None:
    assert [event.run_id for event in read_run_write(verb, {"run_uuid": "a", **document})] == ["a"]


@pytest.mark.parametrize("value", ["NaN", "Infinity", "-Infinity"])
def test_nan_and_infinity_are_kept(value: str) -> None:
    (logged,) = read_run_write("log-metric", {"run_id": "a", **METRIC, "value": value})
    assert isinstance(logged, MetricsLogged)
    assert repr(logged.points[0].value) == repr(float(value))


@pytest.mark.parametrize("token", ["NaN", "Infinity", "-Infinity"])
def test_a_bare_nan_in_the_json_is_read_as_mlflow_reads_it(token: str) -> None:
    body = (
        b'{"run_id": "a", "metrics": [{"key": "loss", "step": 3, "value": %s, "timestamp": 7}]}'
        % token.encode()
    )
    # MLflow stops parsing there, and stores 0.
    assert our_points(body) == [LoggedPoint("loss", 0.0, 3, 0)]
    assert our_points(body) == mlflow_points(body)


@pytest.mark.parametrize(
    "body", [b"", b"{", b"\xff\xfe\xfa", b"[]", b"3", b"null", b'"[]"', b'"{"']
)
def test_a_body_that_is_not_a_json_object_is_refused(body: bytes) -> None:
    with pytest.raises(UnreadableWriteError):
        read_request(f"{RUNS}/log-batch", body)


def test_a_large_batch_becomes_several_events() -> None:
    metrics = [{"key": "m", "value": 1, "timestamp": 1, "step": step} for step in range(601)]
    events = read_run_write("log-batch", {"run_id": "a", "metrics": metrics})
    sizes = [len(event.points) for event in events if isinstance(event, MetricsLogged)]
    assert sizes == [MAX_POINTS_PER_EVENT, MAX_POINTS_PER_EVENT, 601 - 2 * MAX_POINTS_PER_EVENT]
    steps = [p.step for event in events if isinstance(event, MetricsLogged) for p in event.points]
    assert steps == list(range(601))


def test_long_texts_are_truncated() -> None:
    long_text = "ä" * 10_000_000
    document = {"run_id": "a", "key": "k", "value": long_text}
    for verb in ("set-tag", "log-parameter"):
        (read,) = read_run_write(verb, document)
        assert len(encode_event(read)) < 3 * MAX_TEXT_CHARS


@pytest.mark.parametrize("name", [*Param, *Tag])
def test_values_that_subscribers_parse_are_kept_as_long_as_mlflow_keeps_them(name: str) -> None:
    thresholds = json.dumps({f"condition {number}": 0.95 for number in range(50)})
    assert len(thresholds) > MAX_TEXT_CHARS
    document = {"run_id": "a", "key": name, "value": thresholds}
    assert read_run_write("log-parameter", document) == [
        event(ParamsLogged, params={str(name): thresholds})
    ]
    assert read_run_write("set-tag", document) == [event(TagsChanged, tags={str(name): thresholds})]
    (read,) = read_run_write("set-tag", {**document, "value": "x" * 10_000_000})
    assert len(encode_event(read)) < 10_000


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        (f"1/{RUN_ID}/artifacts/model.pt", "model.pt"),
        (f"1/{RUN_ID}/artifacts/epochs/0001/evaluation.json", "epochs/0001/evaluation.json"),
        (f"workspaces/retina/1/{RUN_ID}/artifacts/a b.png", "a b.png"),
        (f"{RUN_ID}/artifacts/a", "a"),
        (f"1/{RUN_ID}/artifacts/{'f' * 32}/artifacts/a", f"{'f' * 32}/artifacts/a"),
    ],
)
def test_a_proxied_artifact_has_its_path_within_the_run(path: str, expected: str) -> None:
    for prefix in ("/api", "/prefix/ajax-api"):
        url = f"{prefix}/2.0/mlflow-artifacts/artifacts/{path}"
        (logged,) = read_request(url, method="PUT")
        assert isinstance(logged, ArtifactLogged)
        assert (logged.run_id, logged.path) == (RUN_ID, expected)


@pytest.mark.parametrize(
    ("folder", "expected"),
    [("", "model.pt"), ("/checkpoints/last", "checkpoints/last/model.pt")],
)
def test_a_multipart_upload_has_its_file_name_in_the_body(folder: str, expected: str) -> None:
    body = json.dumps({"path": "/home/me/model.pt", "upload_id": "u", "parts": []}).encode()
    url = f"{ARTIFACTS}/mpu/complete/1/{RUN_ID}/artifacts{folder}"
    assert read_request(url, body) == [
        ArtifactLogged(run_id=RUN_ID, accepted_ms=NOW_MS, workspace="retina", path=expected)
    ]


def test_an_upload_from_the_browser_has_run_and_path_in_the_query() -> None:
    url = "/ajax-api/2.0/mlflow/upload-artifact"
    assert read_request(url, query=b"run_uuid=a&path=figures%2Fa%20b.png") == [
        event(ArtifactLogged, path="figures/a b.png")
    ]
    for incomplete in (b"run_uuid=a", b"path=a", b"run_uuid=&path=a", b""):
        with pytest.raises(UnreadableWriteError):
            read_request(url, query=incomplete)


_flask = Flask("oracle")


def mlflow_points(body: bytes) -> list[LoggedPoint]:
    """The points that MLflow's own handler reads from `body`."""
    with _flask.test_request_context(
        "/", method="POST", data=body, content_type="application/json"
    ):
        batch = _get_request_message(LogBatch())
    return [LoggedPoint(m.key, m.value, m.step, m.timestamp) for m in batch.metrics]


def our_points(body: bytes) -> list[LoggedPoint]:
    logged = read_request(f"{RUNS}/log-batch", body)
    return [
        point
        for event in logged
        if isinstance(event, MetricsLogged | SystemMetricsLogged)
        for point in event.points
    ]


def comparable(points: list[LoggedPoint]) -> list[str]:
    # As text, because NaN equals nothing; sorted, because system metrics are read first.
    return sorted(map(repr, points))


names = st.text(st.characters(exclude_categories=["Cs"]), max_size=8) | st.just("system/cpu")
int64 = st.integers(-(2**63), 2**63 - 1)


@st.composite
def batches(draw: st.DrawFn) -> LogBatch:
    batch = LogBatch(run_id="a")
    for _ in range(draw(st.integers(0, 6))):
        batch.metrics.add(
            key=draw(names), value=draw(st.floats()), step=draw(int64), timestamp=draw(int64)
        )
    return batch


@given(batches(), st.booleans(), st.booleans())
def test_the_points_of_any_batch_are_those_that_mlflow_reads(
    batch: LogBatch, is_snake_case: bool, is_doubly_encoded: bool
) -> None:
    text = json.dumps(MessageToDict(batch, preserving_proto_field_name=is_snake_case))
    body = (json.dumps(text) if is_doubly_encoded else text).encode()
    assert comparable(our_points(body)) == comparable(mlflow_points(body))
    assert len(our_points(body)) == len(batch.metrics)


unexpected_values = st.sampled_from(
    ["x", "1_0", "nan", "", None, True, 1.5, 2**70, -1, [], {}, ["a"], {"b": 1}]
)
fields = st.sampled_from(["key", "value", "timestamp", "step", "model_id"])
metrics = st.dictionaries(fields, unexpected_values | st.just(3) | st.just("7")) | unexpected_values
documents = st.dictionaries(
    st.sampled_from(["run_id", "metrics", "tags", "params", "elsewhere"]),
    st.lists(metrics, max_size=4) | unexpected_values,
)


@settings(max_examples=400)
@given(documents)
def test_as_much_is_read_of_an_invalid_body_as_mlflow_reads(
    document: Mapping[str, Any],
) -> None:
    body = json.dumps(document).encode()
    assert comparable(our_points(body)) == comparable(mlflow_points(body))


def test_a_batch_is_read_up_to_the_first_error() -> None:
    metrics = [METRIC, {**METRIC, "value": "not a number", "step": 4}, {**METRIC, "step": 5}]
    body = json.dumps({"run_id": "a", "metrics": metrics}).encode()
    assert POINT in our_points(body)
    assert [point.step for point in our_points(body)] != [3, 4, 5]
    assert comparable(our_points(body)) == comparable(mlflow_points(body))
