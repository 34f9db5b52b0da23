"""Decides which alerts a series of evaluations has, and how recorded alerts must change to match them.

An episode is one alert, from the evaluation that fired to the one that resolved it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from api.alerts.samples import Level
from api.alerts.state_machine import AlertState, Evaluation


class ChangeKind(StrEnum):
    FIRED = "fired"
    RAISED = "raised"
    LOWERED = "lowered"
    RESOLVED = "resolved"
    WITHDRAWN = "withdrawn"
    """Points that arrived late show that nothing was wrong."""
    CLOSED = "closed"
    """The run is over, and so is what the alert was about: see api.alerts.closing."""
    ACKNOWLEDGED = "acknowledged"
    ACTED = "acted"
    """The rule's action was applied to the run: it was paused or stopped."""


def kind_of(change: Evaluation) -> ChangeKind:
    """The kind of an evaluation that is a change."""
    before, after = change.before, change.after
    if after.state is not AlertState.FIRING:
        return ChangeKind.RESOLVED
    if before.state is not AlertState.FIRING:
        return ChangeKind.FIRED
    assert before.level is not None
    assert after.level is not None
    return ChangeKind.RAISED if after.level > before.level else ChangeKind.LOWERED


def level_of(change: Evaluation) -> Level:
    """The level of an alert after a change. A resolved alert keeps its last level."""
    level = change.after.level or change.before.level
    assert level is not None
    return level


@dataclass(frozen=True)
class Episode:
    """`changes` begins with the evaluation that fired."""

    changes: tuple[Evaluation, ...]

    @property
    def began_step(self) -> int:
        return self.changes[0].sample.step

    @property
    def newest(self) -> Evaluation:
        return self.changes[-1]

    @property
    def state(self) -> AlertState:
        return self.newest.after.state

    @property
    def level(self) -> Level:
        return level_of(self.newest)

    @property
    def ended_step(self) -> float:
        return self.newest.sample.step if self.state is AlertState.RESOLVED else float("inf")


def episodes(evaluations: Iterable[Evaluation]) -> list[Episode]:
    """The alerts of a series that is evaluated from its beginning."""
    found: list[list[Evaluation]] = []
    for change in evaluations:
        if change.is_change:
            if kind_of(change) is ChangeKind.FIRED:
                found.append([])
            found[-1].append(change)
    return [Episode(tuple(changes)) for changes in found]


@dataclass(frozen=True, kw_only=True)
class RecordedEpisode:
    """An alert in the database; `step` is the step of its newest change.

    `is_closed` is whether the end of the run closed it, and the run is still over.
    """

    alert_id: str
    began_step: int
    step: int
    state: AlertState
    level: Level
    is_withdrawn: bool = False
    is_closed: bool = False

    @property
    def ended_step(self) -> float:
        return self.step if self.state is AlertState.RESOLVED else float("inf")


@dataclass(frozen=True, kw_only=True)
class NewChange:
    """A change that is not recorded yet."""

    kind: ChangeKind
    evaluation: Evaluation


@dataclass(frozen=True, kw_only=True)
class Plan:
    """The changes that make the record equal to the whole series."""

    new: Sequence[Episode]
    changed: Sequence[tuple[RecordedEpisode, Episode, Sequence[NewChange]]]
    withdrawn: Sequence[RecordedEpisode]


def plan(recorded: Sequence[RecordedEpisode], found: Sequence[Episode]) -> Plan:
    """Match the recorded alerts with the episodes that the whole series has.

    A recorded alert and an episode that share some steps are the same alert. New changes are those
    after the newest recorded one; if there are none and the alert ended differently from its record,
    one change corrects the record.
    """
    left, pairs, new = list(recorded), [], []
    for episode in found:
        if (match := _match(left, episode)) is None:
            new.append(episode)
        else:
            left.remove(match)
            pairs.append((match, episode))
    return Plan(
        new=new,
        changed=[
            (match, episode, changes)
            for match, episode in pairs
            if (changes := _new_changes(match, episode)) or match.began_step != episode.began_step
        ],
        withdrawn=[each for each in left if not each.is_withdrawn],
    )


def _match(recorded: Sequence[RecordedEpisode], episode: Episode) -> RecordedEpisode | None:
    exact = (each for each in recorded if each.began_step == episode.began_step)
    overlapping = (
        each
        for each in recorded
        if not each.is_withdrawn
        and each.began_step <= episode.ended_step
        and episode.began_step <= each.ended_step
    )
    return next(exact, None) or next(overlapping, None)


def _new_changes(recorded: RecordedEpisode, episode: Episode) -> list[NewChange]:
    later = [change for change in episode.changes if change.sample.step > recorded.step]
    if later:
        return [NewChange(kind=kind_of(change), evaluation=change) for change in later]
    if recorded.is_closed:
        return []
    if recorded.is_withdrawn or (recorded.state, recorded.level) != (episode.state, episode.level):
        return [NewChange(kind=_correction(recorded, episode), evaluation=episode.newest)]
    return []


def _correction(recorded: RecordedEpisode, episode: Episode) -> ChangeKind:
    if episode.state is AlertState.RESOLVED:
        return ChangeKind.RESOLVED
    if recorded.state is AlertState.RESOLVED:
        return ChangeKind.FIRED
    return ChangeKind.RAISED if episode.level > recorded.level else ChangeKind.LOWERED
