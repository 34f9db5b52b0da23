"""Settings of the diffusion recipe."""

from enum import StrEnum
from typing import Any, Self

from pydantic import Field, field_validator, model_validator
from pydantic_core import PydanticCustomError

from training.config import PATH, EvaluateConfig, LoopConfig
from training.optimizers import OptimizerName
from training.recipes.images.config import (
    MinLearningRate,
    PatientPattern,
    SkipBadImages,
    WeightDecay,
)
from training.recipes.schedule import ScheduleKind

MAX_PROMPTS = 16
MAX_PROMPT_CHARS = 1000


class Method(StrEnum):
    """What is trained."""

    LORA = "lora"
    DORA = "dora"
    LOKR = "lokr"
    DREAMBOOTH = "dreambooth"
    TEXTUAL_INVERSION = "textual_inversion"
    FULL = "full"


class Targets(StrEnum):
    """The layers that an adapter changes; each choice has those of the one before."""

    ATTENTION = "attention"
    LINEAR = "linear"
    ALL = "all"


class DreamboothTrains(StrEnum):
    """What dreambooth trains."""

    LORA = "lora"
    FULL = "full"


class DiffusionConfig(LoopConfig):
    """All settings of the diffusion recipe."""

    base_model: str = Field(
        "", description="folder of a diffusers pipeline to begin from", json_schema_extra=PATH
    )
    base_model_id: str = Field(
        "", max_length=200, description="its id `owner/name` on the hub, instead of a folder"
    )
    method: Method = Field(Method.LORA, description="what is trained")

    data: str = Field(
        "", description="folder of images with captions beside them", json_schema_extra=PATH
    )
    caption_ending: str = Field(
        ".txt", max_length=20, description="ending of the files with the captions"
    )
    caption: str | None = Field(
        None,
        max_length=MAX_PROMPT_CHARS,
        description="caption of images without one of their own; empty trains them without words",
        examples=[""],
    )
    repeats_by_folder: bool = Field(
        False, description="folders such as `10_drusen` say how often their images are repeated"
    )
    masks: str = Field(
        "",
        description="folder of masks of what is learned; without it `name.mask.png` beside an image",
        json_schema_extra=PATH,
    )
    skip_bad_images: SkipBadImages = False
    skip_bad_captions: bool = Field(
        False, description="leave captions and images that do not match out and count them"
    )
    skip_copies: bool = Field(
        False, description="train on one of several images with the same pixels"
    )
    held_out_share: float = Field(
        0.1, ge=0, le=0.5, description="share of the images that only measures; 0 measures nothing"
    )
    patient_pattern: PatientPattern = ""

    resolution: int = Field(
        512, ge=8, le=4096, description="an image has at most its square of pixels"
    )
    buckets: bool = Field(True, description="keep aspect ratios; off crops all images to squares")
    most_enlarged: float = Field(
        1.0, ge=1, le=8, description="largest factor by which a small image is enlarged"
    )
    most_cropped: float = Field(
        0.5, ge=0, lt=1, description="largest share of an image that may be cropped"
    )
    random_crop: bool = Field(
        False, description="crop another part of an image each time; nothing is cached then"
    )
    flip: bool = Field(False, description="mirror half of the samples from left to right")
    caption_dropout: float = Field(
        0.0, ge=0, le=1, description="share of the samples that are learned without their caption"
    )
    shuffle_tags: bool = Field(
        False, description="put the parts of a caption between commas in another order each time"
    )
    keep_tags: int = Field(
        1, ge=0, le=100, description="parts of a caption at its beginning that are not shuffled"
    )

    rank: int = Field(16, ge=1, le=4096, description="of lora, dora and lokr")
    alpha: float | None = Field(
        None, gt=0, le=1e6, description="the adapter is multiplied by alpha / rank; none: the rank"
    )
    adapter: str = Field(
        "",
        description="file of an adapter or a new word to begin from, of diffusers or kohya's scripts",
        json_schema_extra=PATH,
    )
    dropout: float = Field(0.0, ge=0, lt=1, description="of the adapter's inputs")
    targets: Targets = Field(
        Targets.ATTENTION,
        description="layers with an adapter: attention, also the other linear ones, all",
    )
    train_text_encoders: bool = Field(False, description="train the text encoders as well")
    text_encoder_lr_scale: float = Field(
        0.5, gt=0, le=100, description="multiplies the learning rate for the text encoders"
    )
    placeholder: str = Field(
        "", max_length=100, description="new word of a textual inversion, as in <lesion>"
    )
    initial_words: str = Field(
        "", max_length=200, description="word that it begins as, or one for each of its vectors"
    )
    num_vectors: int = Field(1, ge=1, le=64, description="vectors of the new word")
    dreambooth_trains: DreamboothTrains = Field(
        DreamboothTrains.LORA, description="what dreambooth trains"
    )
    class_data: str = Field(
        "",
        description="folder of images of the subject's class, which dreambooth keeps as it was",
        json_schema_extra=PATH,
    )
    class_caption: str = Field(
        "", max_length=MAX_PROMPT_CHARS, description="their caption, as in `a photo of a dog`"
    )
    prior_weight: float = Field(1.0, ge=0, le=100, description="weight of the loss of their class")
    clip_skip: int = Field(
        1, ge=1, le=12, description="hidden state of CLIP that is read, counted from the end"
    )

    batch_size: int = Field(1, ge=1, le=65_536, description="images per rank and micro-batch")
    epochs: int = Field(10, ge=1, le=1_000_000, description="passes over the images with repeats")
    clip_norm: float = Field(
        1.0, ge=0, le=1e9, description="largest gradient norm; 0 does not clip"
    )
    optimizer: OptimizerName = Field(OptimizerName.ADAMW, description="how the weights are changed")
    learning_rate: float = Field(1e-4, gt=0, lt=10, description="peak learning rate")
    min_learning_rate: MinLearningRate = 0.0
    schedule: ScheduleKind = Field(ScheduleKind.COSINE, description="what follows the warm-up")
    warmup_steps: int = Field(0, ge=0, le=10**9, description="steps of linear warm-up")
    weight_decay: WeightDecay = 0.01
    min_snr_gamma: float = Field(
        5.0, ge=0, le=1000, description="limits the weight of steps with little noise; 0 does not"
    )
    gradient_checkpointing: bool = Field(
        False, description="compute activations twice, which needs less memory"
    )
    cache: bool = Field(True, description="keep latents and embeddings on disk for later epochs")
    cache_limit_mib: int = Field(
        0, ge=0, le=10**9, description="largest size of that cache; 0 is without limit"
    )

    sample_prompts: str = Field(
        "",
        max_length=MAX_PROMPTS * (MAX_PROMPT_CHARS + 1),
        description="prompts that are drawn during the training, one in each line",
    )
    sample_every_steps: int = Field(
        0, ge=0, le=10**9, description="steps between two drawings; 0 draws only on command"
    )
    sample_steps: int = Field(28, ge=1, le=1000, description="denoising steps of a drawing")
    sample_guidance: float = Field(5.0, ge=0, le=100, description="guidance of a drawing")
    sample_size: int = Field(
        0, ge=0, le=4096, description="sides of a drawing in pixels; 0 is the resolution"
    )
    sample_timeout_s: float = Field(
        600.0, gt=0, le=86_400, description="longest time that the drawings of one step may take"
    )
    check_images: int = Field(
        0,
        ge=0,
        le=10_000,
        description="images drawn at the end and compared with the training images; 0: none",
    )
    check_encoder: str = Field(
        "",
        max_length=1000,
        description="network that compares them: run:ID, model:NAME/VERSION, timm:NAME:FILE or "
        "clip:FOLDER",
    )
    allow_memorised: str | None = Field(
        None,
        max_length=200,
        description="name of the person who allows to register a model that memorised images",
    )

    @property
    def prompts(self) -> tuple[str, ...]:
        """The prompts to draw."""
        lines = (line.strip() for line in self.sample_prompts.splitlines())
        return tuple(line for line in lines if line)

    @property
    def base(self) -> str:
        """The folder or the id of the base model."""
        return self.base_model or self.base_model_id

    @property
    def has_prior(self) -> bool:
        """Whether images of the subject's class are trained beside it."""
        return self.method is Method.DREAMBOOTH and bool(self.class_data)

    @property
    def trains_text(self) -> bool:
        """Whether what the text encoders say changes during the training."""
        return self.train_text_encoders or self.method is Method.TEXTUAL_INVERSION

    @field_validator("sample_prompts")
    @classmethod
    def _require_few_prompts(cls, text: str) -> str:
        lines = [line for line in text.splitlines() if line.strip()]
        if len(lines) > MAX_PROMPTS or any(len(line) > MAX_PROMPT_CHARS for line in lines):
            raise PydanticCustomError(
                "prompts",
                "Input should be at most {prompts} lines of at most {chars} characters",
                {"prompts": MAX_PROMPTS, "chars": MAX_PROMPT_CHARS},
            )
        return text

    @model_validator(mode="after")
    def _require_consistent(self) -> Self:
        if problems := list(_problems(self)):
            raise PydanticCustomError("settings", "{problems}", {"problems": "; ".join(problems)})
        return self


class DiffusionEvaluateConfig(EvaluateConfig):
    """How the images of a trained model are scored."""

    num_images: int = Field(
        100, ge=20, le=50_000, description="images that are drawn and compared with real ones"
    )
    encoder: str = Field(
        "",
        max_length=1000,
        description="network that compares them: run:ID, model:NAME/VERSION, timm:NAME:FILE or "
        "clip:FOLDER",
    )
    steps: int = Field(28, ge=1, le=1000, description="denoising steps of an image")
    guidance: float = Field(5.0, ge=0, le=100, description="guidance of an image")

    @model_validator(mode="after")
    def _require_what_is_used(self) -> Self:
        unused = {"split", "num_resamples"} & self.model_fields_set
        if unused:
            raise PydanticCustomError(
                "settings",
                "{names}: an evaluation of the recipe diffusion has neither splits nor resamples",
                {"names": " and ".join(sorted(unused))},
            )
        return self


def _problems(config: DiffusionConfig) -> Any:
    if config.base_model and config.base_model_id:
        yield "base_model and base_model_id are both given: leave one out"
    if config.method is Method.TEXTUAL_INVERSION and not (
        config.placeholder and config.initial_words
    ):
        yield "textual_inversion needs a placeholder and the initial_words that it begins as"
    if config.method is not Method.TEXTUAL_INVERSION and config.placeholder:
        yield f"placeholder: {config.method} has no new word; the method textual_inversion has"
    if config.class_data and config.method is not Method.DREAMBOOTH:
        yield f"class_data: {config.method} keeps no class; the method dreambooth does"
    if config.class_data and not config.class_caption:
        yield "class_caption: the images in class_data need a caption, as in `a photo of a dog`"
    if config.check_images and not config.check_encoder:
        yield "check_encoder: it is needed to compare the images of check_images"


def diffusion_config(given: dict[str, Any]) -> DiffusionConfig:
    """The complete configuration. Raises ConfigError that names wrong settings."""
    config = DiffusionConfig.parse(given)
    defaults: dict[str, Any] = {}
    if config.optimizer is OptimizerName.PRODIGY and "learning_rate" not in given:
        # Prodigy finds the step size; its learning rate multiplies what it finds.
        defaults["learning_rate"] = 1.0
    if config.method is Method.FULL and "learning_rate" not in given:
        defaults.setdefault("learning_rate", 1e-5)
    return DiffusionConfig.parse({**defaults, **given})
