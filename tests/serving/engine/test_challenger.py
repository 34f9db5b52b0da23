"""A challenger sees the champion's images in the background, and its agreement is logged to a run."""

import asyncio
import subprocess
import sys

import pytest
from mlflow.entities import Run

from serving.engine.agreement import Agreement, top_class
from serving.engine.challenger import MAX_WAITING_IMAGES
from serving.engine.challenger_run import EXPERIMENT, end_runs_of_killed_services
from serving.engine.process_name import own_process_name
from serving.engine.protocol import Engine
from serving.engine.serving_engine import ServingEngine
from tests.serving.engine.conftest import TwoVersions, running_engine
from tests.serving.engine.registered import NAME, drawn_images
from tests.turns import until
from tests.waiting import DEADLINE_S
from tracking_plugin.names import Tag
from tracking_plugin.wilson_interval import wilson_interval

pytestmark = pytest.mark.anyio


def runs(versions: TwoVersions) -> list[Run]:
    """The runs of challengers, newest first."""
    client = versions.store.client
    found = client.get_experiment_by_name(EXPERIMENT)
    return [] if found is None else list(client.search_runs([found.experiment_id]))


@pytest.fixture(autouse=True)
def _without_challenger(versions: TwoVersions) -> object:
    yield
    versions.store.client.delete_registered_model_alias(NAME, "challenger")


async def predict(engine: Engine, count: int) -> list[str]:
    """The classes that the champion finds in `count` drawn images."""
    async with engine.lease() as model:
        outputs = await model.predict(drawn_images(count), timeout_s=DEADLINE_S)
        return [top_class(output, model.description) for output in outputs]


def agreement(engine: Engine) -> Agreement:
    assert isinstance(engine, ServingEngine)
    assert engine._challenger is not None
    return engine._challenger._agreement


async def until_challenged(engine: Engine) -> None:
    assert isinstance(engine, ServingEngine)
    shadow = engine._shadow
    assert shadow is not None
    await until(lambda: shadow.versions.current is not None, "the challenger")


async def test_agreement_is_logged_to_a_run_that_ends(
    versions: TwoVersions, monkeypatch: pytest.MonkeyPatch
) -> None:
    versions.store.point(versions.second, alias="challenger")
    num_before = len(runs(versions))
    async with running_engine(versions.settings(challenger_alias="challenger")) as engine:
        await until_challenged(engine)
        champion = await predict(engine, 12)
        await until(lambda: agreement(engine).num_images == 12, "the comparison")
    async with running_engine(versions.settings(alias="challenger")) as other:
        challenger = await predict(other, 12)

    (run, *_) = runs(versions)
    assert len(runs(versions)) == num_before + 1
    assert run.info.status == "FINISHED"
    assert run.data.tags["champion_version"] == versions.first
    assert run.data.tags["challenger_version"] == versions.second
    agreed = sum(one == other for one, other in zip(champion, challenger, strict=True))
    low, high = wilson_interval(agreed, 12)
    assert run.data.metrics == pytest.approx(
        {
            "challenger/agreement": agreed / 12,
            "challenger/agreement_low": low,
            "challenger/agreement_high": high,
            "challenger/images": 12,
            "challenger/dropped": 0,
        }
    )


async def test_images_beyond_the_queue_are_dropped_and_counted(versions: TwoVersions) -> None:
    versions.store.point(versions.second, alias="challenger")
    async with running_engine(versions.settings(challenger_alias="challenger")) as engine:
        await until_challenged(engine)
        assert isinstance(engine, ServingEngine)
        # The challenger waits as long as the champion is busy.
        with engine._places.taken(1):
            await predict(engine, MAX_WAITING_IMAGES + 40)
            dropped = agreement(engine).num_dropped
        assert 0 < dropped <= 40


async def test_a_new_pair_of_versions_begins_a_new_run(versions: TwoVersions) -> None:
    versions.store.point(versions.second, alias="challenger")
    async with running_engine(versions.settings(challenger_alias="challenger")) as engine:
        await until_challenged(engine)
        await predict(engine, 2)
        await until(lambda: agreement(engine).num_images == 2, "the first comparison")
        versions.store.point(versions.second)
        versions.store.point(versions.first, alias="challenger")

        def has_swapped() -> bool:
            assert isinstance(engine, ServingEngine)
            assert engine._shadow is not None
            shadow = engine._shadow.versions.current
            current = engine.current()
            return (
                current is not None
                and current.version == versions.second
                and shadow is not None
                and shadow.version.version == versions.first
            )

        await until(has_swapped, "both new versions")
        await predict(engine, 3)
        await until(lambda: agreement(engine).num_images == 3, "the second comparison")
        # The run of the first pair has ended before that of the second one begins.
        ended = runs(versions)[0]
        assert ended.info.status == "FINISHED"
        assert ended.data.metrics["challenger/images"] == 2
    newest, older = runs(versions)[:2]
    assert newest.data.metrics["challenger/images"] == 3
    assert newest.data.tags["champion_version"] == versions.second
    assert newest.info.status == "FINISHED"
    assert older.info.run_id == ended.info.run_id


async def test_a_challenger_that_is_the_champion_is_not_compared(versions: TwoVersions) -> None:
    versions.store.point(versions.first, alias="challenger")
    num_before = len(runs(versions))
    async with running_engine(versions.settings(challenger_alias="challenger")) as engine:
        await until_challenged(engine)
        await predict(engine, 3)
        assert isinstance(engine, ServingEngine)
        challenger = engine._challenger
        assert challenger is not None
        await until(challenger._waiting.empty, "the empty queue")
    assert len(runs(versions)) == num_before


async def test_the_run_of_a_killed_service_is_ended_by_the_next(versions: TwoVersions) -> None:
    client = versions.store.client
    # A process that has ended, with the name that it had.
    command = "from serving.engine.process_name import own_process_name as o; print(o())"
    ended = await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-c", command],
        check=True,
        capture_output=True,
        text=True,
    )
    found = client.get_experiment_by_name(EXPERIMENT)
    experiment = found.experiment_id if found else client.create_experiment(EXPERIMENT)
    left = client.create_run(experiment, tags={Tag.SERVING_PROCESS: ended.stdout.strip()})
    alive = client.create_run(experiment, tags={Tag.SERVING_PROCESS: own_process_name()})
    other = client.create_run(experiment)

    end_runs_of_killed_services(versions.store.uri)

    statuses = [client.get_run(run.info.run_id).info.status for run in (left, alive, other)]
    assert statuses == ["KILLED", "RUNNING", "RUNNING"]
    for run in (left, alive, other):
        client.delete_run(run.info.run_id)


def test_nothing_is_said_of_an_agreement_without_images() -> None:
    counted = Agreement()
    counted.num_dropped = 3
    assert counted.metrics() == {"challenger/images": 0, "challenger/dropped": 3}
    for agreed in (True, True, False):
        counted.add(agreed=agreed)
    metrics = counted.metrics()
    assert metrics["challenger/agreement"] == pytest.approx(2 / 3)
    assert metrics["challenger/agreement_low"] < 2 / 3 < metrics["challenger/agreement_high"]
