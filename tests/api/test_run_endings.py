"""However a run ends, every part of the server that holds state for it lets go of it.

A matrix: each way of ending by each part. Each way is played once, in one process, over a real store.
"""

import asyncio
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from mlflow.entities import Metric, RunStatus
from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore

from api.alerts.records import RecordedChange
from api.alerts.rule_file import RuleFile
from api.alerts.selections import AlertQuery
from api.alerts.service import AlertDependencies, AlertService, alert_service_running
from api.alerts.state_machine import AlertState
from api.bus.memory_bus import MemoryBus
from api.control.audit import Issuer
from api.control.service import ControlService
from api.control.store import ControlStore
from api.control.transitions import Action
from api.errors import ConflictError, NotFoundError
from api.jobs.next_step import ObservedJob, Step, next_step
from api.jobs.store import Job, JobState
from api.live.hub import Hub
from api.pages import Page
from api.run_failures import RunFailures
from api.runs import run_follower
from api.runs.experiment_events import ExperimentEvents
from api.runs.listing import list_runs
from api.runs.reader import RunReader
from api.runs.run_follower import RunFeed
from api.runs.source import RunQuery
from api.runs.status import training_status
from api.runs.writer import RunWriter
from api.storage.database import Database
from api.timestamps import unix_ms
from tests.api.live.scripted_stream import Client
from tests.api.logged_runs import empty_database
from tests.turns import until
from tracking_plugin.control_messages import Desired, Observed, Report
from tracking_plugin.events import (
    ExperimentChanged,
    LoggedPoint,
    MetricsLogged,
    RunCreated,
    RunDeleted,
    RunUpdated,
)
from tracking_plugin.names import Tag
from tracking_plugin.ray_job_api import RayStatus

NO_TRAINING = ("completed", "stopped", "error")
PERSON = Issuer(who="person", source="test")


@dataclass
class Played:
    """A server's parts, and a run that trains, is paused, and has alerts."""

    store: SqlAlchemyStore
    bus: MemoryBus
    reader: RunReader
    control: ControlService
    control_store: ControlStore
    alerts: AlertService
    hub: Hub
    experiments: ExperimentEvents
    changes: list[RecordedChange]
    experiment_id: str
    run_id: str

    async def open_rules(self) -> set[str]:
        query = AlertQuery(run_id=self.run_id, state=AlertState.FIRING)
        listed = await self.alerts.listed(None, query, Page(limit=100))
        return {alert.rule for alert in listed.entries}

    def tag(self, name: Tag) -> str | None:
        value = self.store.get_run(self.run_id).data.tags.get(name)
        return None if value is None else str(value)

    def log(self, **values: float) -> None:
        now_ms = unix_ms()
        points = [
            LoggedPoint(name.replace("__", "/"), value, 1, now_ms) for name, value in values.items()
        ]
        metrics = [Metric(it.name, it.value, it.timestamp_ms, it.step) for it in points]
        self.store.log_batch(self.run_id, metrics, [], [])
        self.bus.publish(MetricsLogged(run_id=self.run_id, accepted_ms=now_ms, points=points))

    def set_status(self, status: str) -> None:
        self.store.update_run_info(self.run_id, RunStatus.from_string(status), unix_ms(), None)

    def announce(self, status: str) -> None:
        self.bus.publish(
            RunUpdated(
                run_id=self.run_id, accepted_ms=unix_ms(), status=status, end_time_ms=unix_ms()
            )
        )


async def ended(played: Played, status: str) -> None:
    played.set_status(status)
    played.announce(status)


async def ended_past_the_server(played: Played, status: str) -> None:
    played.set_status(status)


async def deleted(played: Played) -> None:
    played.store.delete_run(played.run_id)
    played.bus.publish(RunDeleted(run_id=played.run_id, accepted_ms=unix_ms()))


async def deleted_past_the_server(played: Played) -> None:
    played.store.delete_run(played.run_id)


async def deleted_for_good(played: Played) -> None:
    played.store.delete_run(played.run_id)
    played.store._hard_delete_run(played.run_id)


async def deleted_with_its_experiment(played: Played) -> None:
    played.store.delete_experiment(played.experiment_id)
    played.experiments.on_change(
        ExperimentChanged(
            experiment_id=played.experiment_id, is_deleted=True, accepted_ms=unix_ms()
        )
    )


async def loop_raised(played: Played) -> None:
    await reported(played, Observed.FAILED)


async def loop_stopped(played: Played) -> None:
    await reported(played, Observed.STOPPED)


async def reported(played: Played, observed: Observed) -> None:
    state = await played.control.find(played.run_id)
    assert state is not None
    report = Report(observed=observed, message="The training loop ended with ValueError")
    await played.control.report(played.run_id, report, state.link_digest)


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
IS_ANNOUNCED = tuple(way for way in WAYS if not way.endswith(("past the server", "for good")))


@asynccontextmanager
async def playing(folder: Path) -> AsyncIterator[Played]:
    uri = f"sqlite:///{empty_database(folder)}"
    store = SqlAlchemyStore(uri, str(folder / "artifacts"))
    database = Database(uri)
    database.migrate()
    bus, reader, failures = MemoryBus(retention=1000), RunReader(lambda: store), RunFailures()
    feed = RunFeed(bus=bus, reader=reader, failures=failures)
    writer = RunWriter(bus.publish, lambda: store)
    control_store = ControlStore(database)
    control = ControlService(
        control_store, feed, writer, find_job=lambda _: None, obey_timeout_s=60
    )
    changes: list[RecordedChange] = []

    async def settled() -> None:
        await asyncio.sleep(0)

    hub = Hub(bus, reader, failures, retention=1000, settle=settled)
    async with AsyncExitStack() as stack:
        stack.callback(store.engine.dispose)
        stack.callback(database.close)
        await stack.enter_async_context(bus.running())
        await stack.enter_async_context(hub.running())
        await stack.enter_async_context(control.running(lambda _: None))
        alerts = await stack.enter_async_context(
            alert_service_running(
                RuleFile(),
                AlertDependencies(database=database, feed=feed, control=control, writer=writer),
                lambda _, change: changes.append(change),
                silent_after_s=0.2,
            )
        )
        experiment_id = store.create_experiment(uuid.uuid4().hex, None, [])
        run = store.create_run(experiment_id, "", unix_ms(), [], "a run")
        bus.publish(
            RunCreated(run_id=run.info.run_id, accepted_ms=unix_ms(), experiment_id=experiment_id)
        )
        played = Played(
            store=store,
            bus=bus,
            reader=reader,
            control=control,
            control_store=control_store,
            alerts=alerts,
            hub=hub,
            experiments=ExperimentEvents(bus.publish, reader),
            changes=changes,
            experiment_id=experiment_id,
            run_id=run.info.run_id,
        )
        await begin(played)
        yield played
        assert failures.num == 0, failures.newest()


async def begin(played: Played) -> None:
    """Wait until the run is paused by a command, has alerts and is silent."""
    open_rules: set[str] = set()

    async def has(*rules: str) -> bool:
        nonlocal open_rules
        open_rules = await played.open_rules()
        return set(rules) <= open_rules

    await until_true(lambda: has("run_silent"), "the alert of silence")
    await played.control.connect(played.run_id, None, "", PERSON)
    played.log(train__loss=float("nan"), critical__RAO=0.5, critical_support__RAO=20)
    await until_true(lambda: has("loss_not_finite", "RAO"), "the alerts on metrics")
    await until(lambda: played.tag(Tag.ALERT) == "critical", "the tag")
    await played.control.command(played.run_id, None, Action.PAUSE, PERSON)


async def until_true(condition: Callable[[], Awaitable[bool]], what: str) -> None:
    async with asyncio.timeout(60):
        while not await condition():  # noqa: ASYNC110 - it asks the database
            await asyncio.sleep(0.02)


async def pending_command_is_settled(played: Played, _: str) -> bool:
    page = Page(limit=1000)
    listed = await asyncio.to_thread(played.control_store.history, played.run_id, page)
    return listed.entries[-1].outcome == "failed"


async def control_state_has_ended(played: Played, _: str) -> bool:
    state = await played.control.find(played.run_id)
    return state is not None and str(state.status) in NO_TRAINING


async def paused_loop_is_told_to_stop(played: Played, _: str) -> bool:
    """Nothing else could reach it: each later command to its run is refused."""
    state = await played.control.find(played.run_id)
    return state is not None and state.command.desired is Desired.STOPPED


async def new_commands_are_refused(played: Played, _: str) -> bool:
    return await is_refused(played.control.command(played.run_id, None, Action.PAUSE, PERSON))


async def new_links_are_refused(played: Played, _: str) -> bool:
    return await is_refused(played.control.connect(played.run_id, None, "", PERSON))


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
        it.change.kind == "closed" and it.change.note.startswith("The run") for it in played.changes
    )


async def alert_tag_is_that_of_the_open_alerts(played: Played, way: str) -> bool:
    if way in IS_GONE:
        # MLflow refuses to change the tags of a deleted run; nothing shows them.
        return (await asyncio.to_thread(first_status, played, way)) is None
    return played.tag(Tag.ALERT) == ("critical" if way in LEAVES_A_MODEL else None)


def first_status(played: Played, way: str) -> str | None:
    if way == "deleted for good":
        return None
    return training_status(played.reader.state(played.run_id), unix_ms()).alert


async def runs_list_counts_it_no_more(played: Played, way: str) -> bool:
    def listed() -> list[str]:
        runs = list_runs(played.reader, RunQuery(), Page(limit=10), unix_ms(), RunFailures())
        return [str(run.status) for run in runs.entries]

    statuses = await asyncio.to_thread(listed)
    return statuses == [] if way in IS_GONE else statuses[0] in NO_TRAINING


async def badge_on_an_open_socket_has_changed(played: Played, way: str) -> bool:
    if way not in IS_ANNOUNCED:
        return True
    client = Client(played.hub)
    first = await client.join(played.run_id)
    client.leave()
    return first["status"]["status"] in NO_TRAINING


async def job_ends(played: Played, way: str) -> bool:
    state = await played.control.find(played.run_id)
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
