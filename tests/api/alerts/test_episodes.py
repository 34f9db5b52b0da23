"""Alerts put together of evaluations, and what is told when the record says something else."""

from collections.abc import Sequence

from api.alerts.conditions import Bound
from api.alerts.episodes import ChangeKind, Episode, RecordedEpisode, episodes, plan
from api.alerts.samples import Level, Sample
from api.alerts.state_machine import AlertState, Patience, evaluate_all

S, K = AlertState, ChangeKind
W, C = Level.WARNING, Level.CRITICAL
GOOD, WARNING, CRITICAL = 0.95, 0.85, 0.5


def found(*values: float) -> list[Episode]:
    """Of a series whose steps count from 1, with a rule that clears at once."""
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


def told(
    on_record: Sequence[RecordedEpisode], episodes: Sequence[Episode]
) -> list[tuple[ChangeKind, int]]:
    return [
        (each.kind, each.evaluation.sample.step)
        for _, _, news in plan(on_record, episodes).changed
        for each in news
    ]


def test_an_episode_is_from_firing_to_resolving() -> None:
    first, second = found(GOOD, WARNING, CRITICAL, GOOD, GOOD, WARNING)
    assert [change.sample.step for change in first.changes] == [2, 3, 4]
    assert (first.state, first.level, first.ended_step) == (S.RESOLVED, C, 4)
    assert (second.state, second.level, second.ended_step) == (S.FIRING, W, float("inf"))


def test_nothing_on_record_makes_all_of_it_new() -> None:
    wanted = plan([], found(WARNING, GOOD, WARNING))
    assert [episode.began_step for episode in wanted.new] == [1, 3]
    assert (wanted.changed, wanted.withdrawn) == ([], [])


def test_what_is_on_record_is_not_told_again() -> None:
    on_record = [known(1, 2, S.RESOLVED), known(3, 3)]
    assert plan(on_record, found(WARNING, GOOD, WARNING)) == plan([], [])


def test_what_was_missed_is_told_in_its_order() -> None:
    missed = found(WARNING, CRITICAL, WARNING, GOOD)
    assert told([known(1, 1)], missed) == [(K.RAISED, 2), (K.LOWERED, 3), (K.RESOLVED, 4)]


def test_an_alert_that_late_points_show_to_have_begun_earlier_stays_the_same_one() -> None:
    wanted = plan([known(3, 3)], found(GOOD, WARNING, WARNING))
    [(match, episode, news)] = wanted.changed
    assert (match.began_step, episode.began_step, news) == (3, 2, [])
    assert (wanted.new, wanted.withdrawn) == ([], [])


def test_an_alert_that_late_points_show_to_be_worse_or_over_says_so() -> None:
    assert told([known(1, 3)], found(WARNING, CRITICAL, CRITICAL)) == [(K.RAISED, 2)]
    assert told([known(1, 3, level=C)], found(CRITICAL, WARNING, WARNING)) == [(K.LOWERED, 2)]
    assert told([known(1, 3)], found(WARNING, GOOD, GOOD)) == [(K.RESOLVED, 2)]
    assert told([known(1, 3, S.RESOLVED)], found(WARNING, WARNING, WARNING)) == [(K.FIRED, 1)]


def test_an_alert_that_late_points_show_to_be_none_is_withdrawn_once() -> None:
    assert plan([known(2, 2)], found(GOOD, GOOD)).withdrawn == [known(2, 2)]
    withdrawn = known(2, 2, S.RESOLVED, is_withdrawn=True)
    assert plan([withdrawn], found(GOOD, GOOD)) == plan([], [])


def test_an_alert_that_was_withdrawn_comes_back_as_itself() -> None:
    withdrawn = known(2, 2, S.RESOLVED, is_withdrawn=True)
    assert told([withdrawn], found(GOOD, WARNING)) == [(K.FIRED, 2)]
    assert plan([withdrawn], found(GOOD, GOOD, WARNING)).new, "that is another one"


def test_an_alert_that_began_after_an_episode_had_ended_is_another() -> None:
    later = known(10, 10)
    wanted = plan([later], found(WARNING, GOOD))
    assert [episode.began_step for episode in wanted.new] == [1]
    assert (wanted.changed, wanted.withdrawn) == ([], [later])
