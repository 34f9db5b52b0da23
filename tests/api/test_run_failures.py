"""Work on one run that fails neither ends nor delays the work on the others, and is counted."""

import pytest

from api.errors import UnavailableError
from api.run_failures import MAX_FAILING_RUNS, RunFailures

pytestmark = pytest.mark.anyio


async def test_each_goes_on_after_a_run_that_fails_and_counts_it() -> None:
    failures, done = RunFailures(), []

    async def do(run_id: str) -> None:
        if run_id == "bad":
            raise RecursionError("[[[[ what the run has logged")
        done.append(run_id)

    await failures.each("Testing", ["a", "bad", "b"], str, do)

    assert done == ["a", "b"]
    (failure,) = failures.newest()
    assert (failure.run_id, failure.work, failure.error) == ("bad", "Testing", "RecursionError")
    assert failures.num == 1


async def test_a_store_that_fails_for_every_run_is_no_failure_of_the_runs_alone() -> None:
    failures = RunFailures()

    async def do(_: str) -> None:
        raise UnavailableError("the database does not answer")

    with pytest.raises(UnavailableError):
        await failures.each("Testing", ["a", "b"], str, do)
    assert failures.num == 2
    await failures.each("Testing", [], str, do)


async def test_a_store_that_fails_for_one_run_does_not_end_the_work() -> None:
    failures, done = RunFailures(), []

    async def do(run_id: str) -> None:
        if run_id == "large":
            raise UnavailableError("the database does not answer")
        done.append(run_id)

    await failures.each("Testing", ["large", "a"], str, do)
    assert done == ["a"]


def test_the_newest_failing_runs_are_kept_and_all_failures_counted() -> None:
    failures = RunFailures()
    for number in range(MAX_FAILING_RUNS + 5):
        for _ in range(2):
            with failures.isolated(f"run {number}", "Testing"):
                raise ValueError("bad")
    assert failures.num == 2 * (MAX_FAILING_RUNS + 5)
    newest = failures.newest()
    assert len(newest) == MAX_FAILING_RUNS
    assert (newest[0].run_id, newest[0].num) == (f"run {MAX_FAILING_RUNS + 4}", 2)
