"""The licence of a base model is found where models have it."""

from pathlib import Path

import pytest

from training.diffusion.families.licence import licence_note


def test_the_licence_of_a_pipeline_is_found(any_folder: Path) -> None:
    assert licence_note(any_folder) == "openrail++"


CARDS = {
    "named": (
        "---\nlicense: other\nlicense_name: 'flux-1-dev-non-commercial-license'\n---\ntext\n",
        "other (flux-1-dev-non-commercial-license)",
    ),
    "not in the front matter": ("# Card\nlicense: mit\n", ""),
    "front matter without end": ("---\nlicense: mit\n", ""),
    "control characters": ("---\nlicense: m\x1bit\n---\n", "mit"),
    "long": (f"---\nlicense: {'a' * 1000}\n---\n", "a" * 199 + "…"),
    "empty": ("", ""),
}


@pytest.mark.parametrize("card", CARDS)
def test_the_card_is_read(card: str, tmp_path: Path) -> None:
    text, expected = CARDS[card]
    (tmp_path / "README.md").write_text(text)
    assert licence_note(tmp_path) == expected


def test_a_licence_file_is_named(tmp_path: Path) -> None:
    assert licence_note(tmp_path) == ""
    (tmp_path / "LICENSE.md").write_text("terms")
    assert licence_note(tmp_path) == "see LICENSE.md"
