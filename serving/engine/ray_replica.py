"""A copy of a model in a process of Ray Serve."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from serving.engine.embedded import EmbeddedRunner, choose_device, load_model
from serving.engine.model_file import ModelRefusedError
from serving.engine.preparation import Preparation
from serving.engine.protocol import Array, ModelDescription, RawHeatMap
from serving.engine.registry import ModelRegistry, RegisteredVersion, RegistryError


@dataclass(frozen=True, kw_only=True)
class Loaded:
    """What a replica has loaded, or why it has not."""

    description: ModelDescription | None = None
    preparation: Preparation | None = None
    refusal: str = ""
    """Why the version cannot be served."""
    registry_problem: str = ""
    """Why the version could not be downloaded, which may be otherwise later."""


class ModelReplica:
    """Holds one version; calls wait for each other in one thread."""

    def __init__(
        self, tracking_uri: str, version: RegisteredVersion, *, device: str, max_batch: int
    ) -> None:
        self._runner: EmbeddedRunner | None = None
        # Serve would start a replica whose constructor fails again, and hide the reason in a log.
        try:
            model = load_model(
                ModelRegistry(tracking_uri),
                version,
                device=choose_device(device),
                max_batch=max_batch,
            )
        except ModelRefusedError as error:
            self._loaded = Loaded(refusal=str(error))
        except RegistryError as error:
            self._loaded = Loaded(registry_problem=str(error))
        else:
            computing = ThreadPoolExecutor(1, thread_name_prefix="inference")
            self._runner = EmbeddedRunner(model, computing)
            self._loaded = Loaded(
                description=model.description, preparation=self._runner.preparation
            )

    async def loaded(self) -> Loaded:
        return self._loaded

    async def predict(self, images: Array) -> tuple[Array, Array]:
        """Logits [N, classes] and features [N, D] of prepared images, uint8 [N, 3, S, S]."""
        runner = self._require_runner()
        outputs = await runner.predict(list(images), timeout_s=0)
        return (
            np.stack([output.logits for output in outputs]),
            np.stack([output.features for output in outputs]),
        )

    async def explain(self, image: Array, class_index: int) -> RawHeatMap:
        return await self._require_runner().explain(image, class_index, timeout_s=0)

    def _require_runner(self) -> EmbeddedRunner:
        if self._runner is None:
            reason = self._loaded.refusal or self._loaded.registry_problem
            raise RuntimeError(f"The replica holds no model: {reason}")
        return self._runner
