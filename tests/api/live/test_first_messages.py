"""The first message is encoded once for all sockets at one position of the stream."""

import json

import pytest

from api.bus.protocol import StreamPosition
from api.live import first_messages
from api.live.first_messages import FirstMessages
from api.live.run_view import RunView
from api.runs.state import RunState

HERE = StreamPosition("a", 1)


@pytest.fixture
def messages(monkeypatch: pytest.MonkeyPatch) -> FirstMessages:
    monkeypatch.setattr(first_messages, "unix_ms", lambda: 1_000)
    return FirstMessages()


def view(run_id: str = "a" * 32) -> RunView:
    return RunView(RunState(run_id=run_id), is_whole=True)


def test_sockets_at_one_position_share_the_encoded_message(messages: FirstMessages) -> None:
    first = messages.encoded(view(), HERE, 2, recovered=None)

    assert messages.encoded(view(), HERE, 2, recovered=None) is first


def test_another_position_run_or_recovery_has_a_message_of_its_own(messages: FirstMessages) -> None:
    encoded = {
        messages.encoded(view(), HERE, 2, recovered=None),
        messages.encoded(view(), StreamPosition("b", 1), 2, recovered=None),
        messages.encoded(view("b" * 32), HERE, 2, recovered=None),
        messages.encoded(view(), HERE, 1, recovered=True),
        messages.encoded(None, HERE, 2, recovered=None),
    }

    assert len(encoded) == 5


def test_without_a_run_the_message_has_no_run(messages: FirstMessages) -> None:
    message = json.loads(messages.encoded(None, HERE, 2, recovered=False)[0])

    assert (message["run_id"], message["epoch"], message["recovered"]) == (None, "a", False)


def test_a_cleared_cache_encodes_the_present_state(messages: FirstMessages) -> None:
    run = view()
    before = messages.encoded(run, HERE, 2, recovered=None)
    run.state.run_name = "renamed"
    assert messages.encoded(run, HERE, 2, recovered=None) is before

    messages.clear()

    after = json.loads(messages.encoded(run, HERE, 2, recovered=None)[0])
    assert after["status"]["run_name"] == "renamed"
