"""The registered segmentation model gives the same classes as its own code, or an honest refusal."""

from pathlib import Path

import mlflow
import numpy as np
import pytest
import yaml

from serving.engine.model_file import ModelRefusedError
from serving.engine.registry import ModelRegistry
from serving.engine.segmentation_model import read_segmenter
from serving.errors import Reason, ServingError
from tests.serving.engine.conftest import TwoVersions, running_engine
from tests.serving.engine.registered import drawn_images
from tests.waiting import DEADLINE_S
from training.recipes.segmentation.network import build_network, network_config
from training.recipes.segmentation.package import package_segmenter

pytestmark = pytest.mark.anyio

CLASSES = ("background", "vessels", "disc")
NAME = "segmenter"
SIZE = 32


@pytest.fixture(scope="module")
def version(registered_versions: TwoVersions) -> str:
    config = network_config(
        "test_resnet", image_size=SIZE, decoder_width=16, num_classes=len(CLASSES)
    )
    network = build_network(config, seed=1)
    package = package_segmenter(config, CLASSES, SIZE)
    store = registered_versions.store
    return store.register_package(package, network.state_dict(), name=NAME)


async def test_the_classes_of_pixels_are_those_of_the_registered_code(
    versions: TwoVersions, version: str
) -> None:
    versions.store.point(version, name=NAME)
    (image,) = drawn_images(1, height=50, width=70)
    expected = mlflow.pyfunc.load_model(f"models:/{NAME}/{version}").predict(image[None])[0]
    assert len(np.unique(expected)) > 1
    settings = versions.settings(segmentation_model=NAME)
    async with running_engine(settings) as engine, engine.lease_segmenter() as model:
        found = await model.segment(image, timeout_s=DEADLINE_S)
        assert (model.name, model.version, model.classes) == (NAME, version, CLASSES)
    assert found.classes == CLASSES
    assert found.class_map.dtype == np.uint8
    assert (found.class_map != expected).mean() < 0.01


async def test_without_a_model_the_refusal_says_what_to_do(versions: TwoVersions) -> None:
    async with running_engine(versions.settings(segmentation_model="none")) as engine:
        with pytest.raises(ServingError) as refused:
            async with engine.lease_segmenter():
                pass
        assert refused.value.reason is Reason.SEGMENTATION_UNAVAILABLE
        assert "fovea models promote none VERSION" in refused.value.message
        # The classifier does its work meanwhile.
        assert engine.message == ""


async def test_a_classifier_is_no_segmentation_model(versions: TwoVersions) -> None:
    settings = versions.settings(segmentation_model="fovea-retinal")
    async with running_engine(settings) as engine:
        with pytest.raises(ServingError) as refused:
            async with engine.lease_segmenter():
                pass
    assert "expected a segmentation model" in refused.value.message


@pytest.mark.parametrize(
    ("config", "reason"),
    [
        ({"encoder": "hf-hub:somebody/model"}, "has no encoder"),
        ({"options": {"pretrained_cfg": {}}}, "pretrained_cfg"),
        ({"mask_classes": ["background"]}, "mask_classes"),
        ({"decoder_width": 0}, "decoder_width"),
    ],
)
def test_settings_that_cannot_be_served_are_named(
    versions: TwoVersions, version: str, config: dict[str, object], reason: str, tmp_path: Path
) -> None:
    versions.store.point(version, name=NAME)
    registry = ModelRegistry(versions.store.uri)
    found = registry.find(NAME, "champion")
    assert found is not None
    with registry.downloaded(found) as folder:
        document = yaml.safe_load((folder / "MLmodel").read_text())
        document["flavors"]["python_function"]["config"].update(config)
        (folder / "MLmodel").write_text(yaml.safe_dump(document))
        with pytest.raises(ModelRefusedError) as refused:
            read_segmenter(folder)
    assert reason in str(refused.value)
