"""Decides whether a generator may be registered, from what the check for memorised images has found."""

from tracking_plugin.names import VersionTag
from training.diffusion.quality.schema import Memorisation, Verdict
from training.errors import ConfigError
from training.evidence.registration import Registration

MAX_NAME_CHARS = 200
NOT_CHECKED = "Unknown: generated images were not compared with the training images."


def decide_registration(
    found: Memorisation | None, *, allowed_by: str | None = None
) -> Registration:
    """Refuse a model that has memorised, unless `allowed_by` names who allows it.

    A model of which that is unknown, or that was not checked, is registered with the word "unknown".
    Raises ConfigError if `allowed_by` is given without a name.
    """
    name = None if allowed_by is None else _name(allowed_by)
    verdict = Verdict.UNKNOWN if found is None else found.verdict
    reason = NOT_CHECKED if found is None else found.reason
    if verdict is Verdict.MEMORISED and name is None:
        return Registration(
            is_allowed=False,
            sentence=(
                f"The model is not registered. {reason} Look at the flagged pairs; train with fewer "
                "steps, a smaller rank or more images, or let a person who may decide it allow it by "
                "name: --allow-memorised WHO."
            ),
            tags={VersionTag.MEMORISATION: str(verdict)},
        )
    tags: dict[str, str] = {VersionTag.MEMORISATION: str(verdict)}
    sentences = [f"Memorised training images? {reason}"]
    if verdict is Verdict.MEMORISED and name is not None:
        tags[VersionTag.MEMORISATION_ALLOWED_BY] = name
        sentences.append(f"{name} has allowed the registration.")
    text = " ".join(sentences)
    return Registration(is_allowed=True, sentence=text, tags=tags, description=text)


def require_name(allowed_by: str) -> None:
    """Raise ConfigError unless this can be the name of a person, before hours of training."""
    _name(allowed_by)


def _name(allowed_by: str) -> str:
    name = allowed_by.strip()
    if not name or not name.isprintable() or len(name) > MAX_NAME_CHARS:
        raise ConfigError(
            "allow_memorised: expected the name of the person who allows it, in one line of at most "
            f"{MAX_NAME_CHARS} characters, but {allowed_by[:40]!r} came."
        )
    return name
