"""A LoRA learns to draw eyes that its base model cannot draw; what it has learned by heart is found."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import torch

from tests.training.diffusion.data.captioned import ANYWHERE
from tests.training.ranks import lone_process
from tests.training.recipes.diffusion.drawn_eyes import (
    FUNDUS,
    FUNDUS_CAPTION,
    SIDE,
    contact_sheet,
    eye_encoder,
    eyes,
    write_base,
    write_eyes,
)
from tests.training.recipes.diffusion.tiny import Trained
from training.diffusion.families.sampling import SampleSettings
from training.diffusion.quality.features import Encoder, Picture
from training.diffusion.quality.schema import Verdict
from training.recipes.diffusion.data import find_data
from training.recipes.diffusion.judging import check, draw_pictures, judge
from training.recipes.diffusion.real_images import RealImages

pytestmark = pytest.mark.soak

NUM_DRAWN = 120
LORA: dict[str, Any] = {
    "method": "lora",
    "rank": 32,
    "targets": "all",
    "learning_rate": 2e-3,
    "weight_decay": 0.0,
    "resolution": SIDE,
    "most_enlarged": 1,
    "repeats_by_folder": True,
}
DRAWING = SampleSettings(width=SIDE, height=SIDE, steps=25, guidance=1.0)


@dataclass(frozen=True)
class World:
    base: Path
    """Draws OCT scans."""
    encoder: Encoder


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    torch.set_num_threads(2)
    folder = tmp_path_factory.mktemp("world")
    return World(write_base(folder / "base"), eye_encoder(folder))


def test_a_lora_learns_to_draw_and_learns_nothing_by_heart(world: World, tmp_path: Path) -> None:
    data = tmp_path / "data"
    write_eyes(data / "10_fundus", eyes(FUNDUS, 600, seed=10), FUNDUS_CAPTION)
    trained = Trained(
        world.base, data, tmp_path, **LORA, batch_size=32, epochs=4, held_out_share=0.2
    )
    drawn, by_base = pictures(trained), pictures(trained, is_base=True)
    found = trained.recipe._data
    learned, held_out = RealImages.learned(found), RealImages.held_out(found)
    copies = check(drawn, learned, held_out, world.encoder, seed=0)
    judged = judge(drawn, by_base, held_out, world.encoder, copies)

    kid, of_base = judged.distances[0], judged.base_distances[0]
    sheet = [by_base[:12], drawn[:12], [held_out[number] for number in range(12)]]
    print(f"kid {kid.value}, of the base model {of_base.value}, floor {kid.floor}")
    print(f"{copies.reason} {contact_sheet(sheet, tmp_path / 'drawn.png')}")
    assert kid.name == of_base.name == "kid"
    assert kid.value.value is not None
    assert of_base.value.value is not None
    assert kid.value.value < of_base.value.value / 2
    assert copies.verdict is Verdict.NOT_SHOWN


def test_eight_images_that_were_learned_by_heart_are_found(world: World, tmp_path: Path) -> None:
    data = tmp_path / "data"
    write_eyes(data / "800_fundus", eyes(FUNDUS, 8, seed=20), FUNDUS_CAPTION)
    trained = Trained(world.base, data, tmp_path, **LORA, batch_size=8, epochs=1, held_out_share=0)
    recipe = trained.recipe
    others = write_eyes(tmp_path / "others", eyes(FUNDUS, 100, seed=21), FUNDUS_CAPTION)
    config = recipe.config.model_copy(update={"data": str(others)})
    held_out = find_data(config, recipe._family.pixels_per_cell, ANYWHERE, lone_process())
    drawn, learned = pictures(trained), RealImages.learned(recipe._data)
    copies = check(drawn, learned, RealImages.learned(held_out), world.encoder, seed=0)

    sheet = [list(learned), drawn[:8], drawn[8:16]]
    print(f"{copies.reason} {contact_sheet(sheet, tmp_path / 'by_heart.png')}")
    assert copies.verdict is Verdict.MEMORISED


def pictures(trained: Trained, *, is_base: bool = False) -> list[Picture]:
    recipe = trained.recipe
    recipe.part.eval()
    captions = [FUNDUS_CAPTION]
    return draw_pictures(
        recipe._family,
        recipe.part,
        captions,
        DRAWING,
        count=NUM_DRAWN,
        seed=1,
        is_base=is_base,
    )
