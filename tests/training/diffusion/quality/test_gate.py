"""A model that has memorised is registered only where a person allows it by name."""

import pytest

from training.diffusion.quality.gate import decide_registration, require_name
from training.diffusion.quality.schema import EncoderIdentity, Memorisation, Verdict
from training.errors import ConfigError


def found(verdict: Verdict, reason: str = "Because.") -> Memorisation:
    return Memorisation(
        verdict=verdict,
        reason=reason,
        encoder=EncoderIdentity(name="drawn", digest="0", dimension=2),
        num_generated=20,
        num_train=20,
        num_held_out=40,
        num_held_out_patients=40,
    )


def test_a_model_that_has_memorised_is_refused_with_what_to_do() -> None:
    decided = decide_registration(found(Verdict.MEMORISED, "Memorised: 3 copies."))
    assert not decided.is_allowed
    assert "Memorised: 3 copies." in decided.sentence
    assert "--allow-memorised WHO" in decided.sentence
    assert decided.tags == {"fovea.memorisation": "memorised"}


def test_a_person_allows_it_by_name_and_is_recorded() -> None:
    decided = decide_registration(found(Verdict.MEMORISED), allowed_by="  Ada Lovelace ")
    assert decided.is_allowed
    assert decided.tags == {
        "fovea.memorisation": "memorised",
        "fovea.memorisation_allowed_by": "Ada Lovelace",
    }
    assert "Ada Lovelace has allowed the registration." in decided.description


@pytest.mark.parametrize("name", ["", "   ", "a\nb", "x" * 201])
def test_what_is_no_name_is_refused_whatever_was_found(name: str) -> None:
    for verdict in Verdict:
        with pytest.raises(ConfigError, match="allow_memorised: expected the name of the person"):
            decide_registration(found(verdict), allowed_by=name)
    with pytest.raises(ConfigError):
        require_name(name)


def test_what_is_unknown_is_registered_with_that_word() -> None:
    for decided in (
        decide_registration(None),
        decide_registration(found(Verdict.UNKNOWN, "Unknown: too few held-out images.")),
    ):
        assert decided.is_allowed
        assert decided.tags == {"fovea.memorisation": "unknown"}
        assert "Unknown" in decided.description
    assert "too few held-out images" in decided.description
    assert "not compared" in decide_registration(None).description


def test_a_name_that_was_not_needed_is_not_recorded() -> None:
    decided = decide_registration(found(Verdict.NOT_SHOWN), allowed_by="Ada Lovelace")
    assert decided.is_allowed
    assert decided.tags == {"fovea.memorisation": "not shown"}
    assert "Ada" not in decided.description
