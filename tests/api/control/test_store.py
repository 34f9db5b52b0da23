"""A change of a run's state and its audit are one transaction, even if many come at once."""

import subprocess
import sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from api.control.acknowledgement import CommandOutcome
from api.control.audit import CommandRecord, CommandRequest, Issuer
from api.control.silence import CONTROLLED_LIMIT_MS
from api.control.state import (
    ControlState,
    commanded,
    ended,
    marked_silent,
    reported,
)
from api.control.store import ControlStore, UnknownStateError
from api.control.transitions import Action, IllegalMoveError
from api.pages import Page
from api.storage.database import Database
from tracking_plugin.control_messages import Desired, Observed, Report
from tracking_plugin.names import RunStatus

RUN_ID = "a" * 32
NOW_MS = 1_800_000_000_000
NEW = ControlState(run_id=RUN_ID, status=RunStatus.TRAINING, workspace="radiology")
SOMEBODY = Issuer(who="somebody", source="192.0.2.7")
NUM_CHANGES = 60


@pytest.fixture
def store(database: Database) -> ControlStore:
    return ControlStore(database)


def command(
    store: ControlStore, action: Action, *, release: bool = False, at_ms: int = NOW_MS
) -> ControlState:
    change = store.change(
        RUN_ID,
        lambda state: commanded(state, action, release=release, deadline_ms=NOW_MS + 1),
        now_ms=at_ms,
        initial=NEW,
        request=CommandRequest(action=action, issuer=SOMEBODY, release=release, at_ms=at_ms),
    )
    return change.after


def hear(store: ControlStore, observed: Observed, command_id: int, message: str = "") -> None:
    report = Report(observed=observed, command_id=command_id, message=message, step=5)
    store.change(RUN_ID, lambda state: reported(state, report, NOW_MS), now_ms=NOW_MS + 9)


def lines(store: ControlStore) -> list[CommandRecord]:
    """Oldest first."""
    return store.history(RUN_ID, Page(limit=1000)).entries[::-1]


def outcomes(store: ControlStore) -> list[tuple[Action, CommandOutcome, str]]:
    return [(line.action, line.outcome, line.message) for line in lines(store)]


def test_a_stored_state_is_read_in_full(store: ControlStore) -> None:
    full = replace(
        NEW,
        status=RunStatus.PAUSED,
        desired=Desired.PAUSED,
        release=True,
        command_id=7,
        heard_command_id=6,
        is_released=True,
        has_link=True,
        step=2**40,
        message="Ümläut \N{SNOWMAN}",
        heartbeat_ms=NOW_MS,
        deadline_ms=NOW_MS,
    )
    store.change(RUN_ID, lambda _: full, now_ms=NOW_MS, initial=NEW)
    assert store.find(RUN_ID) == full


def test_a_run_without_commands_and_reports_has_no_state(store: ControlStore) -> None:
    assert store.find(RUN_ID) is None
    with pytest.raises(UnknownStateError, match=RUN_ID):
        store.change(RUN_ID, lambda state: state, now_ms=NOW_MS)


def test_a_refused_change_leaves_neither_state_nor_audit(store: ControlStore) -> None:
    command(store, Action.STOP)
    with pytest.raises(IllegalMoveError):
        command(store, Action.PAUSE)
    state = store.find(RUN_ID)
    assert state is not None
    assert state.command_id == 1
    assert [action for action, *_ in outcomes(store)] == [Action.STOP]


def test_the_audit_records_who_when_and_from_where(store: ControlStore) -> None:
    command(store, Action.PAUSE, release=True)
    (line,) = lines(store)
    assert (line.who, line.source, line.at_ms) == ("somebody", "192.0.2.7", NOW_MS)
    assert (line.command_id, line.release, line.outcome_ms) == (1, True, None)


def test_a_command_is_done_when_the_run_has_acknowledged_it(store: ControlStore) -> None:
    command(store, Action.PAUSE)
    hear(store, Observed.PAUSED, 0)
    assert outcomes(store) == [(Action.PAUSE, CommandOutcome.PENDING, "")]
    hear(store, Observed.PAUSED, 1)
    assert outcomes(store) == [(Action.PAUSE, CommandOutcome.DONE, "")]
    assert lines(store)[0].outcome_ms == NOW_MS + 9


def test_a_command_is_superseded_by_the_next_one(store: ControlStore) -> None:
    command(store, Action.PAUSE)
    command(store, Action.RESUME, at_ms=NOW_MS + 3)
    assert outcomes(store) == [
        (Action.PAUSE, CommandOutcome.SUPERSEDED, ""),
        (Action.RESUME, CommandOutcome.PENDING, ""),
    ]
    assert lines(store)[0].outcome_ms == NOW_MS + 3
    hear(store, Observed.PAUSED, 1)
    hear(store, Observed.TRAINING, 2)
    assert outcomes(store)[0][1] is CommandOutcome.SUPERSEDED
    assert outcomes(store)[1][1] is CommandOutcome.DONE


def test_a_command_that_the_run_cannot_carry_out_has_failed_with_the_reason(
    store: ControlStore,
) -> None:
    command(store, Action.PAUSE, release=True)
    hear(store, Observed.TRAINING, 1, "The disk is full")
    assert outcomes(store) == [(Action.PAUSE, CommandOutcome.FAILED, "The disk is full")]


def test_a_repeated_command_waits_for_the_same_acknowledgement(store: ControlStore) -> None:
    command(store, Action.PAUSE)
    command(store, Action.PAUSE)
    assert [line.command_id for line in lines(store)] == [1, 1]
    hear(store, Observed.PAUSED, 1)
    command(store, Action.PAUSE)
    assert [came for _, came, _ in outcomes(store)] == [CommandOutcome.DONE] * 3


@pytest.mark.parametrize(
    ("action", "came"), [(Action.STOP, CommandOutcome.DONE), (Action.PAUSE, CommandOutcome.FAILED)]
)
def test_the_end_of_the_run_settles_a_stop_and_fails_other_commands(
    store: ControlStore, action: Action, came: CommandOutcome
) -> None:
    command(store, action)
    store.change(RUN_ID, lambda state: ended(state, RunStatus.COMPLETED), now_ms=NOW_MS)
    assert outcomes(store) == [(action, came, "The run is completed")]


def test_a_refused_command_is_recorded(store: ControlStore) -> None:
    asked = CommandRequest(action=Action.PAUSE, issuer=SOMEBODY, at_ms=NOW_MS)
    store.refuse(NEW, asked, "The run is completed")
    assert outcomes(store) == [(Action.PAUSE, CommandOutcome.REFUSED, "The run is completed")]
    assert lines(store)[0].outcome_ms == NOW_MS


def test_names_longer_than_their_columns_are_cut(store: ControlStore) -> None:
    asked = CommandRequest(
        action=Action.PAUSE, issuer=Issuer(who="w" * 999, source="s" * 999), at_ms=NOW_MS
    )
    store.refuse(NEW, asked, "no")
    assert (len(lines(store)[0].who), len(lines(store)[0].source)) == (256, 256)


def test_the_history_is_paged_newest_first(store: ControlStore) -> None:
    for action in (Action.PAUSE, Action.RESUME, Action.STOP):
        command(store, action)
    listed = store.history(RUN_ID, Page(limit=1, offset=1))
    assert ([line.action for line in listed.entries], listed.total) == ([Action.RESUME], 3)
    assert store.history("b" * 32, Page(limit=9)).total == 0


def test_commands_from_many_threads_lose_nothing(store: ControlStore) -> None:
    def alternate(number: int) -> None:
        command(store, (Action.PAUSE, Action.RESUME)[number % 2])

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(alternate, range(NUM_CHANGES)))
    require_whole(store, NUM_CHANGES)


def test_commands_from_two_processes_lose_nothing(database_uri: str, store: ControlStore) -> None:
    program = (
        "import sys\n"
        "from api.control.store import ControlStore\n"
        "from api.control.transitions import Action\n"
        "from api.storage.database import Database\n"
        "from tests.api.control.test_store import NUM_CHANGES, command\n"
        "store = ControlStore(Database(sys.argv[1]))\n"
        "for number in range(NUM_CHANGES // 2):\n"
        "    command(store, (Action.PAUSE, Action.RESUME)[number % 2])\n"
    )
    arguments = [sys.executable, "-c", program, database_uri]
    processes = [subprocess.Popen(arguments) for _ in range(2)]
    assert [process.wait(120) for process in processes] == [0, 0]
    require_whole(store, NUM_CHANGES)


def require_whole(store: ControlStore, num_commands: int) -> None:
    """Ids have no gap, the newest is that of the state, and all earlier commands are superseded."""
    found = lines(store)
    state = store.find(RUN_ID)
    assert state is not None
    assert len(found) == num_commands
    ids = [line.command_id for line in found]
    assert ids == sorted(ids)
    assert set(ids) - {0} == set(range(1, state.command_id + 1))
    came = Counter((line.command_id == state.command_id, line.outcome) for line in found)
    assert came[True, CommandOutcome.PENDING] == ids.count(state.command_id)
    assert came[False, CommandOutcome.PENDING] == 0


def test_two_first_changes_at_once_make_one_state(store: ControlStore) -> None:
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda _: command(store, Action.STOP), range(8)))
    require_whole(store, 8)


def test_silent_runs_are_found_until_they_are_marked(store: ControlStore) -> None:
    late_ms = NOW_MS + CONTROLLED_LIMIT_MS + 1
    command(store, Action.RESUME)
    assert store.newly_silent(late_ms) == [], "it has never listened"
    hear(store, Observed.TRAINING, 0)
    assert store.newly_silent(late_ms - 1) == []
    assert [state.run_id for state in store.newly_silent(late_ms)] == [RUN_ID]
    store.change(RUN_ID, lambda state: marked_silent(state, late_ms), now_ms=late_ms)
    assert store.newly_silent(late_ms) == []
    hear(store, Observed.TRAINING, 0)
    assert [state.run_id for state in store.newly_silent(late_ms)] == [RUN_ID]
