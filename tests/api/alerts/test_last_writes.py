"""The last write of each run, counted for the runs above it and kept over a restart."""

import asyncio
from collections.abc import Collection, Mapping

import pytest

from api.alerts.last_writes import MAX_RUNS, LastWrites, LastWriteStore
from api.storage.database import Database

A, B, C, D = (letter * 32 for letter in "abcd")


def above(**parents: str) -> Mapping[str, str]:
    return {child * 32: parent for child, parent in parents.items()}


def counted(writes: LastWrites, tree: Mapping[str, str]) -> None:
    async def parents(run_ids: Collection[str]) -> Mapping[str, str]:
        return {run_id: tree[run_id] for run_id in run_ids if run_id in tree}

    asyncio.run(writes.count_for_parents(writes.unsaved(), parents))


def test_a_write_counts_for_all_runs_above() -> None:
    writes = LastWrites()
    writes.add(A, None, 1000)
    counted(writes, above(a=B, b=C))
    assert writes.get(A) == writes.get(B) == writes.get(C)
    assert writes.get(D) is None


def test_an_older_write_of_a_child_does_not_replace_the_own_one() -> None:
    writes = LastWrites()
    writes.add(A, None, 1000)
    writes.add(B, None, 2000)
    counted(writes, above(a=B))
    newest = writes.get(B)
    assert newest is not None
    assert newest.accepted_ms == 2000


def test_the_newest_of_several_children_counts() -> None:
    writes = LastWrites()
    writes.add(A, None, 1000)
    writes.add(B, None, 2000)
    counted(writes, above(a=C, b=C))
    assert writes.get(C) == writes.get(B)


@pytest.mark.parametrize("tree", [above(a=A), above(a=B, b=A), above(a=B, b=C, c=A)])
def test_runs_that_are_above_themselves_end_the_search(tree: Mapping[str, str]) -> None:
    writes = LastWrites()
    writes.add(A, None, 1000)
    counted(writes, tree)
    assert writes.get(A) is not None


@pytest.mark.parametrize("parent", ["", "no id", "e" * 5000, "E" * 32])
def test_a_parent_that_is_no_run_is_left_out(parent: str) -> None:
    writes = LastWrites()
    writes.add(A, None, 1000)
    counted(writes, {A: parent})
    assert writes.unsaved().keys() == {A}


def test_the_number_of_runs_is_bounded() -> None:
    writes = LastWrites()
    for number in range(MAX_RUNS + 10):
        writes.add(f"{number:032x}", None, number)
    assert len(writes.unsaved()) == MAX_RUNS
    assert writes.get(f"{0:032x}") is None


def test_what_was_written_is_saved_once_and_only_later_writes_again(database: Database) -> None:
    store, writes = LastWriteStore(database), LastWrites()
    writes.add(A, None, 1000)
    writes.add(B, "other", 2000)
    unsaved = writes.unsaved()
    store.save(unsaved)
    writes.add(A, None, 3000)
    writes.mark_saved(unsaved)

    assert store.accepted_ms([A, B, C]) == {A: 1000, B: 2000}
    assert writes.unsaved().keys() == {A}
    store.save(writes.unsaved())
    assert store.accepted_ms([A]) == {A: 3000}
    assert [(run.run_id, run.workspace) for run in store.since(1999)] in (
        [(A, None), (B, "other")],
        [(B, "other"), (A, None)],
    )
    store.remove_before(2500, kept=())
    assert store.accepted_ms([A, B]) == {A: 3000}
    store.remove_before(5000, kept=[A])
    assert store.accepted_ms([A]) == {A: 3000}
