"""Registers tiny classifiers with random weights in a model registry, as a training does."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import mlflow
import numpy as np
import torch
from mlflow import MlflowClient
from torch import Tensor, nn

from serving.engine.protocol import Array
from tests.mlflow_database import copy_empty_database
from tests.training.data.images import CLASSES
from training.data.framing import Framing
from training.evidence.outputs import FittedEvidence, no_evidence
from training.models.backbone import BackboneConfig, build_classifier
from training.recipe import PackagedModel
from training.recipes.classification.package import package_classifier
from training.recipes.classification.prediction import InferenceTransform
from training.recording.publish import register_best_model
from training.taxonomies.taxonomy import taxonomy_for_folders

NAME = "fovea-retinal"
CHAMPION = "champion"


@dataclass(frozen=True)
class Store:
    """A tracking store and model registry, by default a file in `folder` without a server."""

    folder: Path
    uri: str = ""
    client: MlflowClient = field(init=False)
    experiment_id: str = field(init=False)

    def __post_init__(self) -> None:
        uri = self.uri
        if not uri:
            self.folder.mkdir(parents=True, exist_ok=True)
            copy_empty_database(self.folder / "mlflow.db")
            uri = f"sqlite:///{self.folder / 'mlflow.db'}"
        object.__setattr__(self, "uri", uri)
        mlflow.set_tracking_uri(uri)
        object.__setattr__(self, "client", MlflowClient(uri, registry_uri=uri))
        location = None if self.uri.startswith("http") else str(self.folder / "artifacts")
        created = self.client.create_experiment("registered", artifact_location=location)
        object.__setattr__(self, "experiment_id", str(created))

    def register(
        self,
        network: nn.Module,
        backbone: BackboneConfig,
        *,
        name: str = NAME,
        framing: Framing = Framing.STRETCH,
        fitted: FittedEvidence | None = None,
    ) -> str:
        """The new version of a classifier."""
        transform = InferenceTransform(
            image_size=backbone.image_size, framing=framing, batch_size=8, num_workers=0
        )
        package = package_classifier(
            backbone, transform, taxonomy_for_folders(CLASSES), recipe="retinal"
        )
        return self.register_package(package, network.state_dict(), name=name, fitted=fitted)

    def register_package(
        self,
        package: PackagedModel,
        weights: Mapping[str, Tensor],
        *,
        name: str,
        fitted: FittedEvidence | None = None,
    ) -> str:
        """The new version of any packaged model."""
        run = self.client.create_run(self.experiment_id)
        version = register_best_model(
            package,
            weights,
            fitted or no_evidence("Nothing was shown of this model."),
            run_id=run.info.run_id,
            tracking_uri=self.uri,
            register_as=name,
            step=1,
        )
        self.client.set_terminated(run.info.run_id)
        return version

    def point(self, version: str, *, name: str = NAME, alias: str = CHAMPION) -> None:
        """Move an alias."""
        self.client.set_registered_model_alias(name, alias, version)


def tiny_backbone(name: str = "test_resnet", image_size: int = 64) -> BackboneConfig:
    return BackboneConfig(
        name=name,
        num_classes=len(CLASSES),
        image_size=image_size,
        drop_path=0.0,
        global_pool="",
        norm_layer="",
    )


def tiny_network(backbone: BackboneConfig, seed: int = 0) -> nn.Module:
    """A network in evaluation mode whose outputs differ between images."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = build_classifier(backbone)
        for parameter in network.parameters():
            if parameter.ndim > 1:
                nn.init.normal_(parameter, std=0.3)
    return network.eval()


def drawn_images(count: int, *, height: int = 40, width: int = 48) -> list[Array]:
    """RGB images that differ, uint8 [H, W, 3]."""
    random = np.random.default_rng(count)
    return [random.integers(0, 256, (height, width, 3), dtype=np.uint8) for _ in range(count)]
