"""The tiny base models, which the tests of their parts share."""

from tests.training.diffusion.conftest import (  # noqa: F401
    flux_folder,
    sd3_folder,
    sd15_folder,
    sd21_folder,
    sdxl_folder,
    tiny_folder,
)
