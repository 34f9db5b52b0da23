"""Evaluations put together to alerts, and what is to be told of those: nothing but decisions.

An episode is one alert, from the evaluation that fired to the one that resolved it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from api.alerts.samples import Level
from api.alerts.state_machine import AlertState, Evaluation


class ChangeKind(StrEnum):
    """What became of an alert."""

    FIRED = "fired"
    RAISED = "raised"
    LOWERED = "lowered"
    RESOLVED = "resolved"
    WITHDRAWN = "withdrawn"
    """Points that came late have shown that nothing was wrong."""
    ACKNOWLEDGED = "acknowledged"
    ACTED = "acted"
    """The run was paused or stopped for it."""


def kind_of(change: Evaluation) -> ChangeKind:
    """Of an evaluation that is a change."""
    before, after = change.before, change.after
    if after.state is not AlertState.FIRING:
        return ChangeKind.RESOLVED
    if before.state is not AlertState.FIRING:
        return ChangeKind.FIRED
    assert before.level is not None
    assert after.level is not None
    return ChangeKind.RAISED if after.level > before.level else ChangeKind.LOWERED


def level_of(change: Evaluation) -> Level:
    """Of an alert after a change; one that is resolved keeps the level that it had."""
    level = change.after.level or change.before.level
    assert level is not None
    return level


@dataclass(frozen=True)
class Episode:
    """`changes` begins with the one that fired."""

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
    """Of a series from its beginning."""
    found: list[list[Evaluation]] = []
    for change in evaluations:
        if change.is_change:
            if kind_of(change) is ChangeKind.FIRED:
                found.append([])
            found[-1].append(change)
    return [Episode(tuple(changes)) for changes in found]


@dataclass(frozen=True, kw_only=True)
class Known:
    """An alert that is on record already; `step` is that of its newest change."""

    alert_id: str
    began_step: int
    step: int
    state: AlertState
    level: Level
    is_withdrawn: bool = False

    @property
    def ended_step(self) -> float:
        return self.step if self.state is AlertState.RESOLVED else float("inf")


@dataclass(frozen=True, kw_only=True)
class Told:
    """A change that nobody has been told of yet."""

    kind: ChangeKind
    evaluation: Evaluation


@dataclass(frozen=True, kw_only=True)
class Plan:
    """How the record becomes what the whole series says."""

    new: Sequence[Episode]
    changed: Sequence[tuple[Known, Episode, Sequence[Told]]]
    withdrawn: Sequence[Known]


def plan(known: Sequence[Known], found: Sequence[Episode]) -> Plan:
    """What is on record stays the same alert as long as it is about some of the same steps.

    Only what is news is told: changes after the newest on record, and then the end of it all where
    that is another than was told.
    """
    left, pairs, new = list(known), [], []
    for episode in found:
        if (match := _match(left, episode)) is None:
            new.append(episode)
        else:
            left.remove(match)
            pairs.append((match, episode))
    return Plan(
        new=new,
        changed=[
            (match, episode, told)
            for match, episode in pairs
            if (told := _news(match, episode)) or match.began_step != episode.began_step
        ],
        withdrawn=[each for each in left if not each.is_withdrawn],
    )


def _match(known: Sequence[Known], episode: Episode) -> Known | None:
    exact = (each for each in known if each.began_step == episode.began_step)
    overlapping = (
        each
        for each in known
        if not each.is_withdrawn
        and each.began_step <= episode.ended_step
        and episode.began_step <= each.ended_step
    )
    return next(exact, None) or next(overlapping, None)


def _news(known: Known, episode: Episode) -> list[Told]:
    later = [change for change in episode.changes if change.sample.step > known.step]
    if later:
        return [Told(kind=kind_of(change), evaluation=change) for change in later]
    if known.is_withdrawn or (known.state, known.level) != (episode.state, episode.level):
        return [Told(kind=_correction(known, episode), evaluation=episode.newest)]
    return []


def _correction(known: Known, episode: Episode) -> ChangeKind:
    if episode.state is AlertState.RESOLVED:
        return ChangeKind.RESOLVED
    if known.state is AlertState.RESOLVED:
        return ChangeKind.FIRED
    return ChangeKind.RAISED if episode.level > known.level else ChangeKind.LOWERED
