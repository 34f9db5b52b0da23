"""Scores what a trained model draws: beside real images, beside its base model, and for copies."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from training.diffusion.data.scan import known_images
from training.diffusion.families.family import Family
from training.diffusion.quality.encoder_choice import open_encoder
from training.diffusion.quality.features import Encoder, Picture
from training.diffusion.quality.schema import Distance, Memorisation, Verdict
from training.errors import ConfigError, WeightsError
from training.process import Process
from training.recipe import EvaluationReport, TrainedModel
from training.recipes.diffusion.base import attach_method, open_base
from training.recipes.diffusion.config import DiffusionConfig, DiffusionEvaluateConfig
from training.recipes.diffusion.drawing import sample_settings
from training.recipes.diffusion.evaluated_data import EvaluatedImages, find_evaluated
from training.recipes.diffusion.judging import (
    Judgement,
    check,
    draw_pictures,
    flagged_picture,
    judge,
)
from training.recipes.images.seen_images import count_seen, warn_about_seen
from training.recording.tracking_server import open_tracking_server
from training.settings import TrainingSettings

FOLDER = "evaluation/test"


def evaluate_generator(
    trained: TrainedModel, options: DiffusionEvaluateConfig, process: Process
) -> EvaluationReport:
    """Raises TrainingError if the base model, the data or the encoder cannot be used."""
    if not options.encoder:
        raise ConfigError(
            "encoder: name the network that compares the images: run:ID of a classifier's training, "
            "model:NAME/VERSION, timm:NAME:FILE or clip:FOLDER."
        )
    config = DiffusionConfig.parse(dict(trained.document["config"]))
    encoder = open_encoder(
        options.encoder, open_tracking_server(), TrainingSettings(), device=process.device
    )
    family = load_trained_family(config, trained.document, process)
    compared = find_evaluated(config, trained.document, options.data, family, process)
    part = attach_method(config, family)
    part.load_checkpoint(trained.weights)
    part.to(process.device).eval()
    settings = replace(
        sample_settings(config, family), steps=options.steps, guidance=options.guidance
    )
    images = compared.real.facts
    seen = count_seen(known_images(images), trained)
    warn_about_seen(seen, len(images))
    captions = [image.listed.caption for image in images]
    drawn, by_base = (
        draw_pictures(
            family,
            part,
            captions,
            settings,
            count=options.num_images,
            seed=options.seed,
            is_base=is_base,
        )
        for is_base in (False, True)
    )
    memorisation, pairs = _copies(drawn, compared, encoder, seed=options.seed)
    judgement = judge(drawn, by_base, compared.real, encoder, memorisation, pairs=pairs)
    about = {
        "run_id": trained.run_id,
        "step": trained.best_step,
        "num_real": len(images),
        "num_real_trained_on": None if seen is None else seen.trained_on,
    }
    return report(judgement, about)


def _copies(
    drawn: Sequence[Picture], compared: EvaluatedImages, encoder: Encoder, *, seed: int
) -> tuple[Memorisation, Picture | None]:
    """Whether copies were drawn, and the picture that shows them."""
    learned = compared.learned
    if learned is None:
        unknown = Memorisation(
            verdict=Verdict.UNKNOWN,
            reason="Unknown: the images of the training are gone or have changed, so that nothing can "
            "be compared with them.",
            encoder=encoder.identity,
            num_generated=len(drawn),
            num_train=0,
            num_held_out=0,
            num_held_out_patients=0,
        )
        return unknown, None
    found = check(drawn, learned, compared.held_out, encoder, seed=seed)
    return found, flagged_picture(drawn, learned, found)


def load_trained_family(
    config: DiffusionConfig, document: Mapping[str, Any], process: Process
) -> Family:
    """The base model of a run. Raises WeightsError if it is another one than the run was trained from."""
    family = open_base(config, process)
    if family.base_digest != document["base_digest"]:
        raise WeightsError(
            f"The base model {config.base} has changed since the run was trained from it. Put the "
            "files back that it had then."
        )
    return family


def report(judgement: Judgement, run: Mapping[str, Any]) -> EvaluationReport:
    """The figures and documents of a judgement."""
    memorisation = judgement.memorisation
    metrics = {
        **_metrics(judgement.distances, "test/"),
        **_metrics(judgement.base_distances, "test/base_"),
    }
    if memorisation.flagged is not None:
        metrics["test/flagged_share"] = memorisation.flagged.share
    if memorisation.verdict is not Verdict.UNKNOWN:
        metrics["test/memorised"] = float(memorisation.verdict is Verdict.MEMORISED)
    document = {
        "run": dict(run),
        "distances": [each.model_dump(mode="json") for each in judgement.distances],
        "base_distances": [each.model_dump(mode="json") for each in judgement.base_distances],
        "memorisation": memorisation.model_dump(mode="json"),
    }
    return EvaluationReport(
        metrics=metrics,
        documents={f"{FOLDER}/quality.json": document},
        pages={f"{FOLDER}/quality.txt": "\n".join(_lines(judgement)) + "\n"},
        images={} if judgement.pairs is None else {f"{FOLDER}/flagged_pairs.png": judgement.pairs},
    )


def _metrics(found: tuple[Distance, ...], prefix: str) -> dict[str, float]:
    return {
        f"{prefix}{each.name}": each.value.value for each in found if each.value.value is not None
    }


def _lines(judgement: Judgement) -> list[str]:
    pairs = zip(judgement.distances, judgement.base_distances, strict=True)
    lines = [
        f"{trained.name}: {_shown(trained)}; base model {_shown(base)}; real images from each other "
        f"{_value(trained.floor.value)}"
        for trained, base in pairs
    ]
    return [*lines, judgement.memorisation.reason]


def _shown(distance: Distance) -> str:
    estimate = distance.value
    if estimate.interval is None:
        return _value(estimate.value)
    low, high = estimate.interval
    return f"{_value(estimate.value)} ({low:.4g} to {high:.4g})"


def _value(value: float | None) -> str:
    return "unknown" if value is None else f"{value:.4g}"
