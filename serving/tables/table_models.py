"""Leases registered models of tables: loads one when it is first asked for, and follows its alias from then on."""

import asyncio
import logging
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from serving.engine.alias_follower import AliasChoice, AliasFollower
from serving.engine.registry import ModelRegistry, RegisteredVersion
from serving.engine.versions import Versions
from serving.errors import Reason, ServingError
from serving.server.deadline import Deadline
from serving.settings import ServingSettings
from serving.tables.loaded_table import LoadedTable, load_table
from serving.tables.model_alias import ModelAlias
from serving.tables.model_files import require_table_model

logger = logging.getLogger(__name__)

NUM_LOADING_THREADS = 2
MAX_OPENING = 64
"""Models that are looked up or loaded for the first time at one time; more are refused."""

LoadTable = Callable[[RegisteredVersion, Path], LoadedTable]
"""Loads and warms a version from the folder of its model. Raises ModelRefusedError."""


@dataclass(frozen=True, kw_only=True)
class _FollowedTable:
    versions: Versions[LoadedTable]
    follower: AliasFollower[LoadedTable]
    polling: "asyncio.Task[None]"

    def retire(self) -> None:
        """Follow no longer; the version is freed once its last lease has ended."""
        self.polling.cancel()
        self.follower.close()
        self.versions.replace(None)


class TableModels:
    """Implements `TableLeases` with a bounded number of loaded models.

    Loading one neither blocks nor changes another.
    """

    def __init__(
        self, settings: ServingSettings, registry: ModelRegistry, load: LoadTable = load_table
    ) -> None:
        self._registry = registry
        self._load = load
        self._max_models = settings.max_table_models
        self._max_model_bytes = settings.max_table_model_bytes
        self._poll_s = settings.poll_s
        self._followed: OrderedDict[ModelAlias, _FollowedTable] = OrderedDict()
        self._opening: dict[ModelAlias, asyncio.Task[None]] = {}
        self._loading = ThreadPoolExecutor(NUM_LOADING_THREADS, thread_name_prefix="table-model")
        self._is_closing = False

    @property
    def num_loaded(self) -> int:
        return len(self._followed)

    @asynccontextmanager
    async def lease(self, model: ModelAlias, deadline: Deadline) -> AsyncIterator[LoadedTable]:
        """The version of the alias, which stays loaded while inside.

        Raises ServingError MODEL_NOT_FOUND, MODEL_REFUSED, MODEL_NOT_LOADED, QUEUE_FULL,
        DEADLINE_EXCEEDED or SHUTTING_DOWN.
        """
        followed = self._current(model)
        if followed is None:
            await self._open(model, deadline)
            followed = self._current(model)
        if followed is None:
            raise _not_found(model)
        self._followed.move_to_end(model)
        with followed.versions.leased() as version:
            assert version is not None  # as `_current` says
            yield version

    async def close(self) -> None:
        self._is_closing = True
        tasks = [*self._opening.values(), *(each.polling for each in self._followed.values())]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for followed in self._followed.values():
            followed.follower.close()
            await followed.versions.close()
        self._followed.clear()
        self._loading.shutdown(wait=False, cancel_futures=True)

    def _current(self, model: ModelAlias) -> _FollowedTable | None:
        """The followed model, unless its alias or the model itself is gone."""
        followed = self._followed.get(model)
        if followed is not None and followed.versions.current is None:
            self._followed.pop(model).retire()
            return None
        return followed

    async def _open(self, model: ModelAlias, deadline: Deadline) -> None:
        """Load the model; all who ask for it meanwhile wait for the same task."""
        if self._is_closing:
            raise ServingError(
                Reason.SHUTTING_DOWN, "The service is shutting down: send the request again later."
            )
        opening = self._opening.get(model)
        if opening is None:
            if len(self._opening) >= MAX_OPENING:
                raise ServingError(
                    Reason.QUEUE_FULL,
                    f"{MAX_OPENING} models are being loaded: send the request again later.",
                )
            opening = asyncio.create_task(self._follow(model))
            self._opening[model] = opening
            opening.add_done_callback(lambda done: self._opened(model, done))
        async with deadline.enforced():
            await asyncio.shield(opening)

    def _opened(self, model: ModelAlias, done: "asyncio.Task[None]") -> None:
        del self._opening[model]
        if not done.cancelled():
            # Read, so that asyncio does not report a failure that nobody waits for any longer.
            done.exception()

    async def _follow(self, model: ModelAlias) -> None:
        versions: Versions[LoadedTable] = Versions()
        follower = AliasFollower(
            # A model that was deleted with its project is not served any longer.
            AliasChoice(name=model.name, alias=model.alias, is_optional=True),
            registry=self._registry,
            versions=versions,
            load=self._loaded,
            poll_s=self._poll_s,
        )
        try:
            await follower.look()
        finally:
            if versions.current is None:
                follower.close()
        if versions.current is None:
            raise _absence(model, follower)
        self._keep(
            model,
            _FollowedTable(
                versions=versions, follower=follower, polling=asyncio.create_task(follower.run())
            ),
        )

    def _keep(self, model: ModelAlias, followed: _FollowedTable) -> None:
        self._followed[model] = followed
        while len(self._followed) > self._max_models:
            oldest, retired = self._followed.popitem(last=False)
            logger.info("%s makes place for %s.", oldest, model)
            retired.retire()

    async def _loaded(self, version: RegisteredVersion) -> LoadedTable:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._loading, self._download, version)

    def _download(self, version: RegisteredVersion) -> LoadedTable:
        with self._registry.downloaded(version) as folder:
            model = require_table_model(folder, max_bytes=self._max_model_bytes)
            return self._load(version, model)


def _absence(model: ModelAlias, follower: AliasFollower[LoadedTable]) -> ServingError:
    """Why no version could be loaded."""
    if not follower.problem:
        return _not_found(model)
    reason = Reason.MODEL_REFUSED if follower.has_refused else Reason.MODEL_NOT_LOADED
    return ServingError(reason, follower.problem)


def _not_found(model: ModelAlias) -> ServingError:
    return ServingError(
        Reason.MODEL_NOT_FOUND,
        f"No version of a registered model {model.name!r} has the alias {model.alias!r}: deploy its "
        f"project, or set the alias with `fovea models promote {model.name} VERSION --alias "
        f"{model.alias}`.",
    )
