"""What an alias calls for, and how often it is looked at."""

import pytest

from serving.engine.alias_follower import MAX_DELAY_S, Action, decide, delay_s
from serving.engine.registry import RegisteredVersion


def version(number: int, created_ms: int = 0) -> RegisteredVersion:
    return RegisteredVersion(name="m", version=str(number), run_id="", created_ms=created_ms)


@pytest.mark.parametrize(
    ("served", "wanted", "refused", "is_optional", "action"),
    [
        (None, None, None, False, Action.KEEP),
        (None, version(1), None, False, Action.LOAD),
        (version(1), version(1), None, False, Action.KEEP),
        (version(1), version(2), None, False, Action.LOAD),
        (version(1), version(2), version(2), False, Action.KEEP),
        (version(1), version(3), version(2), False, Action.LOAD),
        (version(1), None, None, False, Action.KEEP),
        (version(1), None, None, True, Action.UNLOAD),
        (None, None, None, True, Action.KEEP),
        # A model that was deleted and registered again counts its versions from 1.
        (version(1), version(1, created_ms=5), None, False, Action.LOAD),
    ],
)
def test_the_alias_decides(
    served: RegisteredVersion | None,
    wanted: RegisteredVersion | None,
    refused: RegisteredVersion | None,
    is_optional: bool,
    action: Action,
) -> None:
    assert decide(served, wanted, refused, is_optional=is_optional) is action


def test_the_registry_is_asked_less_often_while_it_fails() -> None:
    assert [delay_s(5, failures) for failures in range(6)] == [5, 10, 20, 40, MAX_DELAY_S, 60]
    assert delay_s(5, 10_000) == MAX_DELAY_S
    assert delay_s(120, 3) == 120
