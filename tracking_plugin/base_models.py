"""What the folder of a diffusion model says about itself, read alike by the server and by a training."""

from collections.abc import Mapping

from tracking_plugin.printable import printable

CARD_FILE = "README.md"
"""The model card, which names the licence."""
MAX_CARD_BYTES = 2**16
MAX_LICENCE_CHARACTERS = 200

HUB_ID = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,95}/[A-Za-z0-9][A-Za-z0-9._-]{0,95}$"
"""An id `owner/name` on the hub."""

STABLE_DIFFUSION_BY_TEXT_WIDTH: Mapping[int, str] = {768: "sd15", 1024: "sd21"}
"""The family of a StableDiffusionPipeline, by the width of the text embeddings that its UNet takes."""

_FENCE = "---"


def card_licence(card: str) -> str:
    """The licence in the front matter of a model card; "" if it names none."""
    fields = _front_matter(card)
    licence, name = fields.get("license", ""), fields.get("license_name", "")
    found = f"{licence} ({name})" if licence and name else licence or name
    return printable(found, MAX_LICENCE_CHARACTERS)


def _front_matter(card: str) -> Mapping[str, str]:
    """The plain `key: value` lines between the first two lines of three dashes."""
    lines = card.removeprefix("\ufeff").splitlines()
    if not lines or lines[0].strip() != _FENCE:
        return {}
    fields: dict[str, str] = {}
    for line in lines[1:]:
        if line.strip() == _FENCE:
            return fields
        key, _, value = line.partition(":")
        fields[key] = value.strip().strip("'\"")
    return {}
