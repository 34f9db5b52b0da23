"""The engine follows its alias without a failed request, and refuses what it cannot do in time."""

import asyncio
import threading
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest

from serving.engine.protocol import Engine, LeasedModel
from serving.engine.registry import ModelRegistry, RegisteredVersion, RegistryError
from serving.engine.served_model import ServedClassifier
from serving.engine.serving_engine import ServingEngine
from serving.errors import Reason, ServingError
from tests.serving.engine.conftest import TwoVersions, running_engine
from tests.serving.engine.registered import NAME, drawn_images
from tests.turns import turns, until
from tests.waiting import DEADLINE_S

pytestmark = pytest.mark.anyio

NUM_MOVES = 20
NUM_CALLERS = 8


def served_version(engine: Engine) -> str | None:
    current = engine.current()
    return None if current is None else current.version


def version_of(engine: Engine) -> ServedClassifier:
    assert isinstance(engine, ServingEngine)
    version = engine._champion.versions.current
    assert version is not None
    return version


async def test_no_request_fails_while_the_alias_moves(versions: TwoVersions) -> None:
    async with running_engine(versions.settings()) as engine:
        answered: dict[str, int] = {}
        (image,) = drawn_images(1)
        expected: dict[str, np.ndarray] = {}
        is_over = False

        async def call() -> None:
            while not is_over:
                async with engine.lease() as model:
                    (output,) = await model.predict([image], timeout_s=DEADLINE_S)
                    version = model.description.version
                answered[version] = answered.get(version, 0) + 1
                known = expected.setdefault(version, output.logits)
                # The named version is the one that gave the answer.
                np.testing.assert_allclose(output.logits, known, rtol=1e-4, atol=1e-4)

        async with asyncio.TaskGroup() as callers:
            for _ in range(NUM_CALLERS):
                callers.create_task(call())
            for move in range(NUM_MOVES):
                target = versions.second if move % 2 == 0 else versions.first
                await asyncio.to_thread(versions.store.point, target)
                before = answered.get(target, 0)
                await until(lambda: served_version(engine) == target, "the new version")  # noqa: B023
                await until(
                    lambda: answered.get(target, 0) > before,  # noqa: B023
                    "its answer",
                )
            is_over = True

    assert set(answered) == {versions.first, versions.second}
    assert not np.allclose(expected[versions.first], expected[versions.second], atol=1e-2)


async def test_a_lease_keeps_its_version_until_it_ends(versions: TwoVersions) -> None:
    async with running_engine(versions.settings()) as engine:
        old = version_of(engine)
        async with engine.lease() as model:
            versions.store.point(versions.second)
            await until(lambda: served_version(engine) == versions.second, "the new version")
            await model.predict(drawn_images(2), timeout_s=DEADLINE_S)
            assert model.description.version == versions.first
            assert hasattr(old.runner._model, "_network")  # type: ignore[attr-defined]
        await until(lambda: not hasattr(old.runner._model, "_network"), "the free memory")  # type: ignore[attr-defined]


async def test_a_version_that_cannot_be_served_leaves_the_old_one(
    versions: TwoVersions, tmp_path: Path
) -> None:
    (tmp_path / "MLmodel").write_text("flavors: {sklearn: {}}\n")
    client = versions.store.client
    strange = client.create_model_version(NAME, str(tmp_path)).version
    async with running_engine(versions.settings()) as engine:
        versions.store.point(strange)
        await until(lambda: "cannot be served" in engine.message, "the refusal")
        assert served_version(engine) == versions.first
        assert "flavour python_function" in engine.message
        assert f"version {versions.first}, is served meanwhile" in engine.message
        versions.store.point(versions.second)
        await until(lambda: served_version(engine) == versions.second, "the next version")
        assert engine.message == ""


async def test_an_alias_that_is_gone_leaves_the_version(versions: TwoVersions) -> None:
    async with running_engine(versions.settings()) as engine:
        versions.store.client.delete_registered_model_alias(NAME, "champion")
        await until(lambda: engine.message, "the message")
        assert served_version(engine) == versions.first
        assert f"fovea models promote {NAME}" in engine.message


async def test_without_a_model_a_request_says_what_to_do(versions: TwoVersions) -> None:
    async with running_engine(versions.settings(model="later")) as engine:
        with pytest.raises(ServingError) as refused:
            async with engine.lease():
                pass
        assert refused.value.reason is Reason.MODEL_NOT_LOADED
        assert "fovea models promote later VERSION" in refused.value.message
        assert engine.current() is None
        client = versions.store.client
        client.create_registered_model("later")
        source = client.get_model_version(NAME, versions.first)
        client.create_model_version("later", str(source.source), run_id=source.run_id)
        versions.store.point("1", name="later")
        await until(lambda: engine.current() is not None, "the model")
        assert engine.message == ""


class Away(ModelRegistry):
    """A registry that is reached only while it is not away."""

    is_away = False

    def find(self, name: str, alias: str) -> RegisteredVersion | None:
        if self.is_away:
            raise RegistryError("the model registry at http://x did not answer")
        return super().find(name, alias)


async def test_a_registry_that_is_away_stops_no_service(
    versions: TwoVersions, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("serving.engine.opening.ModelRegistry", Away)
    monkeypatch.setattr(Away, "is_away", False)
    async with running_engine(versions.settings()) as engine:
        Away.is_away = True
        await until(lambda: "did not answer" in engine.message, "the message")
        async with engine.lease() as model:
            await model.predict(drawn_images(1), timeout_s=DEADLINE_S)
        versions.store.point(versions.second)
        Away.is_away = False
        await until(lambda: served_version(engine) == versions.second, "the new version")
        assert engine.message == ""


async def test_more_images_than_the_queue_holds_are_refused(versions: TwoVersions) -> None:
    settings = versions.settings(max_queued_images=10, max_batch_size=2)
    async with running_engine(settings) as engine, engine.lease() as model:
        (image,) = drawn_images(1)

        async def call() -> Reason | None:
            try:
                await model.predict([image], timeout_s=DEADLINE_S)
            except ServingError as error:
                return error.reason
            return None

        outcomes = await asyncio.gather(*(call() for _ in range(50)))
        assert outcomes.count(None) == 10
        assert outcomes.count(Reason.QUEUE_FULL) == 40
        assert engine.num_queued == 0
        assert await call() is None


async def test_a_volume_larger_than_the_queue_is_predicted_in_order(versions: TwoVersions) -> None:
    settings = versions.settings(max_queued_images=4, max_batch_size=2)
    images = drawn_images(19)
    async with running_engine(settings) as engine, engine.lease() as model:
        outputs = await model.predict(images, timeout_s=DEADLINE_S)
        for image, output in list(zip(images, outputs, strict=True))[::6]:
            (alone,) = await model.predict([image], timeout_s=DEADLINE_S)
            np.testing.assert_allclose(output.logits, alone.logits, rtol=1e-4, atol=1e-4)


@dataclass
class Watched:
    """A network whose batches are counted, and which computes only while it may."""

    sizes: list[int] = field(default_factory=list)
    may_compute: threading.Event = field(default_factory=threading.Event)


def watch(model: LeasedModel, monkeypatch: pytest.MonkeyPatch) -> Watched:
    watched = Watched()
    network = model._served.runner._model  # type: ignore[attr-defined]
    predict = network.predict

    def predict_when_let(images: np.ndarray) -> object:
        watched.sizes.append(len(images))
        assert watched.may_compute.wait(DEADLINE_S)
        return predict(images)

    monkeypatch.setattr(network, "predict", predict_when_let)
    return watched


async def test_a_passed_deadline_costs_no_computation(
    versions: TwoVersions, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with running_engine(versions.settings()) as engine, engine.lease() as model:
        watched = watch(model, monkeypatch)
        first = asyncio.create_task(model.predict(drawn_images(1), timeout_s=DEADLINE_S))
        await until(lambda: watched.sizes, "the first batch")
        with pytest.raises(ServingError) as refused:
            await model.predict(drawn_images(3), timeout_s=0.1)
        assert refused.value.reason is Reason.DEADLINE_EXCEEDED
        assert engine.num_queued == 1
        watched.may_compute.set()
        await first
        await model.predict(drawn_images(1), timeout_s=DEADLINE_S)
        assert watched.sizes == [1, 1]


async def test_a_caller_that_has_gone_costs_no_computation(
    versions: TwoVersions, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with running_engine(versions.settings()) as engine, engine.lease() as model:
        watched = watch(model, monkeypatch)
        first = asyncio.create_task(model.predict(drawn_images(1), timeout_s=DEADLINE_S))
        await until(lambda: watched.sizes, "the first batch")
        gone = asyncio.create_task(model.predict(drawn_images(5), timeout_s=DEADLINE_S))
        await until(lambda: engine.num_queued == 6, "the request")
        gone.cancel()
        await asyncio.gather(gone, return_exceptions=True)
        assert engine.num_queued == 1
        watched.may_compute.set()
        await first
        await model.predict(drawn_images(1), timeout_s=DEADLINE_S)
        assert watched.sizes == [1, 1]


async def test_values_that_are_not_finite_are_no_answer(
    versions: TwoVersions, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with running_engine(versions.settings()) as engine, engine.lease() as model:
        network = model._served.runner._model  # type: ignore[attr-defined]
        forward = network._forward

        def broken(pixels: object) -> object:
            logits, features = forward(pixels)
            return logits * float("nan"), features

        monkeypatch.setattr(network, "_forward", broken)
        with pytest.raises(ServingError) as refused:
            await model.predict(drawn_images(1), timeout_s=DEADLINE_S)
    assert refused.value.reason is Reason.MODEL_FAILED


async def test_a_failure_of_the_model_names_no_internals(
    versions: TwoVersions, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with running_engine(versions.settings()) as engine, engine.lease() as model:
        network = model._served.runner._model  # type: ignore[attr-defined]

        def broken(_: object) -> object:
            raise RuntimeError("CUDA error at /secret/path")

        monkeypatch.setattr(network, "_forward", broken)
        with pytest.raises(ServingError) as refused:
            await model.predict(drawn_images(1), timeout_s=DEADLINE_S)
    assert refused.value.reason is Reason.MODEL_FAILED
    assert "/secret" not in refused.value.message


async def test_an_image_is_explained_while_others_are_predicted(versions: TwoVersions) -> None:
    async with running_engine(versions.settings()) as engine, engine.lease() as model:
        images = drawn_images(6, height=64, width=96)
        before = await model.predict(images, timeout_s=DEADLINE_S)
        heat_map, outputs = await asyncio.gather(
            model.explain(images[0], class_index=1, timeout_s=DEADLINE_S),
            model.predict(images, timeout_s=DEADLINE_S),
        )
    for one, other in zip(before, outputs, strict=True):
        np.testing.assert_allclose(one.logits, other.logits, rtol=1e-4, atol=1e-4)
    assert heat_map.absent_reason == ""
    assert heat_map.method == "Grad-CAM (forward_features)"
    assert heat_map.values.min() >= 0
    assert heat_map.values.max() > 0


async def test_the_quality_model_is_leased_once_it_is_registered(versions: TwoVersions) -> None:
    settings = versions.settings(quality_model="quality-here")
    async with running_engine(settings) as engine:
        async with engine.lease_quality() as absent:
            assert absent is None
        client = versions.store.client
        client.create_registered_model("quality-here")
        source = client.get_model_version(NAME, versions.first)
        client.create_model_version("quality-here", str(source.source), run_id=source.run_id)
        versions.store.point("1", name="quality-here")
        assert isinstance(engine, ServingEngine)
        await until(lambda: engine._quality.versions.current is not None, "the quality model")
        async with engine.lease_quality() as model:
            assert model is not None
            await model.predict(drawn_images(1), timeout_s=DEADLINE_S)


async def test_closing_refuses_what_is_under_way(versions: TwoVersions) -> None:
    async with running_engine(versions.settings(max_batch_size=1)) as engine:
        model_of_lease = engine.lease()
        model = await model_of_lease.__aenter__()
        request = asyncio.create_task(model.predict(drawn_images(200), timeout_s=DEADLINE_S))
        await until(lambda: engine.num_queued > 0, "the request")
        await engine.close()
        with pytest.raises(ServingError) as refused:
            await request
        assert refused.value.reason is Reason.SHUTTING_DOWN
        await model_of_lease.__aexit__(None, None, None)
        with pytest.raises(ServingError):
            async with engine.lease():
                pass


async def test_an_engine_closes_at_any_moment(versions: TwoVersions) -> None:
    settings = versions.settings(model="none-yet", poll_s=0.001)
    for number in range(30):
        async with asyncio.timeout(DEADLINE_S), running_engine(settings):
            await turns(10 + 17 * number)
