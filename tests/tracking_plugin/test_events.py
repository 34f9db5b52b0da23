"""Events survive encoding and decoding, and other input is refused."""

import math

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracking_plugin.events import (
    ArtifactLogged,
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
    decode_event,
    encode_event,
)

texts = st.text(max_size=20)
integers = st.integers(-(2**63), 2**63 - 1)
points = st.lists(st.builds(LoggedPoint, texts, st.floats(allow_nan=False), integers, integers))
common = {"run_id": texts, "accepted_ms": integers, "workspace": st.none() | texts}
events: st.SearchStrategy[RunEvent] = st.one_of(
    st.builds(
        RunCreated,
        **common,
        experiment_id=texts,
        run_name=texts,
        start_time_ms=st.none() | integers,
        tags=st.dictionaries(texts, texts),
    ),
    st.builds(
        RunUpdated,
        **common,
        status=st.none() | texts,
        end_time_ms=st.none() | integers,
        run_name=st.none() | texts,
    ),
    st.builds(RunDeleted, **common),
    st.builds(RunRestored, **common),
    st.builds(MetricsLogged, **common, points=points),
    st.builds(SystemMetricsLogged, **common, points=points),
    st.builds(ParamsLogged, **common, params=st.dictionaries(texts, texts)),
    st.builds(TagsChanged, **common, tags=st.dictionaries(texts, st.none() | texts)),
    st.builds(ArtifactLogged, **common, path=texts),
)


@given(events)
def test_an_event_comes_back_as_it_was(event: RunEvent) -> None:
    assert decode_event(encode_event(event)) == event


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, -0.0])
def test_values_that_json_cannot_say_come_back(value: float) -> None:
    event = MetricsLogged(run_id="a", accepted_ms=1, points=[LoggedPoint("loss", value, 1, 2)])
    decoded = decode_event(encode_event(event))
    assert isinstance(decoded, MetricsLogged)
    assert repr(decoded.points[0].value) == repr(value)


def test_events_do_not_share_their_default_tags() -> None:
    one = RunCreated(run_id="a", accepted_ms=1, experiment_id="0")
    one.tags["spoiled"] = "yes"
    assert RunCreated(run_id="b", accepted_ms=1, experiment_id="0").tags == {}


@pytest.mark.parametrize(
    "encoded",
    [
        b"",
        b"\xc1",
        msgspec.msgpack.encode({"kind": "of another version", "run_id": "a", "accepted_ms": 1}),
        msgspec.msgpack.encode({"kind": "run_deleted", "accepted_ms": 1}),
        msgspec.msgpack.encode(["run_deleted"]),
    ],
)
def test_input_that_is_not_an_event_is_refused(encoded: bytes) -> None:
    with pytest.raises(msgspec.MsgspecError):
        decode_event(encoded)


def test_a_field_of_a_newer_version_is_ignored() -> None:
    newer = {"kind": "run_deleted", "run_id": "a", "accepted_ms": 1, "by": "somebody"}
    assert decode_event(msgspec.msgpack.encode(newer)) == RunDeleted(run_id="a", accepted_ms=1)
