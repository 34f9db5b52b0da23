"""Opens the encoders of images: our own classifiers, backbones of timm, and CLIP, from local files."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import timm
import torch
from torch import Tensor, nn

from training.data.augmentation import evaluation_transform
from training.data.framing import Framing
from training.diffusion.quality.features import Encoder, identity_of
from training.errors import ConfigError, WeightsError, first_line
from training.models.backbone import (
    BackboneConfig,
    build_classifier,
    classifier_parameters,
)
from training.models.features import has_features, logits_and_features
from training.models.weights import load_backbone_weights
from training.recipe import TrainedModel
from training.recipes.classification.config import ClassifierConfig
from training.recipes.classification.model import backbone_config
from training.recipes.classification.prediction import InferenceTransform

CPU = torch.device("cpu")
DEFAULT_SIZE = 224
CLIP_MEAN = (0.48145466, 0.4578275, 0.40821073)
CLIP_STD = (0.26862954, 0.26130258, 0.27577711)
CLIP_WEIGHTS = "model.safetensors"
CLIP_PREPARATION = "preprocessor_config.json"


def classifier_encoder(
    name: str,
    network: nn.Module,
    *,
    image_size: int,
    decode_size: int,
    framing: Framing,
    device: torch.device = CPU,
) -> Encoder:
    """The input of the last layer of a classifier of ours, on images as it is trained on."""
    _require_features(name, network)
    network = network.eval().to(device)

    def forward(pixels: Tensor) -> Tensor:
        return logits_and_features(network, evaluation_transform(pixels, image_size, framing))[1]

    preparation = {"size": image_size, "decoded": decode_size, "framing": str(framing)}
    return Encoder(
        identity=identity_of(
            name,
            network,
            preparation,
            dimension=_dimension(forward, decode_size, device),
            without=classifier_parameters(network),
        ),
        decode_size=decode_size,
        framing=framing,
        forward=forward,
        device=device,
    )


def trained_encoder(trained: TrainedModel, *, device: torch.device = CPU) -> Encoder:
    """The best model of a finished run of a recipe that trains classifiers.

    Raises ConfigError if the run is of another recipe.
    """
    document = trained.document
    taxonomy, settings = document.get("taxonomy"), document.get("config")
    if taxonomy is None or settings is None:
        raise ConfigError(
            f"The run {trained.run_id} is of the recipe {document.get('recipe')!r}, whose model has "
            "no classes: name a run of a classifier, such as one of the recipe retinal."
        )
    known = {key: value for key, value in settings.items() if key in ClassifierConfig.model_fields}
    config = ClassifierConfig.parse(known)
    network = build_classifier(backbone_config(config, len(taxonomy["classes"])))
    network.load_state_dict(dict(trained.weights))
    transform = InferenceTransform.of(config)
    return classifier_encoder(
        f"run {trained.run_id}",
        network,
        image_size=transform.image_size,
        decode_size=transform.decode_size,
        framing=transform.framing,
        device=device,
    )


def timm_encoder(
    backbone: str,
    weights: Path,
    *,
    image_size: int = DEFAULT_SIZE,
    framing: Framing = Framing.CROP,
    device: torch.device = CPU,
) -> Encoder:
    """A backbone of timm with the weights of a local file, normalised as timm does for it.

    Raises ConfigError for an unknown backbone, WeightsError for a file that does not fit.
    """
    config = BackboneConfig(
        name=backbone,
        num_classes=2,
        image_size=image_size,
        drop_path=0,
        global_pool="",
        norm_layer="",
    )
    network = build_classifier(config)
    load_backbone_weights(network, weights)
    _require_features(backbone, network)
    network = network.eval().to(device)
    data = timm.data.resolve_model_data_config(network)
    mean, std = tuple(data["mean"]), tuple(data["std"])

    def forward(pixels: Tensor) -> Tensor:
        return logits_and_features(network, _normalised(pixels, mean, std))[1]

    preparation = {"size": image_size, "framing": str(framing), "mean": mean, "std": std}
    return Encoder(
        identity=identity_of(
            f"timm {backbone}",
            network,
            preparation,
            dimension=_dimension(forward, image_size, device),
            without=classifier_parameters(network),
        ),
        decode_size=image_size,
        framing=framing,
        forward=forward,
        device=device,
    )


def clip_encoder(
    folder: Path, *, framing: Framing = Framing.CROP, device: torch.device = CPU
) -> Encoder:
    """The image embeddings of a CLIP model in a folder of transformers, with its safetensors.

    Raises WeightsError if the folder lacks a file or a tensor, or is of another model.
    """
    network = _clip_network(folder).eval().to(device)
    size = int(network.config.image_size)
    mean, std = _clip_normalisation(folder)

    def forward(pixels: Tensor) -> Tensor:
        embeddings: Tensor = network(pixel_values=_normalised(pixels, mean, std)).image_embeds
        return embeddings

    preparation = {"size": size, "framing": str(framing), "mean": mean, "std": std}
    return Encoder(
        identity=identity_of(
            f"CLIP {folder.name}", network, preparation, dimension=_dimension(forward, size, device)
        ),
        decode_size=size,
        framing=framing,
        forward=forward,
        device=device,
    )


def _clip_network(folder: Path) -> Any:
    for file in ("config.json", CLIP_WEIGHTS):
        if not (folder / file).is_file():
            raise WeightsError(
                f"Expected a CLIP model in {folder} with config.json and {CLIP_WEIGHTS}, but {file} "
                "is not there: download the model with its safetensors, or save it with "
                "save_pretrained()."
            )
    # It takes seconds to import, and only this encoder needs it.
    from transformers import CLIPConfig, CLIPVisionModelWithProjection  # noqa: PLC0415

    try:
        whole: Any = CLIPConfig.from_pretrained(folder, local_files_only=True)
        config = whole.vision_config
        if json.loads((folder / "config.json").read_text())["model_type"] == "clip":
            # A whole model says only here how long its embeddings are.
            config.projection_dim = whole.projection_dim
        load: Any = CLIPVisionModelWithProjection.from_pretrained
        network, found = load(
            folder,
            config=config,
            local_files_only=True,
            use_safetensors=True,
            dtype=torch.float32,
            # Refused below, with their names.
            ignore_mismatched_sizes=True,
            output_loading_info=True,
        )
    except (OSError, ValueError, RuntimeError, KeyError, TypeError, AttributeError) as error:
        raise WeightsError(
            f"The CLIP model in {folder} cannot be loaded: {first_line(error)}"
        ) from error
    # Transformers would draw these at random, with no more than a warning.
    drawn = sorted({*found["missing_keys"], *(key for key, *_ in found["mismatched_keys"])})
    if drawn:
        raise WeightsError(
            f"The CLIP model in {folder} lacks {len(drawn)} tensors of its image encoder, or has "
            f"them in another shape, such as {drawn[0]}: expected the weights that belong to its "
            "config.json, of the type clip or clip_vision_model."
        )
    return network


def _clip_normalisation(folder: Path) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Mean and deviation of the folder's preparation; CLIP's own if it has none."""
    path = folder / CLIP_PREPARATION
    if not path.is_file():
        return CLIP_MEAN, CLIP_STD
    try:
        document: Mapping[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        mean, std = (tuple(map(float, document[key])) for key in ("image_mean", "image_std"))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise WeightsError(
            f"{path} cannot be read ({type(error).__name__}): expected image_mean and image_std, "
            "three numbers each."
        ) from None
    if len(mean) != 3 or len(std) != 3 or min(std) <= 0:
        raise WeightsError(f"{path}: expected image_mean and image_std, three numbers each.")
    return mean, std


def _normalised(pixels: Tensor, mean: tuple[float, ...], std: tuple[float, ...]) -> Tensor:
    values = pixels.float() / 255
    centre, scale = (
        torch.tensor(part, device=pixels.device).view(1, 3, 1, 1) for part in (mean, std)
    )
    return (values - centre) / scale


def _dimension(forward: Any, size: int, device: torch.device) -> int:
    with torch.inference_mode():
        return int(
            forward(torch.zeros((1, 3, size, size), dtype=torch.uint8, device=device)).shape[1]
        )


def _require_features(name: str, network: nn.Module) -> None:
    if not has_features(network):
        raise ConfigError(
            f"The network {name} does not say what the input of its last layer is: choose another "
            "backbone of timm."
        )
