from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch import distributed, nn
from torch.nn.parallel import DistributedDataParallel

from tests.training.diffusion.attached import components_of, load_pipeline, randomise
from training.diffusion.methods.components import Components
from training.diffusion.methods.options import LayerRank, MethodOptions, Target
from training.diffusion.methods.registry import METHODS, attach
from training.diffusion.methods.trained_part import TrainedPart
from training.errors import ConfigError, WeightsError

Folder = Callable[[str], Path]

ADAPTERS = ("lora", "dora", "lokr")
OPTIONS = MethodOptions(rank=2, text_encoders=True)


@pytest.fixture
def components(tiny_folder: Folder) -> Components:
    return components_of(load_pipeline(tiny_folder("sd15")), "sd15")


def _denoised(part: nn.Module) -> torch.Tensor:
    generator = torch.Generator().manual_seed(2)
    latents = torch.randn(2, 4, 8, 8, generator=generator)
    prompts = torch.randn(2, 5, 32, generator=generator)
    sample: torch.Tensor = part.get_submodule("denoiser")(latents, 3, prompts).sample
    return sample


def _loss(part: TrainedPart) -> torch.Tensor:
    ids = torch.arange(6).reshape(2, 3)
    text = part.text_encoders["text_encoder"](ids).last_hidden_state
    return _denoised(part).square().mean() + text.square().mean()


@pytest.mark.parametrize("method", ADAPTERS)
def test_new_adapters_depend_on_the_seed_alone(tiny_folder: Folder, method: str) -> None:
    weights = []
    for seed, consumed in ((1, 0), (1, 5), (2, 0)):
        torch.rand(consumed)
        before = torch.get_rng_state()
        fresh = components_of(load_pipeline(tiny_folder("sd15")), "sd15")
        torch.set_rng_state(before)
        weights.append(attach(method, fresh, OPTIONS, seed).weights())
        assert torch.equal(torch.get_rng_state(), before)
    first, again, other = weights

    assert all(torch.equal(first[name], again[name]) for name in first)
    assert any(not torch.equal(first[name], other[name]) for name in first)


@pytest.mark.parametrize("method", [*ADAPTERS, "full"])
def test_only_what_is_trained_gets_gradients(components: Components, method: str) -> None:
    part = attach(method, components, OPTIONS, 0)
    randomise(part, scale=0.01)
    part.train()

    part(_loss).backward()

    trained = {id(each) for each in part.trained_parameters().values()}
    for name, parameter in part.named_parameters():
        assert parameter.requires_grad == (id(parameter) in trained), name
        assert (parameter.grad is not None) <= (id(parameter) in trained), name
    assert any(each.grad is not None for each in part.trained_parameters().values())
    assert part.denoiser.training
    assert not part.eval().denoiser.training


def test_the_loop_can_wrap_the_part(components: Components) -> None:
    part = attach("lora", components, OPTIONS, 0)
    part(_loss).backward()
    alone = {name: each.grad for name, each in part.trained_parameters().items()}
    part.zero_grad()
    distributed.init_process_group("gloo", store=distributed.HashStore(), rank=0, world_size=1)
    try:
        wrapped = DistributedDataParallel(part)
        wrapped(_loss).backward()
    finally:
        distributed.destroy_process_group()

    for name, each in part.trained_parameters().items():
        torch.testing.assert_close(each.grad, alone[name])


@pytest.mark.parametrize("method", ["lora", "full"])
def test_recomputed_activations_give_the_same_gradients(tiny_folder: Folder, method: str) -> None:
    gradients = []
    for is_recomputed in (False, True):
        fresh = components_of(load_pipeline(tiny_folder("sd15")), "sd15")
        options = MethodOptions(rank=2, text_encoders=True, gradient_checkpointing=is_recomputed)
        part = attach(method, fresh, options, 0)
        randomise(part, scale=0.01)
        part.train()
        assert part.denoiser.is_gradient_checkpointing == is_recomputed
        part(_loss).backward()
        gradients.append({name: each.grad for name, each in part.trained_parameters().items()})

    plain, recomputed = gradients
    for name, gradient in plain.items():
        torch.testing.assert_close(recomputed[name], gradient)


@pytest.mark.parametrize("method", [*ADAPTERS, "full"])
def test_the_base_model_is_there_without_the_adapter(components: Components, method: str) -> None:
    with torch.inference_mode():
        base = components.denoiser(torch.ones(1, 4, 8, 8), 3, torch.ones(1, 5, 32)).sample
        part = attach(method, components, OPTIONS, 0)
        randomise(part, scale=0.05)
        changed = part.denoiser(torch.ones(1, 4, 8, 8), 3, torch.ones(1, 5, 32)).sample
        with part.adapter_off():
            off = part.denoiser(torch.ones(1, 4, 8, 8), 3, torch.ones(1, 5, 32)).sample
        again = part.denoiser(torch.ones(1, 4, 8, 8), 3, torch.ones(1, 5, 32)).sample

    assert torch.equal(off, base)
    assert not torch.allclose(changed, base)
    assert torch.equal(again, changed)
    assert all(each.requires_grad for each in part.trained_parameters().values())


@pytest.mark.parametrize("method", ADAPTERS)
def test_a_checkpoint_has_the_adapters_alone(components: Components, method: str) -> None:
    part = attach(method, components, OPTIONS, 0)
    randomise(part)
    names = part.module_names()
    entries = dict(part.named_parameters())
    checkpoint = {names[name]: entries[names[name]].detach().clone() for name in part.weights()}
    kept = {name: each.clone() for name, each in part.weights().items()}
    part.load({name: torch.zeros_like(each) for name, each in kept.items()})

    part.load_checkpoint(checkpoint)

    assert all(torch.equal(each, kept[name]) for name, each in part.weights().items())
    assert sum(each.numel() for each in kept.values()) < 0.2 * sum(
        each.numel() for each in part.parameters()
    )


def test_weights_that_do_not_fit_change_nothing(components: Components) -> None:
    part = attach("lora", components, OPTIONS, 0)
    kept = {name: each.clone() for name, each in part.weights().items()}
    first, second = list(kept)[:2]
    broken = {name: each + 1 for name, each in kept.items()}
    broken["unet.another"] = broken.pop(first)
    broken[second] = broken[second][:1]

    with pytest.raises(WeightsError, match=r"1 missing .* 1 unexpected .* 1 of another shape"):
        part.load(broken)

    assert all(torch.equal(each, kept[name]) for name, each in part.weights().items())


def test_text_encoders_have_their_own_learning_rate(components: Components) -> None:
    options = MethodOptions(rank=2, text_encoders=True, text_encoder_lr_scale=0.1)
    groups = attach("lora", components, options, 0).parameter_groups()

    assert [group["lr_scale"] for group in groups] == [1.0, 0.1]
    assert all(group["params"] for group in groups)


def test_adapters_of_a_half_precision_model_are_whole(components: Components) -> None:
    components.denoiser.half()
    part = attach("dora", components, MethodOptions(rank=2), 0)

    assert {each.dtype for each in part.weights().values()} == {torch.float32}
    assert components.denoiser.dtype == torch.float16


def test_a_half_precision_model_is_trained_whole(components: Components) -> None:
    components.denoiser.half()
    base = components.denoiser.conv_in.weight.detach().clone()
    part = attach("full", components, MethodOptions(), 0)
    randomise(part)
    trained = components.denoiser.conv_in.weight.detach().clone()

    with part.adapter_off():
        off = components.denoiser.conv_in.weight.detach().clone()

    assert trained.dtype == torch.float32
    assert torch.equal(off, base.float())
    assert torch.equal(components.denoiser.conv_in.weight, trained)


def test_text_encoders_stay_out_unless_they_are_trained(components: Components) -> None:
    part = attach("lora", components, MethodOptions(rank=2), 0)

    assert not part.text_encoders
    assert all(name.startswith("unet.") for name in part.weights())


def test_t5_gets_no_adapter(tiny_folder: Folder) -> None:
    components = components_of(load_pipeline(tiny_folder("flux")), "flux")
    part = attach("lora", components, OPTIONS, 0)

    assert {name.partition(".")[0] for name in part.weights()} == {"transformer", "text_encoder"}


@pytest.mark.parametrize("method", ADAPTERS)
def test_a_rank_larger_than_a_layer_names_it(components: Components, method: str) -> None:
    options = MethodOptions(rank=2, layer_ranks=(LayerRank(contains="attn2.to_k", rank=33),))

    with pytest.raises(
        ConfigError, match=r"33 does not fit the layer unet\..*attn2\.to_k .32 inputs, 32 outputs"
    ):
        attach(method, components, options, 0)


def test_a_network_without_such_layers_is_named(tiny_folder: Folder) -> None:
    components = components_of(load_pipeline(tiny_folder("sd3")), "sd3")

    with pytest.raises(ConfigError, match=r"transformer .* has no layer for convolution"):
        attach("lora", components, MethodOptions(targets=(Target.CONVOLUTION,)), 0)


@pytest.mark.parametrize(
    ("method", "options", "words"),
    [
        ("hypernetwork", MethodOptions(), "choose one of lora"),
        ("lora", MethodOptions(rank=0), "rank: 0 does not fit"),
        ("lora", MethodOptions(rank=2, dropout=1.0), "dropout"),
        ("dora", MethodOptions(rank=2, alpha=float("nan")), "alpha"),
        ("lokr", MethodOptions(rank=2, decompose_factor=0), "decompose_factor"),
        ("dreambooth", MethodOptions(trains="lokr"), "'lora' or 'full'"),
    ],
)
def test_wrong_options_are_named(
    components: Components, method: str, options: MethodOptions, words: str
) -> None:
    with pytest.raises(ConfigError, match=words):
        attach(method, components, options, 0)


@pytest.mark.parametrize("trains", ["lora", "full"])
def test_dreambooth_trains_what_it_is_told(components: Components, trains: str) -> None:
    options = MethodOptions(rank=2, trains=trains)

    assert attach("dreambooth", components, options, 0).kind == trains
    assert "dreambooth" in METHODS
