"""Decides which learner is tried next."""

from collections.abc import Sequence

from training.tables.selection.candidate import Candidate

PROMISING_WITHIN = 0.03
"""Of the best loss: learners within it are tuned."""
MIN_PROMISING = 2


def next_learner(
    learners: Sequence[str],
    begun: Sequence[str],
    candidates: Sequence[Candidate],
    left_s: float,
) -> str | None:
    """The learner of the next trial, None if no trial would end within the time that is left.

    `begun` has the learners of all trials so far, also of those that run. Each learner gets a
    trial with its defaults first, in the given order. Then, of those whose best candidate is near
    the best of all, it is the turn of the one that has had the least time.
    """
    if left_s <= 0:
        return None
    for name in learners:
        if name not in begun:
            return name
    found = [name for name in _promising(candidates) if _usual_s(name, candidates) <= left_s]
    return min(found, key=lambda name: _spent_s(name, candidates, begun), default=None)


def _promising(candidates: Sequence[Candidate]) -> list[str]:
    """The learners that are worth tuning, the best first."""
    best: dict[str, float] = {}
    for candidate in candidates:
        if candidate.score is not None:
            best[candidate.learner] = min(
                candidate.score, best.get(candidate.learner, candidate.score)
            )
    ranked = sorted(best, key=best.__getitem__)
    return [
        name
        for place, name in enumerate(ranked)
        if place < MIN_PROMISING or best[name] <= (1 + PROMISING_WITHIN) * best[ranked[0]]
    ]


def _usual_s(learner: str, candidates: Sequence[Candidate]) -> float:
    """The median time of the learner's finished trials."""
    times = sorted(
        item.seconds for item in candidates if item.learner == learner and item.is_finished
    )
    return times[len(times) // 2] if times else 0.0


def _spent_s(learner: str, candidates: Sequence[Candidate], begun: Sequence[str]) -> float:
    """The time that went into the learner; a trial that runs counts as a usual one."""
    done = [item.seconds for item in candidates if item.learner == learner]
    running = begun.count(learner) - len(done)
    return sum(done) + running * _usual_s(learner, candidates)
