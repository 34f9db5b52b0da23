"""Finds the weights of a network in the contents of a file, whatever wraps them and their names."""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from torch import Tensor

StateDict = dict[str, Tensor]

MAX_DEPTH = 5
MAX_PREFIXES = 20
AVERAGED = ("state_dict_ema", "model_ema", "ema_state_dict", "ema", "ema_model", "teacher")
"""Averaged weights are preferred, as timm does: they are the ones that are evaluated."""
_INSERTED = ("_orig_mod.", "_fsdp_wrapped_module.", "_checkpoint_wrapped_module.")
"""What torch.compile, FSDP and activation checkpointing insert into names."""
_WRAPPERS = (
    "module.",
    "model.",
    "backbone.",
    "encoder.",
    "net.",
    "network.",
    "student.",
    "teacher.",
)


def find_state_dict(content: Mapping[Any, Any], expected: Collection[str]) -> StateDict:
    """The tensors in `content` that fit the `expected` names best, without the prefix of a wrapper.

    The largest are returned if none of their names is expected: they may be the names of another
    program.
    """
    found = [(path, _unwrapped(tensors, expected)) for path, tensors in _tensors_in(content)]
    if not found:
        return {}
    names = frozenset(expected)

    def fit(item: tuple[tuple[str, ...], StateDict]) -> tuple[int, int, int]:
        path, tensors = item
        is_averaged = any(part in AVERAGED for part in path)
        return len(names & tensors.keys()), int(is_averaged), len(tensors)

    return max(found, key=fit)[1]


def _tensors_in(
    content: Mapping[Any, Any], path: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], StateDict]]:
    """Every mapping in `content` that has tensors, with the keys that lead to it."""
    tensors = {
        name: value
        for name, value in content.items()
        if isinstance(name, str) and isinstance(value, Tensor)
    }
    if tensors:
        yield path, tensors
    if len(path) < MAX_DEPTH:
        for name, value in content.items():
            if isinstance(value, Mapping):
                yield from _tensors_in(value, (*path, str(name)))


def _unwrapped(tensors: StateDict, expected: Collection[str]) -> StateDict:
    named = {_without_insertions(name): tensor for name, tensor in tensors.items()}
    prefix = _common_prefix(named, expected)
    if prefix is None:
        return _without_wrappers(named)
    return {
        name.removeprefix(prefix): tensor
        for name, tensor in named.items()
        if name.startswith(prefix)
    }


def _without_insertions(name: str) -> str:
    for inserted in _INSERTED:
        name = name.replace(inserted, "")
    return name


def _common_prefix(names: Collection[str], expected: Collection[str]) -> str | None:
    """The prefix before most of the expected names; None if no expected name is found."""
    # The last parts of names that are rare among the expected ones find the prefix in few steps.
    prefixes: Counter[str] = Counter()
    by_end: dict[str, list[str]] = {}
    for name in expected:
        by_end.setdefault(_end(name), []).append(name)
    for name in names:
        for candidate in by_end.get(_end(name), ()):
            if name == candidate or name.endswith(f".{candidate}"):
                prefixes[name.removesuffix(candidate)] += 1
    if not prefixes:
        return None
    return max(prefixes.most_common(MAX_PREFIXES), key=lambda item: (item[1], -len(item[0])))[0]


def _end(name: str) -> str:
    """The last two parts of a name."""
    return ".".join(name.rsplit(".", 2)[-2:])


def _without_wrappers(tensors: StateDict) -> StateDict:
    """Take off known prefixes that all names have."""
    for prefix in _WRAPPERS:
        if tensors and all(name.startswith(prefix) for name in tensors):
            stripped = {name.removeprefix(prefix): tensor for name, tensor in tensors.items()}
            return _without_wrappers(stripped)
    return tensors
