"""Writes trees of other libraries as a LightGBM model, which predicts and explains them exactly.

LightGBM reads its models from text, format version 4: `src/io/tree.cpp` and
`src/boosting/gbdt_model_text.cpp` of its repository.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from training.tables.labels import Booleans, Floats, Integers

_CATEGORICAL = 1
_DEFAULT_LEFT = 2
_MISSING_IS_NAN = 8
_WORD_BITS = 32


@dataclass(frozen=True, eq=False, kw_only=True)
class TreeNodes:
    """A binary tree, node by node; node 0 is its root. Arrays have the shape (num_nodes,)."""

    is_leaf: Booleans
    feature: Integers
    threshold: Floats
    """Smaller and equal values go to the left."""
    missing_goes_left: Booleans
    left: Integers
    right: Integers
    value: Floats
    """Of leaves."""
    count: Integers
    """Rows of training that passed the node."""
    left_codes: Mapping[int, Sequence[int]] = field(default_factory=dict)
    """Of nodes that split categories: the codes that go to the left."""


def single_leaf(value: float) -> TreeNodes:
    """A tree that always gives this value."""
    nothing = np.zeros(1, np.int64)
    return TreeNodes(
        is_leaf=np.ones(1, np.bool_),
        feature=nothing,
        threshold=np.zeros(1),
        missing_goes_left=np.zeros(1, np.bool_),
        left=nothing,
        right=nothing,
        value=np.array([value]),
        count=np.ones(1, np.int64),
    )


def model_text(trees: Sequence[TreeNodes], *, num_features: int, num_outputs: int) -> str:
    """The text of a model; its output k is the sum of every `num_outputs`-th tree from the k-th."""
    header = [
        "tree",
        "version=v4",
        f"num_class={num_outputs}",
        f"num_tree_per_iteration={num_outputs}",
        "label_index=0",
        f"max_feature_idx={num_features - 1}",
        "feature_names=" + " ".join(f"f{at}" for at in range(num_features)),
        "feature_infos=" + " ".join(["none"] * num_features),
        "",
    ]
    blocks = [_tree_text(number, tree) for number, tree in enumerate(trees)]
    return "\n".join([*header, *blocks, "end of trees", ""])


def _tree_text(number: int, tree: TreeNodes) -> str:
    leaves, splits = np.flatnonzero(tree.is_leaf), np.flatnonzero(~tree.is_leaf)
    # LightGBM numbers splits from 0, and names the leaf i as the child -1 - i.
    place = np.empty(len(tree.is_leaf), np.int64)
    place[splits] = np.arange(len(splits))
    place[leaves] = -1 - np.arange(len(leaves))
    lines = [f"Tree={number}", f"num_leaves={len(leaves)}"]
    if len(splits):
        lines += _split_lines(tree, splits, place)
    else:
        lines.append("num_cat=0")
    lines += [
        _line("leaf_value", tree.value[leaves]),
        _line("leaf_count", tree.count[leaves]),
        "is_linear=0",
        "shrinkage=1",
        "",
        "",
    ]
    return "\n".join(lines)


def _split_lines(tree: TreeNodes, splits: Integers, place: Integers) -> list[str]:
    thresholds = tree.threshold[splits].copy()
    kinds = _MISSING_IS_NAN + _DEFAULT_LEFT * tree.missing_goes_left[splits].astype(np.int64)
    words: list[int] = []
    boundaries = [0]
    for at, node in enumerate(splits.tolist()):
        if node in tree.left_codes:
            thresholds[at], kinds[at] = len(boundaries) - 1, _MISSING_IS_NAN + _CATEGORICAL
            words += _bits(tree.left_codes[node])
            boundaries.append(len(words))
    lines = [
        f"num_cat={len(boundaries) - 1}",
        _line("split_feature", tree.feature[splits]),
        _line("threshold", thresholds),
        _line("decision_type", kinds),
        _line("left_child", place[tree.left[splits]]),
        _line("right_child", place[tree.right[splits]]),
        _line("internal_count", tree.count[splits]),
    ]
    if words:
        lines.append("cat_boundaries=" + " ".join(map(str, boundaries)))
        lines.append("cat_threshold=" + " ".join(map(str, words)))
    return lines


def _bits(codes: Sequence[int]) -> list[int]:
    words = [0] * (max(codes, default=0) // _WORD_BITS + 1)
    for code in codes:
        words[code // _WORD_BITS] |= 1 << code % _WORD_BITS
    return words


def _line(name: str, numbers: Floats | Integers) -> str:
    return f"{name}=" + " ".join(map(repr, numbers.tolist()))
