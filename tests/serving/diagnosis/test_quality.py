import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from serving.diagnosis.quality import (
    QualityMethod,
    measured_quality,
    modelled_quality,
)
from serving.diagnosis.quality_measures import measure_fundus, measure_oct
from serving.errors import ServingError
from serving.images.image import Modality
from tests.serving.diagnosis.drawn_images import (
    blurred,
    fundus,
    oct_scan,
    photograph,
    plain,
    scaled,
)

IMAGES = {Modality.FUNDUS: fundus, Modality.OCT: oct_scan}


@pytest.mark.parametrize("modality", IMAGES)
def test_a_sharp_image_is_gradable(modality: Modality) -> None:
    verdict = measured_quality(IMAGES[modality](), modality)
    assert verdict.is_gradable
    assert verdict.reasons == ()
    assert verdict.advice == ""
    assert verdict.score >= 0.5
    assert verdict.method is QualityMethod.CLASSICAL_MEASURES


def test_a_real_photograph_of_any_size_is_gradable_and_its_blurred_copy_is_not() -> None:
    image = photograph("retina.jpg")
    assert measured_quality(image, Modality.FUNDUS).is_gradable
    assert measured_quality(image[::4, ::4], Modality.FUNDUS).is_gradable
    assert measured_quality(blurred(image, 0.02), Modality.FUNDUS).reasons == ("blur",)


@pytest.mark.parametrize("modality", IMAGES)
@pytest.mark.parametrize("seed", range(3))
def test_heavy_blur_is_sent_back(modality: Modality, seed: int) -> None:
    verdict = measured_quality(blurred(IMAGES[modality](seed=seed), 0.02), modality)
    assert not verdict.is_gradable
    assert "blur" in verdict.reasons
    assert verdict.advice == "retake"
    assert verdict.score < 0.5


def test_the_sharp_edge_of_the_field_hides_no_blur() -> None:
    sharp = photograph("retina.jpg")
    outside = sharp.max(axis=2, keepdims=True) <= 12
    out_of_focus = np.where(outside, 0, blurred(sharp, 0.02)).astype(np.uint8)
    assert "blur" in measured_quality(out_of_focus, Modality.FUNDUS).reasons


def test_the_rounding_of_a_dim_image_hides_no_blur() -> None:
    dim = blurred(scaled(photograph("retina.jpg"), 0.2), 0.02)
    assert "blur" in measured_quality(dim, Modality.FUNDUS).reasons


def test_the_contrast_does_not_change_the_blur() -> None:
    sharp = photograph("retina.jpg")
    assert measure_fundus(scaled(sharp, 0.5)).blur == pytest.approx(
        measure_fundus(sharp).blur, abs=0.08
    )


@pytest.mark.parametrize("modality", IMAGES)
def test_a_dark_image_is_underexposed(modality: Modality) -> None:
    dark = scaled(IMAGES[modality](), 0.08)
    assert "underexposed" in measured_quality(dark, modality).reasons


@pytest.mark.parametrize("modality", IMAGES)
def test_a_white_image_is_overexposed(modality: Modality) -> None:
    bright = np.maximum(scaled(IMAGES[modality](), 4), 200 if modality is Modality.OCT else 0)
    bright = scaled(bright.astype(np.uint8), 1.6)
    assert "overexposed" in measured_quality(bright, modality).reasons


def test_a_small_or_shadowed_field_is_named() -> None:
    image = fundus()
    size = image.shape[0]
    small = np.pad(image, ((size // 2, size // 2), (size // 2, size // 2), (0, 0)))
    assert "field" in measured_quality(small, Modality.FUNDUS).reasons
    shadowed = image.copy()
    shadowed[:, : size * 45 // 100] //= 12
    assert "field" in measured_quality(shadowed, Modality.FUNDUS).reasons


def test_a_scan_whose_retina_leaves_the_frame_lacks_field() -> None:
    scan = oct_scan()
    band = int(scan.mean(axis=(1, 2)).argmax())
    assert "field" in measured_quality(np.ascontiguousarray(scan[band:]), Modality.OCT).reasons


def test_rows_of_a_broken_file_are_an_artefact() -> None:
    broken = photograph("retina.jpg").copy()
    broken[len(broken) * 2 // 3 :] = 128
    assert "artefact" in measured_quality(broken, Modality.FUNDUS).reasons


def test_columns_that_a_scan_lost_are_an_artefact() -> None:
    scan = oct_scan().copy()
    scan[:, 60:90] = 0
    assert "artefact" in measured_quality(scan, Modality.OCT).reasons


def test_a_tiny_image_is_too_small() -> None:
    assert measured_quality(plain(90, (31, 200)), Modality.FUNDUS).reasons == ("too_small",)


@pytest.mark.parametrize("level", [0, 12, 128, 255])
@pytest.mark.parametrize("modality", [*IMAGES, Modality.OTHER])
def test_an_image_of_one_colour_is_not_gradable(level: int, modality: Modality) -> None:
    assert not measured_quality(plain(level), modality).is_gradable


@settings(max_examples=40, deadline=None)
@given(
    height=st.integers(1, 90),
    width=st.integers(1, 90),
    seed=st.integers(0, 2**32 - 1),
    level=st.sampled_from([1, 2, 13, 256]),
)
def test_any_pixels_give_finite_measures_and_a_consistent_verdict(
    height: int, width: int, seed: int, level: int
) -> None:
    image = np.random.default_rng(seed).integers(0, level, (height, width, 3), np.uint8)
    for measures in (measure_fundus(image), measure_oct(image)):
        assert np.isfinite(list(vars(measures).values())).all()
    verdict = measured_quality(image, Modality.FUNDUS)
    assert verdict.is_gradable == (not verdict.reasons) == (verdict.score >= 0.5)
    assert 0 <= verdict.score <= 1


def test_a_very_long_image_is_measured_in_a_bounded_size() -> None:
    measures = measure_fundus(np.zeros((10, 400_000, 3), np.uint8))
    assert measures.brightness == 0


def test_a_model_of_the_quality_decides_by_its_most_probable_class() -> None:
    good = modelled_quality({"gradable": 0.6, "blur": 0.3, "field": 0.1})
    assert good.is_gradable
    assert good.method is QualityMethod.MODEL
    bad = modelled_quality({"gradable": 0.2, "blur": 0.3, "field": 0.5})
    assert not bad.is_gradable
    assert bad.reasons == ("field", "blur")
    assert bad.advice == "retake"
    assert bad.score < 0.5 < good.score


@pytest.mark.parametrize(
    "probabilities", [{"blur": 1.0}, {"gradable": float("nan")}, {"gradable": 0.5, "blur": 1.5}]
)
def test_probabilities_that_no_quality_model_gives_are_refused(
    probabilities: dict[str, float],
) -> None:
    with pytest.raises(ServingError, match="quality model"):
        modelled_quality(probabilities)
