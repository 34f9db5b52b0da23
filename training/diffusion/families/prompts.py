"""Tokenizes prompts and reads the hidden states of text encoders."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from torch import Tensor, nn

from training.errors import ConfigError


class ClipOutput(NamedTuple):
    """Hidden states [B, tokens, width], and the pooled embedding [B, width]."""

    hidden: Tensor
    pooled: Tensor


def token_ids(tokenizer: Any, prompts: Sequence[str], max_tokens: int) -> Any:
    """The ids and attention mask [B, max_tokens] of prompts, padded and cut."""
    return tokenizer(
        [expand_placeholders(tokenizer, prompt) for prompt in prompts],
        padding="max_length",
        max_length=max_tokens,
        truncation=True,
        return_tensors="pt",
    )


def expand_placeholders(tokenizer: Any, prompt: str) -> str:
    """The prompt with `<name> <name>_1 …` for each placeholder of several tokens.

    The same text as from `maybe_convert_prompt` of diffusers' TextualInversionLoaderMixin.
    """
    added = tokenizer.added_tokens_encoder
    for token in sorted(token for token in added if f"{token}_1" in added and token in prompt):
        pieces = [token]
        while f"{token}_{len(pieces)}" in added:
            pieces.append(f"{token}_{len(pieces)}")
        prompt = prompt.replace(token, " ".join(pieces))
    return prompt


def read_clip(
    encoder: nn.Module, tokenizer: Any, prompts: Sequence[str], *, from_end: int
) -> ClipOutput:
    """The hidden state number `from_end` from the end, without the final layer norm.

    The pooled embedding is the projected one where the encoder has a projection.
    """
    tokens = token_ids(tokenizer, prompts, tokenizer.model_max_length)
    output = encoder(_on(encoder, tokens.input_ids), output_hidden_states=True)
    pooled = output.text_embeds if "text_embeds" in output else output.pooler_output
    return ClipOutput(output.hidden_states[-from_end], pooled)


def read_clip_normalised(
    encoder: nn.Module, tokenizer: Any, prompts: Sequence[str], *, from_end: int
) -> Tensor:
    """The hidden state number `from_end` from the end with the final layer norm, as A1111 reads it."""
    tokens = token_ids(tokenizer, prompts, tokenizer.model_max_length)
    mask = tokens.attention_mask if getattr(encoder.config, "use_attention_mask", False) else None
    output = encoder(
        _on(encoder, tokens.input_ids),
        attention_mask=None if mask is None else _on(encoder, mask),
        output_hidden_states=True,
    )
    if from_end == 1:
        last: Tensor = output.last_hidden_state
        return last
    # transformers 5.6 and later have the layers of the text model in the model itself.
    text_model: Any = getattr(encoder, "text_model", encoder)
    normalised: Tensor = text_model.final_layer_norm(output.hidden_states[-from_end])
    return normalised


def read_t5(encoder: nn.Module, tokenizer: Any, prompts: Sequence[str], max_tokens: int) -> Tensor:
    """The last hidden state [B, max_tokens, width] of T5; padding is read too, as in training."""
    tokens = token_ids(tokenizer, prompts, max_tokens)
    hidden: Tensor = encoder(_on(encoder, tokens.input_ids)).last_hidden_state
    return hidden


def require_clip_skip(encoder: nn.Module, clip_skip: int) -> None:
    """Raise ConfigError if the text encoder has no such hidden state."""
    config: Any = encoder.config
    layers = config.num_hidden_layers
    if not 1 <= clip_skip <= layers:
        raise ConfigError(
            f"clip_skip: {clip_skip} is out of range; this text encoder has {layers} layers, so "
            f"expected 1 (the last one) to {layers}."
        )


def truncated_text(tokenizer: Any, prompt: str, limit: int) -> tuple[int, str]:
    """The number of tokens of a prompt, and its end after `limit` of them, as it was written."""
    encoding = tokenizer(
        prompt, add_special_tokens=False, return_offsets_mapping=True, verbose=False
    )
    offsets = encoding.offset_mapping
    return len(offsets), prompt[offsets[limit][0] :] if len(offsets) > limit else ""


def _on(module: nn.Module, tensor: Tensor) -> Tensor:
    return tensor.to(next(module.parameters()).device)
