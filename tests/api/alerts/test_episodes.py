"""Episodes are found in evaluations, and a record that differs from them is corrected."""

from collections.abc import Sequence

from api.alerts.conditions import Bound
from api.alerts.episodes import ChangeKind, Episode, RecordedEpisode, episodes, plan
from api.alerts.samples import Level, Sample
from api.alerts.state_machine import AlertState, Patience, evaluate_all

S, K = AlertState, ChangeKind
W, C = Level.WARNING, Level.CRITICAL
GOOD, WARNING, CRITICAL = 0.95, 0.85, 0.5


def found(*values: float) -> list[Episode]:
    """The episodes of a series with steps from 1 and a rule that clears at once."""
    samples = (
        Sample(step=step, value=value, timestamp_ms=0) for step, value in enumerate(values, 1)
    )
    return episodes(evaluate_all(Bound(below=0.9), Patience(to_clear=1), samples))


def known(
    began_step: int,
    step: int,
    state: AlertState = S.FIRING,
    level: Level = W,
    *,
    is_withdrawn: bool = False,
) -> RecordedEpisode:
    return RecordedEpisode(
        alert_id="a",
        began_step=began_step,
        step=step,
        state=state,
        level=level,
        is_withdrawn=is_withdrawn,
    )


def new_changes(
    on_record: Sequence[RecordedEpisode], episodes: Sequence[Episode]
) -> list[tuple[ChangeKind, int]]:
    return [
        (each.kind, each.evaluation.sample.step)
        for _, _, changes in plan(on_record, episodes).changed
        for each in changes
    ]


def test_an_episode_lasts_from_firing_to_resolving() -> None:
    first, second = found(GOOD, WARNING, CRITICAL, GOOD, GOOD, WARNING)
    assert [change.sample.step for change in first.changes] == [2, 3, 4]
    assert (first.state, first.level, first.ended_step) == (S.RESOLVED, C, 4)
    assert (second.state, second.level, second.ended_step) == (S.FIRING, W, float("inf"))


def test_all_episodes_are_new_if_none_is_recorded() -> None:
    wanted = plan([], found(WARNING, GOOD, WARNING))
    assert [episode.began_step for episode in wanted.new] == [1, 3]
    assert (wanted.changed, wanted.withdrawn) == ([], [])


def test_recorded_changes_are_not_new() -> None:
    on_record = [known(1, 2, S.RESOLVED), known(3, 3)]
    assert plan(on_record, found(WARNING, GOOD, WARNING)) == plan([], [])


def test_missed_changes_are_new_in_their_order() -> None:
    missed = found(WARNING, CRITICAL, WARNING, GOOD)
    assert new_changes([known(1, 1)], missed) == [(K.RAISED, 2), (K.LOWERED, 3), (K.RESOLVED, 4)]


def test_an_alert_that_began_earlier_by_late_points_stays_the_same() -> None:
    wanted = plan([known(3, 3)], found(GOOD, WARNING, WARNING))
    [(match, episode, changes)] = wanted.changed
    assert (match.began_step, episode.began_step, changes) == (3, 2, [])
    assert (wanted.new, wanted.withdrawn) == ([], [])


def test_an_alert_that_is_worse_or_resolved_by_late_points_is_corrected() -> None:
    assert new_changes([known(1, 3)], found(WARNING, CRITICAL, CRITICAL)) == [(K.RAISED, 2)]
    assert new_changes([known(1, 3, level=C)], found(CRITICAL, WARNING, WARNING)) == [
        (K.LOWERED, 2)
    ]
    assert new_changes([known(1, 3)], found(WARNING, GOOD, GOOD)) == [(K.RESOLVED, 2)]
    assert new_changes([known(1, 3, S.RESOLVED)], found(WARNING, WARNING, WARNING)) == [
        (K.FIRED, 1)
    ]


def test_an_alert_that_late_points_disprove_is_withdrawn_once() -> None:
    assert plan([known(2, 2)], found(GOOD, GOOD)).withdrawn == [known(2, 2)]
    withdrawn = known(2, 2, S.RESOLVED, is_withdrawn=True)
    assert plan([withdrawn], found(GOOD, GOOD)) == plan([], [])


def test_a_withdrawn_alert_that_fires_again_is_the_same_alert() -> None:
    withdrawn = known(2, 2, S.RESOLVED, is_withdrawn=True)
    assert new_changes([withdrawn], found(GOOD, WARNING)) == [(K.FIRED, 2)]
    assert plan([withdrawn], found(GOOD, GOOD, WARNING)).new, "it is another alert"


def test_an_alert_that_began_after_the_end_of_an_episode_is_another() -> None:
    later = known(10, 10)
    wanted = plan([later], found(WARNING, GOOD))
    assert [episode.began_step for episode in wanted.new] == [1]
    assert (wanted.changed, wanted.withdrawn) == ([], [later])
