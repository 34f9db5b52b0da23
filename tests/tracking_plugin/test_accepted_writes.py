"""Every way to write to MLflow becomes the events that MLflow's own handlers would agree with."""

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
    MOST_POINTS,
    AcceptedWrite,
    UnreadableWriteError,
    tapped_endpoint,
)
from tracking_plugin.events import (
    LONGEST_TEXT,
    ArtifactLogged,
    MetricPoint,
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


def events_of(
    path: str, body: bytes = b"", *, method: str = "POST", query: bytes = b"", response: bytes = b""
) -> list[RunEvent]:
    endpoint = tapped_endpoint(method, path)
    assert endpoint is not None
    write = AcceptedWrite(
        query=query, body=body, response=response, accepted_ms=NOW_MS, workspace="retina"
    )
    return list(endpoint.read(write))


def written(verb: str, document: Any) -> list[RunEvent]:
    return events_of(f"{RUNS}/{verb}", json.dumps(document).encode())


def event(kind: Callable[..., RunEvent], **fields: Any) -> RunEvent:
    return kind(run_id="a", accepted_ms=NOW_MS, workspace="retina", **fields)


A_METRIC = {"key": "loss", "value": 0.5, "timestamp": 7, "step": 3}
THE_POINT = MetricPoint("loss", 0.5, 3, 7)


@pytest.mark.parametrize(
    ("verb", "document", "expected"),
    [
        ("log-metric", {"run_id": "a", **A_METRIC}, event(MetricsLogged, points=[THE_POINT])),
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
    assert written(verb, document) == [expected]


def test_a_batch_becomes_params_metrics_and_tags_in_this_order() -> None:
    document = {
        "run_id": "a",
        "tags": [{"key": "k", "value": "v"}],
        "params": [{"key": "lr", "value": "1"}],
        "metrics": [A_METRIC, {**A_METRIC, "key": "system/cpu"}],
    }
    assert written("log-batch", document) == [
        event(ParamsLogged, params={"lr": "1"}),
        event(SystemMetricsLogged, points=[MetricPoint("system/cpu", 0.5, 3, 7)]),
        event(MetricsLogged, points=[THE_POINT]),
        event(TagsChanged, tags={"k": "v"}),
    ]


def test_a_batch_of_nothing_becomes_nothing() -> None:
    assert written("log-batch", {"run_id": "a"}) == []


def test_a_new_run_is_what_mlflow_answered_not_what_was_asked() -> None:
    answer = {
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
    body = json.dumps({"run_name": "asked for"}).encode()
    assert events_of(f"{RUNS}/create", body, response=json.dumps(answer).encode()) == [
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
def test_each_door_to_the_same_handler_counts(prefix: str) -> None:
    body = json.dumps({"run_id": "a", **A_METRIC}).encode()
    assert events_of(f"{prefix}/mlflow/runs/log-metric", body) == [
        event(MetricsLogged, points=[THE_POINT])
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
def test_what_changes_no_run_is_left_alone(method: str, path: str) -> None:
    assert tapped_endpoint(method, path) is None


@pytest.mark.parametrize(
    "document",
    [
        {"runId": "a", "metrics": [{"key": "loss", "value": "0.5", "timestamp": "7", "step": "3"}]},
        {"run_id": "a", "metrics": [{**A_METRIC, "value": "5e-1", "unknown": {"of": ["later"]}}]},
        json.dumps({"run_id": "a", "metrics": [A_METRIC]}),
    ],
    ids=["camelCase and numbers as text", "a field of a later version", "doubly encoded"],
)
def test_each_spelling_of_a_batch_says_the_same(document: Any) -> None:
    assert written("log-batch", document) == [event(MetricsLogged, points=[THE_POINT])]


@pytest.mark.parametrize(
    ("verb", "document"),
    [
        ("log-metric", A_METRIC),
        ("log-parameter", {"key": "lr", "value": "1"}),
        ("set-tag", {"key": "k", "value": "v"}),
        ("update", {"status": "FAILED"}),
    ],
)
def test_the_old_name_of_a_runs_id_is_understood(verb: str, document: Mapping[str, Any]) -> None:
    assert [event.run_id for event in written(verb, {"run_uuid": "a", **document})] == ["a"]


@pytest.mark.parametrize("said", ["NaN", "Infinity", "-Infinity"])
def test_values_that_are_no_numbers_are_kept(said: str) -> None:
    (logged,) = written("log-metric", {"run_id": "a", **A_METRIC, "value": said})
    assert isinstance(logged, MetricsLogged)
    assert repr(logged.points[0].value) == repr(float(said))


@pytest.mark.parametrize("token", ["NaN", "Infinity", "-Infinity"])
def test_a_bare_token_that_is_no_json_is_read_as_mlflow_reads_it(token: str) -> None:
    body = (
        b'{"run_id": "a", "metrics": [{"key": "loss", "step": 3, "value": %s, "timestamp": 7}]}'
        % token.encode()
    )
    # MLflow stops there, and stores 0.
    assert points_of_ours(body) == [MetricPoint("loss", 0.0, 3, 0)]
    assert points_of_ours(body) == points_of_mlflow(body)


@pytest.mark.parametrize(
    "body", [b"", b"{", b"\xff\xfe\xfa", b"[]", b"3", b"null", b'"[]"', b'"{"']
)
def test_what_is_no_json_object_cannot_be_read(body: bytes) -> None:
    with pytest.raises(UnreadableWriteError):
        events_of(f"{RUNS}/log-batch", body)


def test_more_points_than_an_event_holds_become_several() -> None:
    metrics = [{"key": "m", "value": 1, "timestamp": 1, "step": step} for step in range(601)]
    events = written("log-batch", {"run_id": "a", "metrics": metrics})
    sizes = [len(event.points) for event in events if isinstance(event, MetricsLogged)]
    assert sizes == [MOST_POINTS, MOST_POINTS, 601 - 2 * MOST_POINTS]
    steps = [p.step for event in events if isinstance(event, MetricsLogged) for p in event.points]
    assert steps == list(range(601))


def test_long_texts_are_cut() -> None:
    long = "ä" * 10_000_000
    document = {"run_id": "a", "key": "k", "value": long}
    for verb in ("set-tag", "log-parameter"):
        (said,) = written(verb, document)
        assert len(encode_event(said)) < 3 * LONGEST_TEXT


@pytest.mark.parametrize("name", [*Param, *Tag])
def test_what_watchers_go_by_stays_whole_as_far_as_mlflow_keeps_it(name: str) -> None:
    floors = json.dumps({f"condition {number}": 0.95 for number in range(50)})
    assert len(floors) > LONGEST_TEXT
    document = {"run_id": "a", "key": name, "value": floors}
    assert written("log-parameter", document) == [event(ParamsLogged, params={str(name): floors})]
    assert written("set-tag", document) == [event(TagsChanged, tags={str(name): floors})]
    (said,) = written("set-tag", {**document, "value": "x" * 10_000_000})
    assert len(encode_event(said)) < 10_000


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
def test_an_artifact_that_the_server_stores_is_named_as_the_run_names_it(
    path: str, expected: str
) -> None:
    for door in ("/api", "/prefix/ajax-api"):
        url = f"{door}/2.0/mlflow-artifacts/artifacts/{path}"
        (logged,) = events_of(url, method="PUT")
        assert isinstance(logged, ArtifactLogged)
        assert (logged.run_id, logged.path) == (RUN_ID, expected)


@pytest.mark.parametrize(
    ("folder", "expected"),
    [("", "model.pt"), ("/checkpoints/last", "checkpoints/last/model.pt")],
)
def test_an_upload_in_parts_names_its_file_in_the_body(folder: str, expected: str) -> None:
    body = json.dumps({"path": "/home/me/model.pt", "upload_id": "u", "parts": []}).encode()
    url = f"{ARTIFACTS}/mpu/complete/1/{RUN_ID}/artifacts{folder}"
    assert events_of(url, body) == [
        ArtifactLogged(run_id=RUN_ID, accepted_ms=NOW_MS, workspace="retina", path=expected)
    ]


def test_an_upload_by_the_browser_names_run_and_path_in_its_query() -> None:
    url = "/ajax-api/2.0/mlflow/upload-artifact"
    assert events_of(url, query=b"run_uuid=a&path=figures%2Fa%20b.png") == [
        event(ArtifactLogged, path="figures/a b.png")
    ]
    for incomplete in (b"run_uuid=a", b"path=a", b"run_uuid=&path=a", b""):
        with pytest.raises(UnreadableWriteError):
            events_of(url, query=incomplete)


_flask = Flask("oracle")


def points_of_mlflow(body: bytes) -> list[MetricPoint]:
    """What MLflow's own handler makes of `body`."""
    with _flask.test_request_context(
        "/", method="POST", data=body, content_type="application/json"
    ):
        batch = _get_request_message(LogBatch())
    return [MetricPoint(m.key, m.value, m.step, m.timestamp) for m in batch.metrics]


def points_of_ours(body: bytes) -> list[MetricPoint]:
    logged = events_of(f"{RUNS}/log-batch", body)
    return [
        point
        for event in logged
        if isinstance(event, MetricsLogged | SystemMetricsLogged)
        for point in event.points
    ]


def shown(points: list[MetricPoint]) -> list[str]:
    # A NaN equals nothing, and what is of the machine comes in events of its own, first.
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
    assert shown(points_of_ours(body)) == shown(points_of_mlflow(body))
    assert len(points_of_ours(body)) == len(batch.metrics)


surprises = st.sampled_from(
    ["x", "1_0", "nan", "", None, True, 1.5, 2**70, -1, [], {}, ["a"], {"b": 1}]
)
fields = st.sampled_from(["key", "value", "timestamp", "step", "model_id"])
metrics = st.dictionaries(fields, surprises | st.just(3) | st.just("7")) | surprises
documents = st.dictionaries(
    st.sampled_from(["run_id", "metrics", "tags", "params", "elsewhere"]),
    st.lists(metrics, max_size=4) | surprises,
)


@settings(max_examples=400)
@given(documents)
def test_of_a_body_with_surprises_as_much_is_read_as_mlflow_reads(
    document: Mapping[str, Any],
) -> None:
    body = json.dumps(document).encode()
    assert shown(points_of_ours(body)) == shown(points_of_mlflow(body))


def test_a_batch_is_read_up_to_the_first_surprise() -> None:
    metrics = [A_METRIC, {**A_METRIC, "value": "no number", "step": 4}, {**A_METRIC, "step": 5}]
    body = json.dumps({"run_id": "a", "metrics": metrics}).encode()
    assert THE_POINT in points_of_ours(body)
    assert [point.step for point in points_of_ours(body)] != [3, 4, 5]
    assert shown(points_of_ours(body)) == shown(points_of_mlflow(body))
