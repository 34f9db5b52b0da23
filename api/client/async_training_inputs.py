"""Data sets and base models, for AsyncFoveaClient."""

from api.client.async_http import AsyncHttp
from api.client.request import drop_none
from api.pages import Listed
from api.training_inputs.schemas import Dataset, DatasetKind, InputDeleted, RegisteredModel


class AsyncTrainingInputs:
    """The methods of the client about what trainings name by an id."""

    _http: AsyncHttp

    async def datasets(
        self,
        *,
        kind: DatasetKind | None = None,
        limit: int | None = None,
        offset: int | None = None,
    ) -> Listed[Dataset]:
        """The registered data sets by name, with the numbers of their last count."""
        return await self._http.get_page(
            "/api/datasets", list[Dataset], kind=kind, limit=limit, offset=offset
        )

    async def dataset(self, dataset_id: int) -> Dataset:
        return await self._http.get(f"/api/datasets/{dataset_id}", Dataset)

    async def add_dataset(
        self, name: str, path: str, *, kind: DatasetKind = DatasetKind.CAPTIONED_IMAGES
    ) -> Dataset:
        """Register a folder on the server's machine by a name that is free, and count what is in it."""
        body = {"name": name, "path": path, "kind": kind}
        return await self._http.post("/api/datasets", Dataset, body)

    async def count_dataset(self, dataset_id: int) -> Dataset:
        """Count images and captions again, as they are now."""
        return await self._http.post(f"/api/datasets/{dataset_id}/count", Dataset)

    async def rename_dataset(self, dataset_id: int, name: str) -> Dataset:
        return await self._http.patch(f"/api/datasets/{dataset_id}", Dataset, {"name": name})

    async def delete_dataset(self, dataset_id: int) -> InputDeleted:
        """Forget a data set; refused with status 409 while a job that has not ended uses it."""
        return await self._http.delete(f"/api/datasets/{dataset_id}", InputDeleted)

    async def base_models(
        self, *, limit: int | None = None, offset: int | None = None
    ) -> Listed[RegisteredModel]:
        """The registered base models by name."""
        return await self._http.get_page(
            "/api/models", list[RegisteredModel], limit=limit, offset=offset
        )

    async def base_model(self, model_id: int) -> RegisteredModel:
        return await self._http.get(f"/api/models/{model_id}", RegisteredModel)

    async def add_base_model(
        self,
        name: str,
        *,
        path: str | None = None,
        hub_id: str | None = None,
        licence: str | None = None,
    ) -> RegisteredModel:
        """Register a model at a path on the server's machine, or on the hub, by a name that is free."""
        body = drop_none(name=name, path=path, hub_id=hub_id, licence=licence)
        return await self._http.post("/api/models", RegisteredModel, body)

    async def inspect_base_model(self, model_id: int) -> RegisteredModel:
        """Read family and size again, as they are now."""
        return await self._http.post(f"/api/models/{model_id}/inspect", RegisteredModel)

    async def rename_base_model(self, model_id: int, name: str) -> RegisteredModel:
        return await self._http.patch(f"/api/models/{model_id}", RegisteredModel, {"name": name})

    async def delete_base_model(self, model_id: int) -> InputDeleted:
        """Forget a base model; refused with status 409 while a job that has not ended uses it."""
        return await self._http.delete(f"/api/models/{model_id}", InputDeleted)
