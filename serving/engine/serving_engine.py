"""The engine of the service: follows the aliases of its models, and leases the versions that they name."""

import asyncio
import os
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass

from serving.engine.alias_follower import AliasChoice, AliasFollower
from serving.engine.backend import Backend, Runner
from serving.engine.challenger import Challenger
from serving.engine.leased_model import LeasedVersion
from serving.engine.places import Places
from serving.engine.protocol import LeasedModel, ModelDescription
from serving.engine.registry import ModelRegistry, RegisteredVersion
from serving.engine.versions import ServedVersion, Versions
from serving.errors import Reason, ServingError
from serving.settings import ServingSettings

MAX_WAITING_EXPLANATIONS = 32
MAX_PREPARING_THREADS = 8
NOT_STARTED = "No model is loaded yet: the service has just started."


@dataclass(frozen=True, kw_only=True)
class FollowedModel:
    """A registered model, at the version that its alias names."""

    versions: Versions
    follower: AliasFollower

    async def close(self) -> None:
        self.follower.close()
        await self.versions.close()


class ServingEngine:
    """Implements `serving.engine.protocol.Engine` on any backend."""

    def __init__(
        self, settings: ServingSettings, *, registry: ModelRegistry, backend: Backend
    ) -> None:
        self._settings = settings
        self._registry = registry
        self._backend = backend
        self._places = Places(settings.max_queued_images, things="images")
        self._background = Places(settings.max_queued_images, things="images")
        self._explanations = Places(MAX_WAITING_EXPLANATIONS, things="explanations")
        self._preparing = ThreadPoolExecutor(
            min(MAX_PREPARING_THREADS, os.cpu_count() or 1), thread_name_prefix="preparation"
        )
        self._champion = self._followed(settings.model, settings.alias, is_optional=False)
        self._quality = self._followed(settings.quality_model, settings.alias, is_optional=True)
        self._shadow: FollowedModel | None = None
        if settings.challenger_alias:
            self._shadow = self._followed(
                settings.model, settings.challenger_alias, is_optional=True
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
        followed = (self._champion, self._quality, self._shadow)
        problems = [each.follower.problem for each in followed if each is not None]
        return " ".join(dict.fromkeys(filter(None, problems)))

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

    async def start(self) -> None:
        if self._shadow is not None:
            self._challenger = Challenger(
                self._shadow.versions,
                self._lease_in_background,
                lambda: self._places.num_taken > 0,
                self._registry.tracking_uri,
            )
            self._challenger.start()
            self._follow(self._shadow)
        await asyncio.gather(self._champion.follower.look(), self._quality.follower.look())
        self._follow(self._champion)
        self._follow(self._quality)

    async def close(self) -> None:
        self._is_closing = True
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._challenger is not None:
            await self._challenger.close()
        for each in (self._champion, self._quality, self._shadow):
            if each is not None:
                await each.close()
        await self._backend.close()
        self._preparing.shutdown(wait=False, cancel_futures=True)

    def _follow(self, model: FollowedModel) -> None:
        self._tasks.append(asyncio.create_task(model.follower.run()))

    def _followed(self, name: str, alias: str, *, is_optional: bool) -> FollowedModel:
        versions = Versions()
        follower = AliasFollower(
            AliasChoice(name=name, alias=alias, is_optional=is_optional),
            registry=self._registry,
            backend=self._backend,
            versions=versions,
            serve=self._served,
            poll_s=self._settings.poll_s,
        )
        return FollowedModel(versions=versions, follower=follower)

    def _served(self, version: RegisteredVersion, runner: Runner) -> ServedVersion:
        return ServedVersion(
            version,
            runner,
            max_batch=self._settings.max_batch_size,
            max_wait_s=self._settings.max_batch_wait_ms / 1000,
        )

    def _lease_of(self, version: ServedVersion, *, observed: bool = False) -> LeasedVersion:
        return LeasedVersion(
            version,
            places=self._places,
            explanations=self._explanations,
            preparing=self._preparing,
            observe=self._challenger.offer if observed and self._challenger else None,
        )

    def _lease_in_background(self, version: ServedVersion) -> LeasedVersion:
        return LeasedVersion(
            version,
            places=self._background,
            explanations=self._explanations,
            preparing=self._preparing,
        )
