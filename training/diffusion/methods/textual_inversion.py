"""Textual inversion: trains only the embeddings of new words (Gal et al. 2022, arXiv 2208.01618)."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn

from training.diffusion.methods.components import Components
from training.diffusion.methods.options import MethodOptions, Placeholder
from training.diffusion.methods.placeholder_embedding import PlaceholderEmbedding
from training.diffusion.methods.trained_part import (
    TrainedPart,
    enable_gradient_checkpointing,
    freeze,
    replaced_values,
)
from training.errors import ConfigError

MAX_VECTORS = 64
"""CLIP reads 77 tokens."""


class TextualInversionPart(TrainedPart):
    """New words in all tokenizers, with a trained embedding in each text encoder.

    The names of its weights are those of the text encoder and the word: `text_encoder.<lesion>`.
    """

    def __init__(self, *, placeholders: Sequence[Placeholder], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.placeholders = tuple(placeholders)
        self._initial = {name: tensor.clone() for name, tensor in self.weights().items()}

    @contextmanager
    def adapter_off(self) -> Iterator[None]:
        """Within it, the new words have the meaning of the words that they began as."""
        with replaced_values(self.trained_parameters(), self._initial):
            yield


def attach(components: Components, options: MethodOptions, _seed: int) -> TextualInversionPart:
    """Add the words to every tokenizer; they begin as known words, so that nothing is drawn.

    Raises ConfigError, before anything is changed, if a word exists already or if an initial word
    is not one token of the vocabulary.
    """
    placeholders = options.placeholders
    if not placeholders:
        raise ConfigError(
            "placeholders: textual_inversion needs at least one new word, as <lesion>."
        )
    _check(placeholders)
    freeze(components)
    initial_ids = {
        name: [_initial_ids(tokenizer, name, placeholder) for placeholder in placeholders]
        for name, tokenizer in components.tokenizers.items()
    }
    trained: dict[str, nn.Parameter] = {}
    for name, encoder in components.text_encoders.items():
        tokenizer = components.tokenizers[name]
        for placeholder, ids in zip(placeholders, initial_ids[name], strict=True):
            trained[f"{name}.{placeholder.token}"] = _add(encoder, tokenizer, placeholder, ids)
    networks = dict(components.networks())
    recomputed = _recomputed(networks) if options.gradient_checkpointing else {}
    for network in recomputed.values():
        enable_gradient_checkpointing(network)
    return TextualInversionPart(
        kind="textual_inversion",
        components=components,
        placeholders=placeholders,
        trained=trained,
        networks=networks,
        in_training_mode=recomputed,
        lr_scales={},
    )


def tokens_of(placeholder: Placeholder) -> list[str]:
    """The tokens that stand for the word's vectors, with the names that diffusers gives them."""
    token = placeholder.token
    return [token, *(f"{token}_{index}" for index in range(1, placeholder.num_vectors))]


def _recomputed(networks: Mapping[str, nn.Module]) -> dict[str, nn.Module]:
    """Networks that can be in training mode, which recomputing needs, though nothing in them trains.

    T5 would leave out values at random then.
    """
    return {
        name: network
        for name, network in networks.items()
        if not type(network).__name__.startswith("T5")
    }


def _check(placeholders: Sequence[Placeholder]) -> None:
    for placeholder in placeholders:
        token = placeholder.token
        if not token or token.split() != [token]:
            raise ConfigError(f"placeholders: {token!r} is no word; expected one without spaces.")
        if not 1 <= placeholder.num_vectors <= MAX_VECTORS:
            raise ConfigError(
                f"placeholders: {token} has {placeholder.num_vectors} vectors; "
                f"expected 1 to {MAX_VECTORS}."
            )
    tokens = [placeholder.token for placeholder in placeholders]
    if repeated := sorted({token for token in tokens if tokens.count(token) > 1}):
        raise ConfigError(f"placeholders: {', '.join(repeated)} is given more than once.")
    for word in tokens:
        if longer := next((other for other in tokens if word in other and word != other), None):
            # Families and diffusers' pipelines expand the text of a word wherever it stands.
            raise ConfigError(
                f"placeholders: {word} is a part of {longer}; choose words that are not."
            )


def _initial_ids(tokenizer: Any, name: str, placeholder: Placeholder) -> list[int]:
    """The token number that each vector of the word begins as."""
    vocabulary = tokenizer.get_vocab()
    for token in tokens_of(placeholder):
        if token in vocabulary:
            raise ConfigError(
                f"placeholders: {token} is already in the vocabulary of {name}. "
                "Choose a word that does not exist."
            )
    words = placeholder.initial.split()
    if len(words) not in (1, placeholder.num_vectors):
        raise ConfigError(
            f"placeholders: {placeholder.token} has {placeholder.num_vectors} vectors and "
            f"{len(words)} initial words; expected one word, or one for each vector."
        )
    ids = [_single_id(tokenizer, name, placeholder, word) for word in words]
    return ids if len(ids) > 1 else ids * placeholder.num_vectors


def _single_id(tokenizer: Any, name: str, placeholder: Placeholder, word: str) -> int:
    ids: list[int] = tokenizer(word, add_special_tokens=False).input_ids
    if len(ids) != 1 or ids[0] == tokenizer.unk_token_id:
        pieces = ", ".join(tokenizer.convert_ids_to_tokens(ids)) or "none"
        raise ConfigError(
            f"placeholders: {placeholder.token} begins as {word!r}, which is {len(ids)} tokens in "
            f"the vocabulary of {name} ({pieces}); expected a word that is one known token. "
            "Choose a more common word."
        )
    return ids[0]


def _add(
    encoder: Any, tokenizer: Any, placeholder: Placeholder, initial_ids: Sequence[int]
) -> nn.Parameter:
    """Add a word; returns its rows, [vectors, width]."""
    tokens = tokens_of(placeholder)
    tokenizer.add_tokens(tokens)
    token_ids = tokenizer.convert_tokens_to_ids(tokens)
    table: nn.Module = encoder.get_input_embeddings()
    with torch.no_grad():
        device = next(table.parameters()).device
        rows: Tensor = table(torch.tensor(initial_ids, device=device))
    embedding = PlaceholderEmbedding(table, rows, token_ids).to(device)
    encoder.set_input_embeddings(embedding)
    parameter: nn.Parameter = embedding.placeholders.weight
    return parameter


def rows_by_encoder(part: TextualInversionPart, token: str) -> Mapping[str, Tensor]:
    """The trained rows of a word, [vectors, width], by the name of the text encoder."""
    weights = part.weights()
    return {name: weights[f"{name}.{token}"] for name in part.components.text_encoders}
