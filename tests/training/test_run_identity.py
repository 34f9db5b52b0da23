"""A resume compares the run's identity with the stored one, and names each difference."""

import json
from typing import Any

import pytest

from training.errors import ConfigError
from training.run_identity import (
    Beginning,
    RunIdentity,
    differences,
    require_same_recipe,
    require_unchanged,
)

FACTS: dict[str, Any] = {
    "the classes": ["A", "B"],
    "the number of images": {"train": {"A": 6, "B": 6}, "val": {"A": 2, "B": 2}},
    "the content of the data": "abc",
}
BEFORE = Beginning(world_size=2, samples_per_step=8, facts=FACTS, initial_weights="w1")


def changed(**changes: Any) -> Beginning:
    return Beginning(**{**vars(BEFORE), **changes})


def test_an_identity_is_read_as_it_was_stored() -> None:
    identity = RunIdentity(
        recipe="retinal",
        recipe_version=1,
        requested={"data": "/a"},
        config={"data": "/a", "epochs": 2},
        beginning=BEFORE,
        document={"taxonomy": {"name": "folders"}},
    )
    stored = json.loads(json.dumps(identity.to_json()))
    assert RunIdentity.from_json(stored) == identity
    assert stored["taxonomy"] == {"name": "folders"}, "where evaluations read it"


def test_an_identity_of_an_earlier_version_has_no_beginning() -> None:
    identity = RunIdentity.from_json({"recipe": "retinal", "config": {"epochs": 2}, "taxonomy": {}})
    assert identity.beginning is None
    assert identity.config == {"epochs": 2}


def test_nothing_is_named_where_nothing_has_changed() -> None:
    assert list(differences(FACTS, json.loads(json.dumps(FACTS)))) == []
    require_unchanged("r", BEFORE, changed(world_size=1), has_checkpoint=True)


@pytest.mark.parametrize(
    ("facts", "named"),
    [
        ({**FACTS, "the classes": ["B", "Z"]}, "the classes changed from A, B to B, Z"),
        (
            {
                **FACTS,
                "the number of images": {"train": {"A": 12, "B": 6}, "val": {"A": 2, "B": 2}},
            },
            "the number of images: train: A changed from 6 to 12",
        ),
        (
            {**FACTS, "the number of images": {"train": {"A": 6, "B": 6}}},
            "the number of images: val is missing now",
        ),
        (
            {**FACTS, "the content of the data": "abd"},
            "the content of the data changed from abc to abd",
        ),
        ({**FACTS, "a new fact": 1}, "a new fact was not recorded"),
        ({"the classes": ["A", "B"]}, "the content of the data is missing now"),
    ],
)
def test_a_change_is_refused_with_its_name_and_the_way_out(
    facts: dict[str, Any], named: str
) -> None:
    with pytest.raises(ConfigError) as refusal:
        require_unchanged("r1", BEFORE, changed(facts=facts), has_checkpoint=True)
    assert "The run r1 cannot be resumed" in str(refusal.value)
    assert named in str(refusal.value)
    assert "start a new run without --run-id" in str(refusal.value)


def test_another_effective_batch_is_refused() -> None:
    with pytest.raises(ConfigError, match="a step had 8 samples and has 4"):
        require_unchanged("r", BEFORE, changed(samples_per_step=4), has_checkpoint=True)


def test_other_weights_matter_only_until_there_is_a_checkpoint() -> None:
    now = changed(initial_weights="")
    require_unchanged("r", BEFORE, now, has_checkpoint=True)
    with pytest.raises(ConfigError, match="weights file is another one"):
        require_unchanged("r", BEFORE, now, has_checkpoint=False)


def test_of_many_changes_the_first_are_named_and_the_others_counted() -> None:
    before = changed(facts={f"fact {number}": 0 for number in range(10)})
    now = changed(facts={f"fact {number}": 1 for number in range(10)})
    with pytest.raises(ConfigError, match=r"fact 0 changed from 0 to 1; .*; and 6 more"):
        require_unchanged("r", before, now, has_checkpoint=True)


def test_every_part_of_a_beginning_changes_its_digest() -> None:
    digests = {
        beginning.digest
        for beginning in (
            BEFORE,
            changed(world_size=1),
            changed(samples_per_step=4),
            changed(facts={}),
            changed(initial_weights=""),
        )
    }
    assert len(digests) == 5


@pytest.mark.parametrize(
    ("recipe", "version", "message"),
    [
        ("line", 1, "trains the recipe retinal, but line was asked for. Add --recipe retinal"),
        (
            "retinal",
            2,
            "began with version 1 of the recipe retinal, but this program has version 2",
        ),
    ],
)
def test_another_recipe_is_refused(recipe: str, version: int, message: str) -> None:
    identity = RunIdentity(recipe="retinal", recipe_version=1, requested={})
    with pytest.raises(ConfigError, match=message):
        require_same_recipe("r", identity, recipe, version)
