"""The latents of images and the embeddings of captions: from the cache on disk, or computed when used."""

from collections.abc import Iterable, Sequence
from pathlib import Path

import torch
from torch import Tensor

from training.diffusion.data.cache import Entry, fill_cache
from training.diffusion.data.tensor_cache import TensorCache, Tensors
from training.diffusion.data.views import View, embedding_key, latents_key, pixels_of
from training.diffusion.families.family import Family, PromptEmbedding
from training.process import Process

LATENTS = "latents"


class Latents:
    """The latents of views: the mode of the image encoder's posterior, which draws no number."""

    def __init__(self, family: Family, root: Path, cache: TensorCache | None) -> None:
        """`root` is the folder of the images."""
        self._family = family
        self._root = root
        self._cache = cache

    def fill(self, views: Iterable[View], process: Process) -> None:
        """Put those of all views into the cache; a collective."""
        if self._cache is not None:
            entries = [
                Entry(key=self._key(view), item=view, shape=(view.shape[1], view.shape[0]))
                for view in views
            ]
            fill_cache(self._cache, entries, self._encoded, process, what="Images")

    def of(self, views: Sequence[View]) -> Tensor:
        """Float32 [B, C, h, w] on the CPU, of views of one shape."""
        if self._cache is None:
            found: Sequence[Tensors] = self._encoded(views)
        else:
            found = self._cache.read([self._key(view) for view in views])
        return torch.stack([each[LATENTS] for each in found])

    def _encoded(self, views: Sequence[View]) -> list[Tensors]:
        pixels = pixels_of(self._root, views).to(self._family.settings.device)
        with torch.no_grad():
            latents = self._family.encode_images(pixels, None)
        return [{LATENTS: each} for each in latents.float().cpu()]

    def _key(self, view: View) -> str:
        return latents_key(view, self._family.vae_digest)


class Embeddings:
    """What the frozen text encoders say of captions."""

    def __init__(self, family: Family, cache: TensorCache | None) -> None:
        self._family = family
        self._cache = cache

    def fill(self, captions: Iterable[str], process: Process) -> None:
        """Put those of all captions into the cache; a collective."""
        if self._cache is not None:
            unique = sorted(set(captions))
            entries = [Entry(key=self._key(caption), item=caption) for caption in unique]
            fill_cache(self._cache, entries, self._encoded, process, what="Captions")

    def of(self, captions: Sequence[str]) -> PromptEmbedding:
        """On the CPU, a row for each caption."""
        if self._cache is None:
            found: Sequence[Tensors] = self._encoded(captions)
        else:
            found = self._cache.read([self._key(caption) for caption in captions])
        return {name: torch.stack([each[name] for each in found]) for name in found[0]}

    def _encoded(self, captions: Sequence[str]) -> list[Tensors]:
        with torch.no_grad():
            embedding = self._family.encode_prompts(captions)
        rows = {name: tensor.cpu() for name, tensor in embedding.items()}
        return [{name: tensor[at] for name, tensor in rows.items()} for at in range(len(captions))]

    def _key(self, caption: str) -> str:
        return embedding_key(caption, self._family.text_digest)
