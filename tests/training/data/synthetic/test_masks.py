"""The masks of the drawn pictures: what the program has painted, where it has painted it."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tracking_plugin.data_roots import DataRoots
from training.config import Split
from training.data.image_folder import list_images
from training.data.mask_folder import mask_path, read_mask_classes
from training.data.synthetic.dataset import generate_dataset
from training.data.synthetic.drawing import Canvas
from training.data.synthetic.pictures import DESCRIPTION, DRAWABLE_CLASSES, draw
from training.data.synthetic.structures import Structure
from training.taxonomies.taxonomy import taxonomy_for_folders

FUNDUS = {Structure.VESSEL, Structure.OPTIC_DISC}
LAYERS = {Structure.INNER_RETINA, Structure.OUTER_RETINA, Structure.PIGMENT_EPITHELIUM}
SIGNS = {
    "Fundus_Normal": set(),
    "Fundus_DR_Mild": {Structure.RED_LESION},
    "Fundus_DR_Severe": {Structure.RED_LESION, Structure.BRIGHT_LESION},
    "Fundus_DR_Proliferative": {
        Structure.RED_LESION,
        Structure.BRIGHT_LESION,
        Structure.OTHER_LESION,
    },
    "Fundus_RVO": {Structure.RED_LESION},
    "Fundus_Drusen": {Structure.BRIGHT_LESION},
    "Fundus_Macular_Scar": {Structure.OTHER_LESION},
    "Fundus_Retinal_Detachment": {Structure.OTHER_LESION},
    "OCT_Normal": set(),
    "OCT_CSR": {Structure.FLUID},
    "OCT_DME": {Structure.FLUID},
    "OCT_CNV": {Structure.FLUID, Structure.SUB_EPITHELIAL_DEPOSIT},
    "OCT_Dry_AMD": {Structure.SUB_EPITHELIAL_DEPOSIT},
}


def structures(class_name: str, seed: int = 5) -> set[Structure]:
    mask = np.asarray(draw(class_name, 128, np.random.default_rng(seed)).mask)
    return {list(Structure)[level] for level in np.unique(mask)}


@pytest.mark.parametrize("class_name", SIGNS)
def test_a_mask_has_the_anatomy_and_the_signs_of_its_class(class_name: str) -> None:
    found = structures(class_name) - {Structure.BACKGROUND, Structure.OPTIC_CUP}
    anatomy = FUNDUS if class_name.startswith("Fundus") else LAYERS
    assert found == anatomy | SIGNS[class_name]


def test_a_glaucomatous_cup_is_larger() -> None:
    def cup_share(class_name: str) -> float:
        mask = np.asarray(draw(class_name, 128, np.random.default_rng(5)).mask)
        cup = (mask == Structure.OPTIC_CUP.level).sum()
        return float(cup / (cup + (mask == Structure.OPTIC_DISC.level).sum()))

    assert cup_share("Fundus_Glaucoma_Positive") > 3 * cup_share("Fundus_Normal")


def test_a_structure_lies_where_the_picture_shows_it() -> None:
    drawing = draw("Fundus_DR_Severe", 128, np.random.default_rng(2))
    green = np.asarray(drawing.picture)[..., 1].astype(float)
    mask = np.asarray(drawing.mask)
    shown = {
        structure: green[mask == structure.level].mean()
        for structure in (Structure.VESSEL, Structure.OPTIC_DISC, Structure.RED_LESION)
    }
    retina = green[(mask == 0) & (green > 20)].mean()
    assert shown[Structure.RED_LESION] < shown[Structure.VESSEL] < retina
    assert retina < shown[Structure.OPTIC_DISC]


def test_fluid_is_dark_and_lies_between_the_layers() -> None:
    drawing = draw("OCT_CSR", 128, np.random.default_rng(2))
    grey, mask = np.asarray(drawing.picture)[..., 0], np.asarray(drawing.mask)
    fluid = mask == Structure.FLUID.level
    assert grey[fluid].mean() < 0.4 * grey[mask == Structure.INNER_RETINA.level].mean()
    column = mask[:, int(np.flatnonzero(fluid.any(axis=0)).mean())]
    order = [list(Structure)[level] for level in column[np.flatnonzero(np.diff(column)) + 1]]
    assert order == [
        Structure.INNER_RETINA,
        Structure.OUTER_RETINA,
        Structure.FLUID,
        Structure.PIGMENT_EPITHELIUM,
        Structure.BACKGROUND,
    ]


def test_masks_leave_the_pictures_as_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    marked = {name: draw(name, 64, np.random.default_rng(3)) for name in DRAWABLE_CLASSES}
    monkeypatch.setattr(Canvas, "mark", lambda *_: None)
    for name, drawing in marked.items():
        unmarked = draw(name, 64, np.random.default_rng(3))
        assert np.asarray(drawing.mask).any()
        assert not np.asarray(unmarked.mask).any()
        assert drawing.picture.tobytes() == unmarked.picture.tobytes(), name


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return generate_dataset(
        tmp_path_factory.mktemp("data") / "set",
        taxonomy=taxonomy_for_folders(["Fundus_Normal", "OCT_CSR"]),
        images_per_class={"train": 2, "val": 1},
        image_size=48,
        seed=0,
    )


def test_each_picture_of_a_set_has_a_mask_of_its_size(root: Path) -> None:
    pictures = sorted(str(path.relative_to(root)) for path in root.rglob("*.jpg"))
    assert len(pictures) == 6
    for path in pictures:
        with Image.open(root / mask_path(path)) as mask:
            assert (mask.format, mask.mode, mask.size) == ("PNG", "L", (48, 48))
            assert mask.info["Description"] == DESCRIPTION
    assert len(list(root.rglob("*.png"))) == 6


def test_the_levels_of_a_set_have_names(root: Path) -> None:
    assert read_mask_classes(root) == tuple(map(str, Structure))


def test_a_classifier_does_not_see_the_masks(root: Path) -> None:
    listings = list_images(root, [Split.TRAIN, Split.VAL], DataRoots(None))
    for listing in listings.values():
        assert sorted(listing.images) == ["Fundus_Normal", "OCT_CSR"]
        assert listing.left_out == []
        assert all(path.endswith(".jpg") for paths in listing.images.values() for path in paths)
