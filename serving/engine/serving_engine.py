"""The engine of the service: follows the aliases of its models, and leases the versions that they name."""

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Generic

from serving.engine.alias_follower import AliasChoice, AliasFollower
from serving.engine.backend import Backend
from serving.engine.challenger import Challenger
from serving.engine.leased_model import LeasedVersion
from serving.engine.leased_segmenter import LeasedSegmentation
from serving.engine.places import Places
from serving.engine.protocol import LeasedModel, LeasedSegmenter, ModelDescription
from serving.engine.registry import ModelRegistry, RegisteredVersion
from serving.engine.served_model import (
    CountBatch,
    ServedClassifier,
    ServedSegmenter,
    count_nothing,
)
from serving.engine.versions import L, Versions
from serving.errors import Reason, ServingError
from serving.settings import ServingSettings

MAX_WAITING_EXPLANATIONS = 32
MAX_WAITING_SEGMENTATIONS = 32
MAX_PREPARING_THREADS = 8
NOT_STARTED = "No model is loaded yet: the service has just started."


@dataclass(frozen=True, kw_only=True)
class FollowedModel(Generic[L]):
    """A registered model, at the version that its alias names."""

    versions: Versions[L]
    follower: AliasFollower[L]

    async def close(self) -> None:
        self.follower.close()
        await self.versions.close()


class ServingEngine:
    """Implements `serving.engine.protocol.Engine` on any backend."""

    def __init__(
        self,
        settings: ServingSettings,
        *,
        registry: ModelRegistry,
        backend: Backend,
        count_batch: CountBatch = count_nothing,
    ) -> None:
        self._settings = settings
        self._registry = registry
        self._backend = backend
        self._count_batch = count_batch
        self._places = Places(settings.max_queued_images, things="images")
        self._background = Places(settings.max_queued_images, things="images")
        self._explanations = Places(MAX_WAITING_EXPLANATIONS, things="explanations")
        self._segmentations = Places(MAX_WAITING_SEGMENTATIONS, things="segmentations")
        self._preparing = ThreadPoolExecutor(
            min(MAX_PREPARING_THREADS, os.cpu_count() or 1), thread_name_prefix="preparation"
        )
        name, alias = settings.model, settings.alias
        self._champion = self._followed(name, alias, self._load, is_optional=False)
        self._quality = self._followed(settings.quality_model, alias, self._load, is_optional=True)
        self._segmenter = self._followed(
            settings.segmentation_model, alias, self._load_segmenter, is_optional=True
        )
        self._shadow = (
            self._followed(name, settings.challenger_alias, self._load, is_optional=True)
            if settings.challenger_alias
            else None
        )
        self._challenger: Challenger | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self._is_closing = False

    def current(self) -> ModelDescription | None:
        version = self._champion.versions.current
        return None if version is None else version.runner.description

    @property
    def num_queued(self) -> int:
        return self._places.num_taken

    @property
    def message(self) -> str:
        if self.current() is None:
            return self._champion.follower.problem or NOT_STARTED
        if problem := self._champion.follower.problem:
            return problem
        others = (self._quality, self._segmenter, self._shadow)
        return " ".join(each.follower.problem for each in others if each is not None).strip()

    @asynccontextmanager
    async def lease(self) -> AsyncIterator[LeasedModel]:
        if self._is_closing:
            raise ServingError(
                Reason.SHUTTING_DOWN, "The service is shutting down: send the request again later."
            )
        with self._champion.versions.leased() as version:
            if version is None:
                raise ServingError(Reason.MODEL_NOT_LOADED, self.message)
            yield self._lease_of(version, observed=True)

    @asynccontextmanager
    async def lease_quality(self) -> AsyncIterator[LeasedModel | None]:
        with self._quality.versions.leased() as version:
            yield None if version is None else self._lease_of(version)

    @asynccontextmanager
    async def lease_segmenter(self) -> AsyncIterator[LeasedSegmenter]:
        with self._segmenter.versions.leased() as version:
            if version is None:
                raise ServingError(Reason.SEGMENTATION_UNAVAILABLE, self._no_segmenter())
            yield LeasedSegmentation(version, places=self._segmentations, preparing=self._preparing)

    async def start(self) -> None:
        if self._shadow is not None:
            self._challenger = Challenger(
                self._shadow.versions,
                self._lease_in_background,
                lambda: self._places.num_taken > 0,
                self._registry.tracking_uri,
            )
            self._challenger.start()
            self._follow(self._shadow.follower)
        awaited = (self._champion.follower, self._quality.follower, self._segmenter.follower)
        await asyncio.gather(*(follower.look() for follower in awaited))
        for follower in awaited:
            self._follow(follower)

    async def close(self) -> None:
        self._is_closing = True
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._challenger is not None:
            await self._challenger.close()
        for each in (self._champion, self._quality, self._segmenter, self._shadow):
            if each is not None:
                await each.close()
        await self._backend.close()
        self._preparing.shutdown(wait=False, cancel_futures=True)

    def _follow(self, follower: AliasFollower[Any]) -> None:
        self._tasks.append(asyncio.create_task(follower.run()))

    def _followed(
        self,
        name: str,
        alias: str,
        load: Callable[[RegisteredVersion], Awaitable[L]],
        *,
        is_optional: bool,
    ) -> FollowedModel[L]:
        versions: Versions[L] = Versions()
        follower = AliasFollower(
            AliasChoice(name=name, alias=alias, is_optional=is_optional),
            registry=self._registry,
            versions=versions,
            load=load,
            poll_s=self._settings.poll_s,
        )
        return FollowedModel(versions=versions, follower=follower)

    async def _load(self, version: RegisteredVersion) -> ServedClassifier:
        runner = await self._backend.load(version)
        return ServedClassifier(
            version,
            runner,
            max_batch=self._settings.max_batch_size,
            max_wait_s=self._settings.max_batch_wait_ms / 1000,
            count_batch=self._count_batch,
        )

    async def _load_segmenter(self, version: RegisteredVersion) -> ServedSegmenter:
        return ServedSegmenter(version, await self._backend.load_segmenter(version))

    def _no_segmenter(self) -> str:
        name = self._settings.segmentation_model
        problem = self._segmenter.follower.problem
        return problem or (
            f"No segmentation model is registered as {name!r} with the alias "
            f"{self._settings.alias!r}: train one with the recipe segmentation, and set the alias "
            f"with `fovea models promote {name} VERSION`."
        )

    def _lease_of(self, version: ServedClassifier, *, observed: bool = False) -> LeasedVersion:
        return LeasedVersion(
            version,
            places=self._places,
            explanations=self._explanations,
            preparing=self._preparing,
            observe=self._challenger.offer if observed and self._challenger else None,
        )

    def _lease_in_background(self, version: ServedClassifier) -> LeasedVersion:
        return LeasedVersion(
            version,
            places=self._background,
            explanations=self._explanations,
            preparing=self._preparing,
        )
