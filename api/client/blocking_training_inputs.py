# Generated from async_training_inputs.py by `python -m api.client.generate`: change that file instead.
"""Data sets and base models, for FoveaClient."""

from api.client.blocking_http import BlockingHttp
from api.client.request import drop_none
from api.pages import Listed
from api.training_inputs.schemas import Dataset, DatasetKind, InputDeleted, RegisteredModel


class TrainingInputs:
    """The methods of the client about what trainings name by an id."""

    _http: BlockingHttp

    def datasets(
        self,
        *,
        kind: DatasetKind | None = None,
        limit: int | None = None,
        offset: int | None = None,
    ) -> Listed[Dataset]:
        """The registered data sets by name, with the numbers of their last count."""
        return self._http.get_page(
            "/api/datasets", list[Dataset], kind=kind, limit=limit, offset=offset
        )

    def dataset(self, dataset_id: int) -> Dataset:
        return self._http.get(f"/api/datasets/{dataset_id}", Dataset)

    def add_dataset(
        self, name: str, path: str, *, kind: DatasetKind = DatasetKind.CAPTIONED_IMAGES
    ) -> Dataset:
        """Register a folder on the server's machine by a name that is free, and count what is in it."""
        body = {"name": name, "path": path, "kind": kind}
        return self._http.post("/api/datasets", Dataset, body)

    def count_dataset(self, dataset_id: int) -> Dataset:
        """Count images and captions again, as they are now."""
        return self._http.post(f"/api/datasets/{dataset_id}/count", Dataset)

    def rename_dataset(self, dataset_id: int, name: str) -> Dataset:
        return self._http.patch(f"/api/datasets/{dataset_id}", Dataset, {"name": name})

    def delete_dataset(self, dataset_id: int) -> InputDeleted:
        """Forget a data set; refused with status 409 while a job that has not ended uses it."""
        return self._http.delete(f"/api/datasets/{dataset_id}", InputDeleted)

    def base_models(
        self, *, limit: int | None = None, offset: int | None = None
    ) -> Listed[RegisteredModel]:
        """The registered base models by name."""
        return self._http.get_page("/api/models", list[RegisteredModel], limit=limit, offset=offset)

    def base_model(self, model_id: int) -> RegisteredModel:
        return self._http.get(f"/api/models/{model_id}", RegisteredModel)

    def add_base_model(
        self,
        name: str,
        *,
        path: str | None = None,
        hub_id: str | None = None,
        licence: str | None = None,
    ) -> RegisteredModel:
        """Register a model at a path on the server's machine, or on the hub, by a name that is free."""
        body = drop_none(name=name, path=path, hub_id=hub_id, licence=licence)
        return self._http.post("/api/models", RegisteredModel, body)

    def inspect_base_model(self, model_id: int) -> RegisteredModel:
        """Read family and size again, as they are now."""
        return self._http.post(f"/api/models/{model_id}/inspect", RegisteredModel)

    def rename_base_model(self, model_id: int, name: str) -> RegisteredModel:
        return self._http.patch(f"/api/models/{model_id}", RegisteredModel, {"name": name})

    def delete_base_model(self, model_id: int) -> InputDeleted:
        """Forget a base model; refused with status 409 while a job that has not ended uses it."""
        return self._http.delete(f"/api/models/{model_id}", InputDeleted)
