"""However a run ends, every part of the server that holds state for it lets go of it.

A matrix: each way of ending by each part. Each way is played once, in one process, over a real store.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

import api
from api.control.audit import Issuer
from api.control.transitions import Action
from api.errors import ConflictError, NotFoundError
from api.jobs.next_step import ObservedJob, Step, next_step
from api.jobs.store import Job, JobState
from api.pages import Page
from api.run_failures import RunFailures
from api.runs import run_follower
from api.runs.listing import list_runs
from api.runs.run_follower import RunListener
from api.runs.source import RunQuery
from api.runs.status import training_status
from api.timestamps import unix_ms
from tests.api.live.scripted_stream import Client
from tests.api.server_parts import ServerParts, server_parts, until_true
from tests.turns import until
from tracking_plugin.control_messages import Desired, Observed, Report
from tracking_plugin.events import (
    ExperimentChanged,
    RunDeleted,
    RunRestored,
)
from tracking_plugin.names import Tag
from tracking_plugin.ray_job_api import RayStatus

NO_TRAINING = ("completed", "stopped", "error")
PERSON = Issuer(who="person", source="test")


@dataclass(frozen=True)
class Played:
    """A server's parts, and a run that a command is to pause, and that has alerts."""

    parts: ServerParts
    experiment_id: str
    run_id: str

    def tag(self, name: Tag) -> str | None:
        value = self.parts.store.get_run(self.run_id).data.tags.get(name)
        return None if value is None else str(value)

    async def open_rules(self) -> set[str]:
        return await self.parts.open_rules(self.run_id)


async def ended(played: Played, status: str) -> None:
    played.parts.end(played.run_id, status)


async def ended_past_the_server(played: Played, status: str) -> None:
    played.parts.set_status(played.run_id, status)


async def deleted(played: Played) -> None:
    played.parts.store.delete_run(played.run_id)
    played.parts.bus.publish(RunDeleted(run_id=played.run_id, accepted_ms=unix_ms()))


async def deleted_past_the_server(played: Played) -> None:
    played.parts.store.delete_run(played.run_id)


async def deleted_for_good(played: Played) -> None:
    played.parts.store.delete_run(played.run_id)
    played.parts.store._hard_delete_run(played.run_id)


async def deleted_with_its_experiment(played: Played) -> None:
    played.parts.store.delete_experiment(played.experiment_id)
    played.parts.experiments.on_change(
        ExperimentChanged(
            experiment_id=played.experiment_id, is_deleted=True, accepted_ms=unix_ms()
        )
    )


async def loop_raised(played: Played) -> None:
    await reported(played, Observed.FAILED)


async def loop_stopped(played: Played) -> None:
    await reported(played, Observed.STOPPED)


async def reported(played: Played, observed: Observed) -> None:
    state = await played.parts.control.find(played.run_id)
    assert state is not None
    report = Report(observed=observed, message="The training loop ended with ValueError")
    await played.parts.control.report(played.run_id, report, state.link_digest)


WAYS: Mapping[str, Callable[[Played], Awaitable[None]]] = {
    "finished": lambda it: ended(it, "FINISHED"),
    "failed": lambda it: ended(it, "FAILED"),
    "killed": lambda it: ended(it, "KILLED"),
    "finished past the server": lambda it: ended_past_the_server(it, "FINISHED"),
    "failed past the server": lambda it: ended_past_the_server(it, "FAILED"),
    "loop raised": loop_raised,
    "loop stopped": loop_stopped,
    "deleted": deleted,
    "deleted past the server": deleted_past_the_server,
    "deleted for good": deleted_for_good,
    "deleted with its experiment": deleted_with_its_experiment,
}
LEAVES_A_MODEL = ("finished", "killed", "finished past the server", "loop stopped")
IS_GONE = tuple(way for way in WAYS if way.startswith("deleted"))


@asynccontextmanager
async def playing(folder: Path) -> AsyncIterator[Played]:
    async with server_parts(folder, silent_after_s=0.2) as parts:
        experiment_id = parts.create_experiment()
        run_id = parts.create_run(experiment_id)
        played = Played(parts, experiment_id, run_id)
        await parts.until_open(run_id, "run_silent")
        await parts.control.connect(run_id, None, "", PERSON)
        clinical = {"critical/RAO": 0.5, "critical_support/RAO": 20}
        parts.log(run_id, {"train/loss": float("nan"), **clinical})
        await parts.until_open(run_id, "loss_not_finite", "RAO")
        await until(lambda: played.tag(Tag.ALERT) == "critical", "the tag")
        await parts.control.command(run_id, None, Action.PAUSE, PERSON)
        yield played
        assert parts.failures.num == 0, parts.failures.newest()


async def pending_command_is_settled(played: Played, _: str) -> bool:
    page = Page(limit=1000)
    listed = await asyncio.to_thread(played.parts.control_store.history, played.run_id, page)
    return listed.entries[-1].outcome == "failed"


async def control_state_has_ended(played: Played, _: str) -> bool:
    state = await played.parts.control.find(played.run_id)
    return state is not None and str(state.status) in NO_TRAINING


async def paused_loop_is_told_to_stop(played: Played, _: str) -> bool:
    """Nothing else could reach it: each later command to its run is refused."""
    state = await played.parts.control.find(played.run_id)
    return state is not None and state.command.desired is Desired.STOPPED


async def new_commands_are_refused(played: Played, _: str) -> bool:
    return await is_refused(played.parts.control.command(played.run_id, None, Action.PAUSE, PERSON))


async def new_links_are_refused(played: Played, _: str) -> bool:
    return await is_refused(played.parts.control.connect(played.run_id, None, "", PERSON))


async def is_refused(work: Awaitable[object]) -> bool:
    try:
        await work
    except (ConflictError, NotFoundError):
        return True
    return False


async def run_is_not_silent_any_more(played: Played, _: str) -> bool:
    return "run_silent" not in await played.open_rules()


async def alerts_on_the_training_are_closed(played: Played, _: str) -> bool:
    return "loss_not_finite" not in await played.open_rules()


async def alerts_on_the_model_are_open_while_there_is_a_model(played: Played, way: str) -> bool:
    return ("RAO" in await played.open_rules()) is (way in LEAVES_A_MODEL)


async def closing_is_notified_with_its_reason(played: Played, _: str) -> bool:
    return any(
        it.change.kind == "closed" and it.change.note.startswith("The run")
        for it in played.parts.changes
    )


async def alert_tag_is_that_of_the_open_alerts(played: Played, way: str) -> bool:
    if way in IS_GONE:
        # MLflow refuses to change the tags of a deleted run; nothing shows them.
        return (await asyncio.to_thread(first_status, played, way)) is None
    return played.tag(Tag.ALERT) == ("critical" if way in LEAVES_A_MODEL else None)


def first_status(played: Played, way: str) -> str | None:
    if way == "deleted for good":
        return None
    return training_status(played.parts.reader.state(played.run_id), unix_ms()).alert


async def runs_list_counts_it_no_more(played: Played, way: str) -> bool:
    def listed() -> list[str]:
        runs = list_runs(played.parts.reader, RunQuery(), Page(limit=10), unix_ms(), RunFailures())
        return [str(run.status) for run in runs.entries]

    statuses = await asyncio.to_thread(listed)
    return statuses == [] if way in IS_GONE else statuses[0] in NO_TRAINING


async def badge_on_an_open_socket_has_changed(played: Played, _: str) -> bool:
    client = Client(played.parts.hub)
    first = await client.join(played.run_id)
    client.leave()
    return first["status"]["status"] in NO_TRAINING


async def job_ends(played: Played, way: str) -> bool:
    state = await played.parts.control.find(played.run_id)
    assert state is not None
    job = Job(
        run_id=played.run_id,
        workspace=None,
        kind="training",
        spec="{}",
        tracking_uri="",
        state=JobState.SUBMITTED,
        created_ms=0,
    )
    running, over = ObservedJob(status=RayStatus.RUNNING), ObservedJob(status=RayStatus.SUCCEEDED)
    in_a_minute_ms = unix_ms() + 61_000
    is_killed = next_step(job, state, running, in_a_minute_ms) is Step.KILL
    return next_step(job, state, over, unix_ms()) is Step.CLOSE and is_killed is (way in IS_GONE)


PARTS: Mapping[str, Callable[[Played, str], Awaitable[bool]]] = {
    part.__name__.replace("_", " "): part
    for part in (
        control_state_has_ended,
        pending_command_is_settled,
        paused_loop_is_told_to_stop,
        new_commands_are_refused,
        new_links_are_refused,
        run_is_not_silent_any_more,
        alerts_on_the_training_are_closed,
        alerts_on_the_model_are_open_while_there_is_a_model,
        closing_is_notified_with_its_reason,
        alert_tag_is_that_of_the_open_alerts,
        runs_list_counts_it_no_more,
        badge_on_an_open_socket_has_changed,
        job_ends,
    )
}


@cache
def outcome_of(way: str) -> Mapping[str, bool]:
    """Which of the parts have let go of the run once it has ended in this way."""

    async def play() -> dict[str, bool]:
        with TemporaryDirectory(prefix="fovea-endings-") as folder:
            async with playing(Path(folder)) as played:
                await WAYS[way](played)
                outcome: dict[str, bool] = {}

                async def all_have_let_go() -> bool:
                    for name, part in PARTS.items():
                        outcome[name] = await part(played, way)
                    return all(outcome.values())

                try:
                    async with asyncio.timeout(10):
                        while not await all_have_let_go():  # noqa: ASYNC110 - see until_true
                            await asyncio.sleep(0.05)
                except TimeoutError:
                    pass
                return outcome

    return asyncio.run(play())


@pytest.fixture(autouse=True)
def frequent_sweeps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run_follower, "SWEEP_INTERVAL_S", 0.2)


@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize("way", WAYS)
def test_each_part_lets_go_of_a_run_however_it_ends(way: str, part: str) -> None:
    assert outcome_of(way)[part]


async def restored(played: Played) -> None:
    played.parts.store.restore_run(played.run_id)
    played.parts.bus.publish(RunRestored(run_id=played.run_id, accepted_ms=unix_ms()))


async def restored_with_its_experiment(played: Played) -> None:
    played.parts.store.restore_experiment(played.experiment_id)
    played.parts.experiments.on_change(
        ExperimentChanged(
            experiment_id=played.experiment_id, is_deleted=False, accepted_ms=unix_ms()
        )
    )


async def started_again(played: Played) -> None:
    played.parts.end(played.run_id, "RUNNING")


@pytest.mark.parametrize(
    ("way", "back"),
    [
        ("deleted", restored),
        ("deleted with its experiment", restored_with_its_experiment),
        ("failed", started_again),
    ],
)
@pytest.mark.anyio
async def test_a_run_that_is_back_has_its_alerts_and_is_controlled_again(
    way: str, back: Callable[[Played], Awaitable[None]], tmp_path: Path
) -> None:
    async with playing(tmp_path) as played:
        await WAYS[way](played)

        async def has_let_go() -> bool:
            state = await played.parts.control.find(played.run_id)
            assert state is not None
            return not state.is_live and await played.open_rules() == set()

        await until_true(has_let_go, "the end of the alerts and of the control")
        await back(played)
        await played.parts.until_open(played.run_id, "loss_not_finite", "RAO")
        await played.parts.control.connect(played.run_id, None, "", PERSON)
        accepted = await played.parts.control.command(played.run_id, None, Action.PAUSE, PERSON)
        assert accepted.state.desired is Desired.PAUSED


def test_each_listener_is_part_of_the_matrix() -> None:
    """A new listener needs its checks in PARTS, and its name here."""
    listeners = {
        listener.__name__
        for listener in RunListener.__subclasses__()
        if listener.__module__.startswith("api.")
    }
    assert listeners == {"AlertEvaluator", "InactivityAlerts", "MlflowEvents"}


def test_only_the_follower_and_the_hub_read_the_bus() -> None:
    """RunFollower reports each run that is over, so each other part follows the bus through it.

    The feed of projects keeps nothing of a run: it only wakes the sockets of its project.
    """
    sources = (Path(api.__file__).parent).rglob("*.py")
    readers = {path.name for path in sources if "bus.follow()" in path.read_text()}
    assert readers == {"run_follower.py", "hub.py", "feed.py"}
