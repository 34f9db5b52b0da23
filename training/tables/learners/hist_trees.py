"""Takes the trees out of scikit-learn's histogram gradient boosting."""

from typing import Any

import numpy as np

from training.tables.labels import Booleans, Floats
from training.tables.learners.learner import LearningTask
from training.tables.learners.lightgbm_text import TreeNodes, single_leaf


def trees_of(
    model: Any, task: LearningTask, is_category: Booleans, num_rounds: int
) -> list[TreeNodes]:
    """The trees of the first rounds, after the model's intercepts as trees of one leaf.

    `is_category` says which features the model takes as categories; a missing one is the code
    after the others.
    """
    # scikit-learn has no public access to the trees of these models.
    intercepts = model._baseline_prediction.ravel()  # noqa: SLF001
    rounds = model._predictors[:num_rounds]  # noqa: SLF001
    # The library puts categories before numbers, and renumbers their codes.
    order = np.concatenate([np.flatnonzero(is_category), np.flatnonzero(~is_category)])
    known = _known_codes(model) if is_category.any() else []
    trees = [single_leaf(float(value)) for value in intercepts]
    for of_outputs in rounds:
        trees += [_nodes(tree, task, order, known) for tree in of_outputs]
    return trees


def _known_codes(model: Any) -> list[Floats]:
    """Of each categorical feature, the codes that training had, in the library's order."""
    encoder = model._preprocessor.named_transformers_["encoder"]  # noqa: SLF001
    return list(encoder.categories_)


def _nodes(
    tree: Any, task: LearningTask, order: "np.ndarray[Any, Any]", known: list[Floats]
) -> TreeNodes:
    nodes = tree.nodes
    left_codes = {}
    for at in np.flatnonzero((nodes["is_categorical"] == 1) & (nodes["is_leaf"] == 0)).tolist():
        node = nodes[at]
        place = int(node["feature_idx"])
        words = tree.raw_left_cat_bitsets[node["bitset_idx"]]
        num_codes = int(task.num_categories[order[place]]) + 1
        left_codes[at] = _left_codes(
            words, known[place], num_codes, others_go_left=bool(node["missing_go_to_left"])
        )
    return TreeNodes(
        is_leaf=nodes["is_leaf"] == 1,
        feature=order[nodes["feature_idx"]],
        threshold=nodes["num_threshold"],
        missing_goes_left=nodes["missing_go_to_left"] == 1,
        left=nodes["left"].astype(np.int64),
        right=nodes["right"].astype(np.int64),
        value=nodes["value"],
        count=nodes["count"].astype(np.int64),
        left_codes=left_codes,
    )


def _left_codes(
    words: "np.ndarray[Any, Any]", known: Floats, num_codes: int, *, others_go_left: bool
) -> list[int]:
    """The codes that go left: those of the set, and unknown ones where missing values do."""
    goes_left = np.full(num_codes, others_go_left)
    places = np.arange(len(known))
    goes_left[known.astype(np.int64)] = (words[places // 32] >> (places % 32)) & 1 == 1
    return np.flatnonzero(goes_left).tolist()
