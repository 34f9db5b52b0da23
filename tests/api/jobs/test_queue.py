"""Which waiting jobs may start: by slots, by priority, and first in first out."""

import json
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.jobs.queue import Capacity, Pool, held_back, positions, queues
from api.jobs.store import Job, JobState

ONE_GPU = Capacity(num_gpus=1, num_cpus=8)


def job(name: str, state: JobState = JobState.WANTED, **fields: Any) -> Job:
    spec = {"recipe": fields.pop("recipe", "retinal"), "workers": fields.pop("workers", 1)}
    values: dict[str, Any] = {
        "run_id": name,
        "workspace": None,
        "kind": "training",
        "spec": json.dumps(spec),
        "tracking_uri": "http://localhost",
        "state": state,
        "created_ms": 0,
        "queued_ms": 0,
    }
    return Job(**{**values, **fields})


def running(name: str, **fields: Any) -> Job:
    return job(name, JobState.SUBMITTED, **fields)


def may_start(jobs: Sequence[Job], capacity: Capacity = ONE_GPU) -> set[str]:
    found = queues(jobs, capacity)
    waiting = {place.job.run_id for queue in found.values() for place in queue.waiting}
    return waiting - held_back(found)


def test_a_job_starts_when_its_gpu_is_free() -> None:
    assert may_start([job("a")]) == {"a"}
    assert may_start([job("a"), running("b")]) == set()
    assert may_start([job("a"), job("c"), running("b")], Capacity(num_gpus=2)) == {"a"}


def test_a_paused_job_without_a_process_occupies_nothing() -> None:
    assert may_start([job("a"), job("b", JobState.RELEASED), job("c", JobState.CREATED)]) == {"a"}


def test_a_higher_priority_comes_first_and_then_who_has_waited_longer() -> None:
    waiting = [
        job("late", queued_ms=3),
        job("early", queued_ms=1),
        job("urgent", queued_ms=9, priority=9),
        job("idle", queued_ms=0, priority=0),
    ]

    assert positions(queues(waiting, ONE_GPU)) == {"urgent": 1, "early": 2, "late": 3, "idle": 4}
    assert may_start(waiting) == {"urgent"}


def test_nothing_overtakes_a_job_of_many_ranks() -> None:
    jobs = [running("a"), job("large", workers=2, queued_ms=1), job("small", queued_ms=2)]

    assert may_start(jobs, Capacity(num_gpus=2)) == set()
    assert may_start(jobs, Capacity(num_gpus=3)) == {"large"}
    assert may_start(jobs, Capacity(num_gpus=4)) == {"large", "small"}


def test_a_job_larger_than_the_cluster_gets_its_turn_alone() -> None:
    jobs = [job("large", workers=99)]

    assert may_start(jobs, Capacity(num_gpus=2)) == {"large"}
    assert may_start([*jobs, running("a")], Capacity(num_gpus=2)) == set()


def test_a_training_without_gpu_does_not_wait_for_one() -> None:
    jobs = [running("a"), job("tables", recipe="tables"), job("b")]

    assert may_start(jobs) == {"tables"}
    found = queues(jobs, ONE_GPU)
    assert [place.job.run_id for place in found[Pool.CPU].waiting] == ["tables"]
    assert found[Pool.GPU].num_used == 1


def test_without_gpus_all_wait_for_the_cpus() -> None:
    jobs = [running("a"), job("tables", recipe="tables", queued_ms=1), job("b", queued_ms=2)]

    assert may_start(jobs, Capacity(num_cpus=1)) == set()
    assert may_start(jobs, Capacity(num_cpus=2)) == {"tables"}


def test_nothing_is_held_back_while_the_size_of_the_cluster_is_not_known() -> None:
    assert may_start([running("a"), job("b"), job("c")], Capacity()) == {"b", "c"}


@pytest.mark.parametrize(
    ("capacity", "expected"),
    [
        (Capacity(num_gpus=4, num_cpus=8), Capacity(num_gpus=2, num_cpus=8)),
        (Capacity(num_gpus=1, num_cpus=8), Capacity(num_gpus=1, num_cpus=8)),
        (Capacity(num_cpus=8), Capacity(num_cpus=2)),
        (Capacity(), Capacity(num_cpus=2)),
    ],
)
def test_a_setting_limits_the_slots(capacity: Capacity, expected: Capacity) -> None:
    assert capacity.at_most(2) == expected
    assert capacity.at_most(None) == capacity


def test_evaluations_and_jobs_of_other_versions_neither_wait_nor_occupy() -> None:
    others = [
        running("a", kind="evaluate"),
        running("b", kind="of a newer version"),
        running("c", spec='{"recipe": 7}'),
        job("d", kind="evaluate"),
    ]
    assert may_start([*others, job("e")]) == {"e"}
    assert positions(queues(others, ONE_GPU)) == {}


def test_a_job_that_cannot_be_started_keeps_no_other_waiting() -> None:
    jobs = [job("bad", queued_ms=1), job("good", queued_ms=2)]

    assert held_back(queues(jobs, ONE_GPU)) == {"good"}
    assert held_back(queues(jobs, ONE_GPU, skipped={"bad"})) == set()


@given(
    st.lists(
        st.tuples(
            st.sampled_from([JobState.WANTED, JobState.SUBMITTED]),
            st.integers(1, 3),
            st.integers(0, 9),
            st.integers(0, 5),
        ),
        max_size=8,
    ),
    st.integers(1, 4),
)
def test_no_more_slots_are_given_than_there_are_and_none_stays_free_for_the_first(
    drawn: list[tuple[JobState, int, int, int]], num_gpus: int
) -> None:
    jobs = [
        job(str(number), state, workers=workers, priority=priority, queued_ms=queued_ms)
        for number, (state, workers, priority, queued_ms) in enumerate(drawn)
    ]
    queue = queues(jobs, Capacity(num_gpus=num_gpus))[Pool.GPU]
    started = [place for place in queue.waiting if place.may_start]
    free = num_gpus - queue.num_used

    assert sum(place.num_slots for place in started) <= max(0, free)
    assert queue.waiting[: len(started)] == started, "the first ones start"
    if queue.waiting[len(started) :]:
        left = free - sum(place.num_slots for place in started)
        assert queue.waiting[len(started)].num_slots > left
