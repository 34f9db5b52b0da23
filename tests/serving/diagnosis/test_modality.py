import numpy as np
import pytest

from serving.diagnosis.modality import ModalityMethod, find_modality, modality_problem
from serving.images.image import Modality, Pixels
from tests.serving.diagnosis.drawn_images import (
    fundus,
    noise,
    oct_scan,
    photograph,
    plain,
    scaled,
    screenshot,
)
from training.data.synthetic.pictures import DRAWABLE_CLASSES

EVERYDAY = (
    "astronaut.png",
    "brick.png",
    "camera.png",
    "cell.png",
    "chelsea.png",
    "coffee.png",
    "coins.png",
    "color.png",
    "grass.png",
    "horse.png",
    "hubble_deep_field.jpg",
    "ihc.png",
    "logo.png",
    "moon.png",
    "motorcycle_left.png",
    "page.png",
    "phantom.png",
    "rocket.jpg",
    "text.png",
)


@pytest.mark.parametrize("name", EVERYDAY)
def test_an_everyday_picture_is_neither_fundus_nor_oct(name: str) -> None:
    assert find_modality(photograph(name), None).modality is Modality.OTHER


@pytest.mark.parametrize(
    "image",
    [
        noise(),
        screenshot("white", "black"),
        screenshot("black", "white"),
        plain(128),
        plain(255),
        np.full((64, 64, 3), (200, 100, 50), np.uint8),
    ],
    ids=["noise", "text", "dark text", "grey", "white", "orange"],
)
def test_noise_text_and_plain_colours_are_neither(image: Pixels) -> None:
    assert find_modality(image, None).modality is Modality.OTHER


@pytest.mark.parametrize("name", sorted(DRAWABLE_CLASSES))
def test_every_drawn_class_is_of_its_own_kind(name: str) -> None:
    expected = Modality.OCT if name.startswith("OCT") else Modality.FUNDUS
    found = find_modality((oct_scan if expected is Modality.OCT else fundus)(name), None)
    assert found.modality is expected
    assert found.method is ModalityMethod.CLASSICAL_MEASURES
    assert 0.5 <= found.confidence <= 1


def test_a_lit_disc_with_hard_edges_is_no_fundus() -> None:
    y, x = np.mgrid[-1:1:96j, -1:1:96j]
    disc = (x**2 + y**2 < 0.9)[..., None]
    stripes = np.where(np.arange(96)[:, None, None] // 2 % 2, 255, 60)
    image = (disc * stripes * np.array([0.8, 0.5, 0.3])).astype(np.uint8)
    assert find_modality(image, None).modality is Modality.OTHER


def test_a_real_photograph_is_fundus_with_and_without_its_black_corners() -> None:
    image = photograph("retina.jpg")
    assert find_modality(image, None).modality is Modality.FUNDUS
    inner = np.ascontiguousarray(image[350:1060, 350:1060])
    assert find_modality(inner, None).modality is Modality.FUNDUS


def test_an_image_without_light_is_not_judged() -> None:
    found = find_modality(scaled(photograph("retina.jpg"), 0.1), None)
    assert found.modality is None
    assert modality_problem(None, ("fundus",), [1.0]) is not None


def test_the_tag_of_the_file_decides_and_contradicting_pixels_are_noted() -> None:
    agreed = find_modality(fundus(), Modality.FUNDUS)
    assert (agreed.modality, agreed.confidence, agreed.note) == (Modality.FUNDUS, 1.0, "")
    assert agreed.method is ModalityMethod.FILE_TAG
    doubtful = find_modality(photograph("chelsea.png"), Modality.FUNDUS)
    assert doubtful.modality is Modality.FUNDUS
    assert doubtful.confidence == 0.5
    assert "neither" in doubtful.note
    assert "OCT scan" in find_modality(oct_scan(), Modality.FUNDUS).note


@pytest.mark.parametrize(
    ("modality", "class_modalities", "probabilities", "problem"),
    [
        (Modality.FUNDUS, ("fundus", "fundus"), [0.5, 0.5], None),
        (Modality.FUNDUS, ("", ""), [0.5, 0.5], None),
        (Modality.OTHER, ("", ""), [0.5, 0.5], "neither"),
        (Modality.OCT, ("fundus", "fundus"), [0.5, 0.5], "not trained on OCT scans"),
        (Modality.OCT, ("fundus", "oct"), [0.5, 0.5], None),
        (Modality.OCT, ("fundus", "oct"), [0.95, 0.05], "takes it for another kind"),
        (Modality.FUNDUS, ("fundus", "oct"), [0.05, 0.95], "takes it for another kind"),
    ],
)
def test_a_model_is_asked_only_about_its_own_kind_of_image(
    modality: Modality,
    class_modalities: tuple[str, ...],
    probabilities: list[float],
    problem: str | None,
) -> None:
    found = modality_problem(modality, class_modalities, probabilities)
    assert (found is None) if problem is None else (found is not None and problem in found)


@pytest.mark.parametrize("shape", [(1, 1), (1, 500), (500, 1), (31, 33)])
def test_any_shape_has_a_verdict(shape: tuple[int, int]) -> None:
    image = np.random.default_rng(1).integers(0, 256, (*shape, 3), np.uint8)
    assert find_modality(image, None).modality in (None, Modality.OTHER)
