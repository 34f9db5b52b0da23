"""Finds the captioned images of a diffusion training, and holds some of them out."""

from dataclasses import dataclass
from pathlib import Path

from tracking_plugin.data_roots import DataRoots
from training.diffusion.data.buckets import BucketRules
from training.diffusion.data.captioned_folder import CaptionRules, list_captioned
from training.diffusion.data.held_out import held_out_images
from training.diffusion.data.scan import ScannedData, Strictness, TrainingImage, scan_captioned
from training.errors import ConfigError
from training.process import Process
from training.recipes.diffusion.config import DiffusionConfig
from training.recipes.images.patients import patient_groups


@dataclass(frozen=True, kw_only=True)
class DiffusionData:
    """The images of a training; `train` and `held_out` are their numbers in `scan`."""

    scan: ScannedData
    train: tuple[int, ...]
    held_out: tuple[int, ...]
    patients: tuple[int, ...] | None = None
    """The patient of each image of `scan`, as an anonymous number; None if they are not known."""
    prior: ScannedData | None = None
    """Images of the subject's class."""

    @property
    def train_images(self) -> list[TrainingImage]:
        return [self.scan.images[number] for number in self.train]

    @property
    def held_out_images(self) -> list[TrainingImage]:
        return [self.scan.images[number] for number in self.held_out]


def bucket_rules(config: DiffusionConfig, pixels_per_cell: int) -> BucketRules:
    return BucketRules(
        resolution=config.resolution,
        multiple=pixels_per_cell,
        are_many=config.buckets,
        most_upscaled=config.most_enlarged,
        most_lost=config.most_cropped,
    )


def caption_rules(config: DiffusionConfig) -> CaptionRules:
    return CaptionRules(
        ending=config.caption_ending,
        fixed=config.caption,
        repeats_by_folder=config.repeats_by_folder,
        masks=Path(config.masks) if config.masks else None,
    )


def data_folder(config: DiffusionConfig) -> Path:
    """Raises ConfigError if there is none."""
    if not config.data:
        raise ConfigError(
            "data: give the folder of images to learn, with a caption beside each: 0001.png and "
            f"0001{config.caption_ending}"
        )
    return Path(config.data)


def find_data(
    config: DiffusionConfig, pixels_per_cell: int, roots: DataRoots, process: Process
) -> DiffusionData:
    """Read every image once; a collective. Raises DataError that names what cannot be used."""
    rules = bucket_rules(config, pixels_per_cell)
    strictness = Strictness(
        skip_bad_images=config.skip_bad_images,
        skip_bad_captions=config.skip_bad_captions,
        skip_copies=config.skip_copies,
    )
    folder = list_captioned(data_folder(config), caption_rules(config), roots)
    scan = scan_captioned(folder, rules, strictness, process)
    prior = None
    if config.has_prior:
        class_rules = CaptionRules(ending=config.caption_ending, fixed=config.class_caption)
        classes = list_captioned(Path(config.class_data), class_rules, roots)
        prior = scan_captioned(classes, rules, strictness, process)
    _require_word(scan, config)
    patients = _patients(scan, config.patient_pattern)
    held_out = held_out_images(scan, config.held_out_share, config.seed, patients)
    return DiffusionData(
        scan=scan,
        train=tuple(n for n in range(len(scan.images)) if n not in held_out),
        held_out=tuple(sorted(held_out)),
        patients=patients,
        prior=prior,
    )


def _require_word(scan: ScannedData, config: DiffusionConfig) -> None:
    word = config.placeholder
    if word and not any(word in image.listed.caption for image in scan.images):
        raise ConfigError(
            f"placeholder: no caption has the word {word}, so it would learn nothing. Write it into "
            f"the captions, or give all images one caption: --caption 'a photo of {word}'"
        )


def _patients(scan: ScannedData, pattern: str) -> tuple[int, ...] | None:
    paths = tuple(image.listed.path for image in scan.images)
    found = patient_groups(paths, pattern)
    return None if found is None else tuple(found.tolist())
