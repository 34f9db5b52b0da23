"""Finds and deletes the registered models of projects in MLflow's registry."""

import asyncio
from collections.abc import Callable, Collection
from typing import Any, TypeVar

from mlflow.exceptions import MlflowException
from mlflow.protos.databricks_pb2 import INVALID_PARAMETER_VALUE, RESOURCE_DOES_NOT_EXIST, ErrorCode
from mlflow.server.handlers import _get_model_registry_store
from mlflow.store.model_registry.abstract_store import AbstractStore

from api.runs.workspaces import within
from tracking_plugin.names import CHAMPION
from tracking_plugin.registered_name import RegisteredName

T = TypeVar("T")

_NOT_THERE = (
    ErrorCode.Name(RESOURCE_DOES_NOT_EXIST),
    # Of an alias that the model does not have.
    ErrorCode.Name(INVALID_PARAMETER_VALUE),
)


class ModelRegistry:
    """Each method opens MLflow's registry on first use."""

    def __init__(self, store: Callable[[], AbstractStore] = _get_model_registry_store) -> None:
        self._store = store

    async def deployed_version(
        self, workspace: str | None, name: str, alias: str = CHAMPION
    ) -> str | None:
        """The version of the model that predictions are made with; None if there is none."""

        def read(store: AbstractStore) -> str | None:
            try:
                return str(store.get_model_version_by_alias(name, alias).version)
            except MlflowException as error:
                if error.error_code in _NOT_THERE:
                    return None
                raise

        return await self._in_store(workspace, read)

    async def named_version(self, workspace: str | None, wanted: RegisteredName) -> str | None:
        """The version that the name stands for; None if there is none."""
        if wanted.alias is not None:
            return await self.deployed_version(workspace, wanted.name, wanted.alias)

        def read(store: AbstractStore) -> str | None:
            try:
                return str(store.get_model_version(wanted.name, wanted.version).version)
            except MlflowException as error:
                if error.error_code in _NOT_THERE:
                    return None
                raise

        return await self._in_store(workspace, read)

    async def delete(
        self, workspace: str | None, name: str, run_ids: Collection[str], *, is_shared: bool
    ) -> int:
        """Delete the versions that these runs made, and the model unless it `is_shared`.

        Returns the number of these versions; 0 if there is no such model.
        """

        def write(store: AbstractStore) -> int:
            try:
                store.get_registered_model(name)
            except MlflowException as error:
                if error.error_code in _NOT_THERE:
                    return 0
                raise
            made = [it for it in _versions(store, name) if it.run_id in run_ids]
            for it in made:
                store.delete_model_version(name, it.version)
            if not is_shared:
                store.delete_registered_model(name)
            return len(made)

        return await self._in_store(workspace, write)

    async def _in_store(self, workspace: str | None, work: Callable[[AbstractStore], T]) -> T:
        def within_workspace() -> T:
            with within(workspace):
                return work(self._store())

        return await asyncio.to_thread(within_workspace)


def _versions(store: AbstractStore, name: str) -> list[Any]:
    found: list[Any] = []
    token = None
    while True:
        page = store.search_model_versions(f"name='{name}'", max_results=1000, page_token=token)
        found += list(page)
        if not (token := page.token):
            return found
