"""Of many programs and people at once, one program takes an instruction, and no more than allowed are open."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from api.control.audit import Issuer
from api.control.instructions import InstructionOrder
from api.control.state import ControlState
from api.control.store import ControlStore
from api.errors import ConflictError
from api.pages import Page
from api.storage.database import Database
from tracking_plugin.control_messages import Answer, InstructionResult, Observed, Report
from tracking_plugin.names import RunStatus

RUN_ID = "a" * 32
NOW_MS = 1_800_000_000_000
STATE = ControlState(run_id=RUN_ID, status=RunStatus.TRAINING, has_link=True)
ORDER = InstructionOrder(
    name="sample_now", arguments="{}", issuer=Issuer(who="me", source="::1"), at_ms=NOW_MS
)


@pytest.fixture
def store(database: Database) -> ControlStore:
    return ControlStore(database)


def order(store: ControlStore, most: int = 100) -> int:
    """The id of a new instruction; raises ConflictError if `most` are open."""

    def decide(state: ControlState, num_open: int) -> ControlState:
        if num_open >= most:
            raise ConflictError("too many")
        return state

    change = store.instruct(RUN_ID, ORDER, decide, initial=STATE)
    assert change.record_id is not None
    return change.record_id


def report(store: ControlStore, program: str, *, taken: list[int], answers: list[Answer]) -> None:
    told = Report(observed=Observed.TRAINING, program=program, taken=taken, answers=answers)
    store.report(RUN_ID, told, lambda state: state, now_ms=NOW_MS)


def test_one_of_many_programs_takes_an_instruction_and_answers_it(store: ControlStore) -> None:
    number = order(store)
    programs = [f"program{each}" for each in range(8)]

    def is_granted(program: str) -> bool:
        report(store, program, taken=[number], answers=[])
        return any(each.taken for each in store.open_instructions(RUN_ID, program))

    with ThreadPoolExecutor(8) as threads:
        granted = list(threads.map(is_granted, programs))
    [winner] = [program for program, has_it in zip(programs, granted, strict=True) if has_it]
    for program in sorted(programs, key=lambda each: each == winner):
        answer = Answer(id=number, result=InstructionResult.DONE, message=program)
        report(store, program, taken=[], answers=[answer])
    [record] = store.history(RUN_ID, Page(limit=9)).entries
    assert (record.taken_by, record.message, record.outcome) == (winner, winner, "done")


def test_no_more_than_allowed_are_open_if_many_come_at_once(store: ControlStore) -> None:
    def attempt(_: int) -> bool:
        try:
            order(store, most=5)
        except ConflictError:
            return False
        return True

    with ThreadPoolExecutor(8) as people:
        assert sum(people.map(attempt, range(20))) == 5
    assert len(store.open_instructions(RUN_ID, "one")) == 5


def test_another_program_ends_what_the_one_before_has_taken(store: ControlStore) -> None:
    taken, free = order(store), order(store)
    report(store, "one", taken=[taken], answers=[])
    change = store.change(RUN_ID, lambda state: replace(state, program="two"), now_ms=NOW_MS)
    assert [record.id for record in change.instructions] == [taken]
    assert [each.id for each in store.open_instructions(RUN_ID, "two")] == [free]
