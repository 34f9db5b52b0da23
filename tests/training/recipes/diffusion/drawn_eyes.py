"""A small world in which learning can be seen: drawn eyes, a base model that draws scans of one kind, an encoder.

The base model is a pipeline of Stable Diffusion 1.5 whose parts are small, and trained here in minutes: its
VAE on eyes of both kinds, its UNet on OCT scans alone. So there is something to learn: fundus photographs.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from diffusers import AutoencoderKL, DDPMScheduler, StableDiffusionPipeline, UNet2DConditionModel
from PIL import Image
from safetensors.torch import save_file
from torch import Tensor, nn
from torch.nn import functional as F

from tests.training.diffusion.tiny_pipelines import BETAS, CHANNELS, write_sd15
from training.data.synthetic.oct_signs import OCT_SIGNS
from training.data.synthetic.pictures import DRAWABLE_CLASSES, draw
from training.diffusion.quality.encoders import timm_encoder
from training.diffusion.quality.features import Encoder, Picture
from training.models.backbone import BackboneConfig, build_classifier

SIDE = 32
DRAWN_SIDE = 64
"""Drawn larger, and averaged."""
LATENT_SIDE = 8
OCT = sorted(OCT_SIGNS)
FUNDUS = sorted(DRAWABLE_CLASSES - OCT_SIGNS.keys())
FUNDUS_CAPTION = "a photo of a retina"
OCT_CAPTION = "oct"
BACKBONE = "test_resnet"


def eyes(classes: Sequence[str], count: int, *, seed: int) -> list[Picture]:
    """`count` pictures of the classes in turn, uint8 [32, 32, 3]."""
    random = np.random.default_rng(seed)
    return [_small(classes[number % len(classes)], random) for number in range(count)]


def write_eyes(folder: Path, pictures: Sequence[Picture], caption: str) -> Path:
    folder.mkdir(parents=True)
    for number, picture in enumerate(pictures):
        Image.fromarray(picture).save(folder / f"{number:04}.png")
        (folder / f"{number:04}.txt").write_text(caption)
    return folder


def write_base(folder: Path, *, vae_steps: int = 700, unet_steps: int = 2000) -> Path:
    """A pipeline that draws OCT scans of 32 pixels."""
    torch.manual_seed(0)
    scans = _tensor(eyes(OCT, 600, seed=1))
    photographs = _tensor(eyes(FUNDUS, 600, seed=2))
    vae = _trained_vae(torch.cat([scans, photographs]), vae_steps)
    pipeline = StableDiffusionPipeline.from_pretrained(
        write_sd15(folder.with_name("random")), vae=vae, safety_checker=None
    )
    pipeline.unet = _trained_unet(pipeline, scans, unet_steps)
    pipeline.save_pretrained(folder)
    return folder


def eye_encoder(folder: Path, *, steps: int = 300) -> Encoder:
    """A classifier of drawn eyes, trained here, without its last layer."""
    classes = [*FUNDUS, *OCT]
    torch.manual_seed(0)
    network = build_classifier(
        BackboneConfig(
            name=BACKBONE,
            num_classes=len(classes),
            image_size=DRAWN_SIDE,
            drop_path=0,
            global_pool="",
            norm_layer="",
        )
    )
    images = _normalised(_tensor(eyes(classes, 40 * len(classes), seed=3)))
    labels = torch.arange(len(images)) % len(classes)

    def loss(chosen: Tensor) -> Tensor:
        return F.cross_entropy(network(images[chosen]), labels[chosen])

    _train(network, loss, len(images), steps=steps, peak=3e-3)
    file = folder / "encoder.safetensors"
    save_file({name: value.contiguous() for name, value in network.state_dict().items()}, file)
    return timm_encoder(BACKBONE, file, image_size=DRAWN_SIDE)


def contact_sheet(rows: Sequence[Sequence[Picture]], path: Path) -> Path:
    sheet = np.concatenate([np.concatenate(list(row), axis=1) for row in rows])
    Image.fromarray(sheet).resize(
        (4 * sheet.shape[1], 4 * sheet.shape[0]), Image.Resampling.NEAREST
    ).save(path)
    return path


def _small(class_name: str, random: np.random.Generator) -> Picture:
    picture = draw(class_name, DRAWN_SIDE, random).picture
    return np.asarray(picture.resize((SIDE, SIDE), Image.Resampling.BOX))


def _tensor(pictures: Sequence[Picture]) -> Tensor:
    """Float32 [N, 3, 32, 32] from -1 to 1."""
    return torch.from_numpy(np.stack(pictures)).permute(0, 3, 1, 2).float() / 127.5 - 1


def _normalised(pixels: Tensor) -> Tensor:
    """As the encoder of the backbone sees them."""
    mean, std = (
        torch.tensor(values).view(1, 3, 1, 1)
        for values in ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
    )
    larger = F.interpolate(pixels, DRAWN_SIDE, mode="bilinear")
    return ((larger + 1) / 2 - mean) / std


def _train(network: nn.Module, loss_of: object, count: int, *, steps: int, peak: float) -> None:
    """AdamW with one cycle of the learning rate, on 32 of `count` samples in each step."""
    optimizer = torch.optim.AdamW(network.parameters(), peak)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, peak, total_steps=steps)
    generator = torch.Generator().manual_seed(0)
    network.train()
    for _ in range(steps):
        loss = loss_of(torch.randint(count, (32,), generator=generator))  # type: ignore[operator]
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
    network.eval()


def _trained_vae(images: Tensor, steps: int) -> AutoencoderKL:
    vae = AutoencoderKL(
        block_out_channels=(16, 32, 64),
        down_block_types=("DownEncoderBlock2D",) * 3,
        up_block_types=("UpDecoderBlock2D",) * 3,
        latent_channels=4,
        norm_num_groups=8,
        sample_size=SIDE,
        scaling_factor=1.0,
    )

    def loss(chosen: Tensor) -> Tensor:
        latents = vae.encode(images[chosen]).latent_dist.mean
        noisy = latents + 0.1 * torch.randn_like(latents)
        error = F.l1_loss(vae.decode(noisy).sample, images[chosen])
        # Latents of the deviation 1 are what the noise schedule is made for.
        spread: Tensor = (latents.std() - 1) ** 2 + latents.mean() ** 2
        return error + 0.01 * spread

    _train(vae, loss, len(images), steps=steps, peak=2e-3)
    # The recipe draws from the distribution of the latents; this one is nearly a point.
    with torch.no_grad():
        vae.quant_conv.weight[4:] = 0
        vae.quant_conv.bias[4:] = -10
    return vae


def _trained_unet(
    pipeline: StableDiffusionPipeline, images: Tensor, steps: int
) -> UNet2DConditionModel:
    unet = UNet2DConditionModel(
        sample_size=LATENT_SIDE,
        block_out_channels=(64, 64),
        layers_per_block=1,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
        cross_attention_dim=CHANNELS,
        attention_head_dim=8,
        norm_num_groups=8,
    )
    noises = DDPMScheduler(**{k: v for k, v in BETAS.items() if k.startswith("beta")})
    tokens = pipeline.tokenizer(
        [OCT_CAPTION], padding="max_length", max_length=77, return_tensors="pt"
    )
    with torch.no_grad():
        words = pipeline.text_encoder(tokens.input_ids).last_hidden_state
        latents = torch.cat(
            [pipeline.vae.encode(part).latent_dist.mean for part in images.split(50)]
        )

    def loss(chosen: Tensor) -> Tensor:
        noise = torch.randn_like(latents[chosen])
        times = torch.randint(len(noises), (len(chosen),))
        noisy = noises.add_noise(latents[chosen], noise, times)
        predicted = unet(noisy, times, words.expand(len(chosen), -1, -1)).sample
        return F.mse_loss(predicted, noise)

    _train(unet, loss, len(latents), steps=steps, peak=2e-3)
    return unet
