"""Replaces the ids of a data set and a base model in the parameters of a training by what they stand for."""

from collections.abc import Mapping
from typing import Any

from api.errors import NotFoundError
from api.jobs.job_kind import JobKind, Params
from api.jobs.kinds import TRAINING
from api.jobs.params import refusal
from api.jobs.training_body import base_model_setting
from api.training_inputs.base_models import BaseModelService
from api.training_inputs.datasets import DatasetService


class InputResolver:
    """Jobs keep the ids beside what they stood for, so that it is known which jobs use them."""

    def __init__(self, datasets: DatasetService, models: BaseModelService) -> None:
        self._datasets = datasets
        self._models = models

    async def resolved(
        self, kind: JobKind, params: Params, workspace: str | None, at: tuple[str, ...]
    ) -> Mapping[str, Any]:
        """Raises RequestValidationError, below `at`, for an id that is not registered."""
        if kind is not TRAINING:
            return params
        with_data = await self._with_data(dict(params), workspace, at)
        found = await self._with_base_model(with_data, workspace, at)
        # The recipe may have no setting for a base model.
        kind.require_params(found, at)
        return found

    async def _with_data(
        self, params: dict[str, Any], workspace: str | None, at: tuple[str, ...]
    ) -> dict[str, Any]:
        dataset_id = params.get("dataset_id")
        if not isinstance(dataset_id, int):
            return params
        if params.get("data") is not None:
            raise refusal((*at, "dataset_id"), "give either `dataset_id` or `data`, not both")
        try:
            found = await self._datasets.find(workspace, dataset_id)
        except NotFoundError as error:
            raise refusal((*at, "dataset_id"), str(error)) from None
        return {**params, "data": found.path}

    async def _with_base_model(
        self, params: dict[str, Any], workspace: str | None, at: tuple[str, ...]
    ) -> dict[str, Any]:
        model_id = params.get("base_model_id")
        if not isinstance(model_id, int):
            return params
        place = (*at, "base_model_id")
        try:
            found = await self._models.find(workspace, model_id)
        except NotFoundError as error:
            raise refusal(place, str(error)) from None
        model = found.path or found.hub_id or ""
        setting = base_model_setting(str(params.get("recipe", "")), model, place)
        settings = params.get("params") or {}
        if setting in settings:
            raise refusal(place, f"give either `base_model_id` or `{setting}`, not both")
        return {**params, "params": {**settings, setting: model}}
