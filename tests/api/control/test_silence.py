"""When a run counts as silent, for each way in which runs show that they are alive."""

from api.control.silence import is_silent, silence_limit_ms
from tracking_plugin.control_messages import HEARTBEAT_S

NOW_MS = 1_800_000_000_000


def test_a_controlled_run_is_silent_after_three_missed_heartbeats_whatever_the_setting() -> None:
    for silent_after_s in (1, 1800):
        limit_ms = silence_limit_ms(is_controlled=True, silent_after_s=silent_after_s)
        assert limit_ms == 3 * HEARTBEAT_S * 1000


def test_the_setting_is_the_limit_of_a_run_that_only_logs() -> None:
    assert silence_limit_ms(is_controlled=False, silent_after_s=1.5) == 1500


def test_a_run_is_silent_once_its_last_sign_of_life_is_older_than_the_limit() -> None:
    assert not is_silent(NOW_MS - 1000, NOW_MS, limit_ms=1000)
    assert is_silent(NOW_MS - 1001, NOW_MS, limit_ms=1000)
