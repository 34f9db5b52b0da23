"""Names the structures that the drawn pictures show; their masks hold a structure's position here."""

from enum import StrEnum


class Structure(StrEnum):
    """What a pixel of a drawn picture shows: the structure that was painted last."""

    BACKGROUND = "Background"
    """Also the choroid and the vitreous of a scan, and everything outside the camera's field."""
    VESSEL = "Vessel"
    OPTIC_DISC = "Optic_disc"
    OPTIC_CUP = "Optic_cup"
    RED_LESION = "Red_lesion"
    """Microaneurysms and haemorrhages."""
    BRIGHT_LESION = "Bright_lesion"
    """Hard exudates, cotton wool spots and drusen."""
    OTHER_LESION = "Other_lesion"
    """Scars, atrophy, neovascular tissue, and pale or detached retina."""
    INNER_RETINA = "Inner_retina"
    """From the nerve fibre layer to the outer plexiform layer."""
    OUTER_RETINA = "Outer_retina"
    """From the outer nuclear layer to the outer segments."""
    PIGMENT_EPITHELIUM = "Pigment_epithelium"
    SUB_EPITHELIAL_DEPOSIT = "Sub_epithelial_deposit"
    """Drusen, or a neovascular membrane, under the pigment epithelium."""
    FLUID = "Fluid"
    """In cysts, or between the retina and the pigment epithelium."""

    @property
    def level(self) -> int:
        return list(Structure).index(self)
