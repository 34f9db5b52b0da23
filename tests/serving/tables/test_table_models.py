"""Models are loaded on demand, follow their alias without a failed request, and do not disturb each other."""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from serving.engine.registry import ModelRegistry, RegisteredVersion
from serving.errors import Reason, ServingError
from serving.server.deadline import Deadline
from serving.tables.cells import cell_of
from serving.tables.loaded_table import LoadedTable, load_table
from serving.tables.model_alias import ModelAlias
from serving.tables.options import PredictionOptions
from serving.tables.table_models import TableModels
from serving.v1 import predictions_pb2 as messages
from tests.serving.tables.conftest import CLASSES, NAME, TableVersions
from tests.serving.tables.trained_tables import labels, register, trained
from tests.turns import until
from tests.waiting import DEADLINE_S
from training.tables.targets.problem_type import ProblemType

pytestmark = pytest.mark.anyio

NUM_MOVES = 5
NUM_CALLERS = 4
PLANETS = ModelAlias(NAME)
ROW = {"period": 1.5, "depth": 9, "host": "G", "seen": True}


@asynccontextmanager
async def models_of(
    tables: TableVersions,
    load: Callable[[RegisteredVersion, Path], LoadedTable] = load_table,
    **settings: object,
) -> AsyncIterator[TableModels]:
    models = TableModels(tables.settings(**settings), ModelRegistry(tables.store.uri), load)
    try:
        yield models
    finally:
        await models.close()


def soon() -> Deadline:
    return Deadline.after(DEADLINE_S)


def answer_of(model: LoadedTable) -> object:
    options = PredictionOptions.parse(messages.PredictionOptions(model=NAME))
    (row,) = model.predict(model.rows_of_cells([ROW]), 1, options).rows
    return cell_of(row.label)


async def refusal(models: TableModels, model: ModelAlias) -> ServingError:
    with pytest.raises(ServingError) as refused:
        async with models.lease(model, soon()):
            pass
    return refused.value


def place(tables: TableVersions, name: str) -> None:
    """Register another small model under the name, as champion."""
    model = trained(labels(("a", "b")), ProblemType.BINARY)
    tables.store.point(register(tables.store, model, name), name=name)


async def test_no_request_fails_while_the_alias_moves(tables: TableVersions) -> None:
    expected = {tables.first: CLASSES[0], tables.second: CLASSES[-1]}
    answered: dict[str, int] = {}
    is_over = False
    async with models_of(tables) as models:

        async def call() -> None:
            while not is_over:
                async with models.lease(PLANETS, soon()) as model:
                    assert isinstance(model, LoadedTable)
                    version = model.version.version
                    # The named version is the one that gave the answer.
                    assert await asyncio.to_thread(answer_of, model) == expected[version]
                answered[version] = answered.get(version, 0) + 1

        async with asyncio.TaskGroup() as callers:
            for _ in range(NUM_CALLERS):
                callers.create_task(call())
            for move in range(NUM_MOVES):
                target = tables.second if move % 2 == 0 else tables.first
                await asyncio.to_thread(tables.store.point, target, name=NAME)
                before = answered.get(target, 0)
                await until(lambda: answered.get(target, 0) > before, "its answer")  # noqa: B023
            is_over = True
        assert models.num_loaded == 1
    assert set(answered) == set(expected)


async def test_the_model_that_was_not_asked_for_the_longest_goes_first(
    tables: TableVersions,
) -> None:
    for name in ("b", "c"):
        place(tables, name)
    loads: list[str] = []

    def load(version: RegisteredVersion, folder: Path) -> LoadedTable:
        loads.append(version.name)
        return load_table(version, folder)

    async with (
        models_of(tables, load, max_table_models=2) as models,
        models.lease(PLANETS, soon()) as kept,
    ):
        for name in ("b", NAME, "c", NAME, "b"):
            async with models.lease(ModelAlias(name), soon()):
                assert models.num_loaded <= 2
        assert loads == [NAME, "b", "c", "b"]
        async with models.lease(ModelAlias("c"), soon()):
            pass
        # Its place is taken, and its lease still holds it.
        assert isinstance(kept, LoadedTable)
        assert answer_of(kept) == CLASSES[0]


async def test_a_model_that_loads_slowly_delays_no_other_and_is_loaded_once(
    tables: TableVersions,
) -> None:
    place(tables, "slow")
    released = threading.Event()
    loads: list[str] = []

    def load(version: RegisteredVersion, folder: Path) -> LoadedTable:
        loads.append(version.name)
        assert version.name != "slow" or released.wait(DEADLINE_S)
        return load_table(version, folder)

    async def lease_slow() -> None:
        async with models.lease(ModelAlias("slow"), soon()):
            pass

    async with models_of(tables, load) as models:
        waiting = [asyncio.create_task(lease_slow()) for _ in range(3)]
        await until(lambda: "slow" in loads, "the slow model loads")
        async with models.lease(PLANETS, soon()) as model:
            assert isinstance(model, LoadedTable)
            assert answer_of(model) == CLASSES[0]
        with pytest.raises(ServingError) as late:
            async with models.lease(ModelAlias("slow"), Deadline.after(0.01)):
                pass
        assert late.value.reason is Reason.DEADLINE_EXCEEDED
        released.set()
        await asyncio.gather(*waiting)
    assert sorted(loads) == [NAME, "slow"]


async def test_a_model_that_is_not_registered_is_refused_with_what_to_do(
    tables: TableVersions,
) -> None:
    async with models_of(tables) as models:
        for model in (ModelAlias("nobody's"), ModelAlias(NAME, "nowhere")):
            refused = await refusal(models, model)
            assert refused.reason is Reason.MODEL_NOT_FOUND
            assert f"fovea models promote {model.name} VERSION" in refused.message
        assert models.num_loaded == 0


async def test_a_model_of_another_kind_is_refused_and_its_code_is_not_run(
    tables: TableVersions, tmp_path: Path
) -> None:
    (tmp_path / "MLmodel").write_text("flavors: {sklearn: {pickled_model: model.pkl}}\n")
    client = tables.store.client
    client.create_registered_model("strange")
    version = client.create_model_version("strange", str(tmp_path)).version
    tables.store.point(version, name="strange")
    async with models_of(tables) as models:
        refused = await refusal(models, ModelAlias("strange"))
    assert refused.reason is Reason.MODEL_REFUSED
    assert "python_function" in refused.message


async def test_a_deleted_model_is_not_served_any_longer(tables: TableVersions) -> None:
    place(tables, "deleted")
    model = ModelAlias("deleted")
    async with models_of(tables) as models:
        async with models.lease(model, soon()):
            tables.store.client.delete_registered_model("deleted")

        await until(lambda: _is_gone(models, model), "the end of its version")
        assert (await refusal(models, model)).reason is Reason.MODEL_NOT_FOUND
    assert models.num_loaded == 0


def _is_gone(models: TableModels, model: ModelAlias) -> bool:
    return models._followed[model].versions.current is None


async def test_a_registry_that_does_not_answer_is_named(tables: TableVersions) -> None:
    models = TableModels(tables.settings(), ModelRegistry("http://127.0.0.1:9"))
    try:
        refused = await refusal(models, PLANETS)
    finally:
        await models.close()
    assert refused.reason is Reason.MODEL_NOT_LOADED
    assert "127.0.0.1:9 did not answer" in refused.message
