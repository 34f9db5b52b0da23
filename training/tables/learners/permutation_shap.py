"""Estimates SHAP values of a neural network by permutations of its features."""

from collections.abc import Sequence

import numpy as np

from training.tables.labels import Floats, Integers


class Layers:
    """A network with rectified linear hidden layers and a linear output."""

    def __init__(self, weights: Sequence[Floats], biases: Sequence[Floats]) -> None:
        self.weights, self.biases = weights, biases

    def output(self, inputs: Floats) -> Floats:
        """(num_rows, num_outputs) of inputs (num_rows, num_inputs)."""
        return self.after_first(inputs @ self.weights[0] + self.biases[0])

    def after_first(self, hidden: Floats) -> Floats:
        """The output, from the sums that the first hidden layer rectifies."""
        for weights, biases in zip(self.weights[1:], self.biases[1:], strict=True):
            hidden = np.maximum(hidden, 0) @ weights + biases
        return hidden


def permutation_shap(
    layers: Layers,
    inputs: Floats,
    background: Floats,
    feature_of_input: Integers,
    *,
    num_features: int,
    seed: int,
) -> Floats:
    """(num_rows, num_outputs, num_features + 1); the sums over the last axis are the output.

    For each background row, features change in random order, and in the opposite order, from
    the background's value to the row's own. A contribution is the mean change of the output as
    its feature changes (Štrumbelj and Kononenko 2014, Knowledge and Information Systems 41).
    """
    is_input_of = np.zeros((len(feature_of_input), num_features))
    is_input_of[np.arange(len(feature_of_input)), feature_of_input] = 1
    draw = np.random.default_rng(seed)
    orders = [draw.permutation(num_features) for _ in background]
    contributions = np.zeros((len(inputs), len(layers.biases[-1]), num_features + 1))
    for number, row in enumerate(inputs):
        for start, order in zip(background, orders, strict=True):
            # (num_features, num_hidden): the change of the first layer by each feature.
            steps = (is_input_of * (row - start)[:, np.newaxis]).T @ layers.weights[0]
            first = start @ layers.weights[0] + layers.biases[0]
            for permuted in (order, order[::-1]):
                path = np.vstack([first, first + np.cumsum(steps[permuted], axis=0)])
                outputs = layers.after_first(path)
                contributions[number][:, permuted] += np.diff(outputs, axis=0).T
                contributions[number][:, -1] += outputs[0]
    return contributions / (2 * len(background))
