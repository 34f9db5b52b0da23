"""The engine gives the same outputs as the training's own prediction on the same files."""

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from serving.engine.embedded import EmbeddedBackend
from serving.engine.protocol import Array
from serving.images.image import Pixels
from tests.serving.engine.conftest import TwoVersions, running_engine
from tests.serving.engine.registered import Store, tiny_backbone, tiny_network
from tests.training.data.images import make_folder
from tests.training.ranks import lone_process
from training.config import Split
from training.data.decode import read_image
from training.data.framing import Framing
from training.data.image_folder import ImageSplit
from training.models.backbone import BackboneConfig
from training.recipes.classification.prediction import InferenceTransform, predict_with_features
from training.recipes.classification.recipe import split_dataset
from training.recipes.retinal.config import RetinalConfig, retinal_config
from training.recipes.retinal.data import find_data

pytestmark = pytest.mark.anyio

WHOLE = 100_000
"""So many pixels are never decoded at a fraction of the size."""


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """JPEG files of one size, and beside them one that is tall and one that is wide."""
    return make_folder(tmp_path_factory.mktemp("data") / "images", {"train": 1, "val": 6})


def files(root: Path, split: ImageSplit) -> list[Pixels]:
    return [np.asarray(read_image(root, path, WHOLE).rgb) for path in split.paths]


def of_training(
    config: RetinalConfig, root: Path, network: nn.Module
) -> tuple[list[Pixels], Array, Array]:
    """The images of val, and the logits and features that the training computes for them."""
    data = find_data(config, root, (Split.TRAIN, Split.VAL))
    with torch.no_grad():
        found = predict_with_features(
            network,
            split_dataset(config, data, Split.VAL),
            InferenceTransform.of(config),
            lone_process(),
        )
    assert found is not None
    assert found.features is not None
    images = files(root, data.folder.splits[Split.VAL])
    return images, found.logits.numpy(), found.features.numpy()


@pytest.mark.parametrize("framing", Framing)
@pytest.mark.parametrize("name", ["test_resnet", "test_vit"])
async def test_outputs_are_those_of_the_training(
    versions: TwoVersions, data: Path, name: str, framing: Framing
) -> None:
    size = 64 if name == "test_vit" else 32
    backbone: BackboneConfig = tiny_backbone(name, size)
    network = tiny_network(backbone, seed=3)
    model = f"same-{name}-{framing}"
    store: Store = versions.store
    version = store.register(network, backbone, name=model, framing=framing)
    store.point(version, name=model)
    given = {"preset": "small", "backbone": name, "image_size": size, "framing": framing}
    config = retinal_config({**given, "data": str(data)}, has_gpu=False)
    images, logits, features = of_training(config, data, network)

    async with running_engine(versions.settings(model=model)) as engine, engine.lease() as leased:
        served = await leased.predict(images, timeout_s=60)

    # The logits differ between images, so a wrong order or a wrong image would show.
    assert np.ptp(logits, axis=0).min() > 1e-2
    found = np.stack([output.logits for output in served])
    np.testing.assert_allclose(found, logits, rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(
        np.stack([output.features for output in served]), features, rtol=1e-4, atol=1e-4
    )
    assert leased.description.missing == ()
    assert leased.description.evidence.missing == ("Nothing was shown of this model.",)
    assert leased.description.modalities == ("fundus", "fundus", "oct")


def test_the_embedded_engine_is_the_default(versions: TwoVersions) -> None:
    from serving.engine.opening import open_serving_engine  # noqa: PLC0415

    engine = open_serving_engine(versions.settings())
    assert isinstance(engine._backend, EmbeddedBackend)
