"""A small neural network: the multilayer perceptron of scikit-learn."""

from copy import deepcopy
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from sklearn.compose import ColumnTransformer
from sklearn.neural_network import MLPClassifier, MLPRegressor

from training.tables.labels import Floats
from training.tables.learners.dense_inputs import dense_inputs, feature_of_inputs, fit_inputs
from training.tables.learners.hyperparameter import Hyperparameter, Params
from training.tables.learners.inputs import bounded
from training.tables.learners.learner import (
    Examples,
    FittedModel,
    LearningTask,
    ShouldStop,
    Suggestions,
)
from training.tables.learners.library_learner import LibraryLearner
from training.tables.learners.links import LOG_ODDS_NAMES, probabilities_of
from training.tables.learners.losses import log_loss, rmse
from training.tables.learners.model_folder import (
    ModelDescription,
    TaskDescription,
    write_description,
)
from training.tables.learners.permutation_shap import Layers, permutation_shap
from training.tables.learners.rounds import RoundWatch
from training.tables.learners.skops_file import read_skops, write_skops
from training.tables.learners.target_scale import scaled, target_scale

FILE_NAME = "model.skops"
PATIENCE = 15
"""Epochs without a better validation loss."""
NUM_BACKGROUND_ROWS = 16
HYPERPARAMETERS = (
    Hyperparameter(
        name="hidden_layer_sizes", type="str", default="128,64",
        choices=("32", "64", "128", "256", "64,32", "128,64", "256,128", "128,128,64"),
        description="Neurons of each hidden layer.",
    ),
    Hyperparameter(
        name="max_iter", type="int", default=150, minimum=1, maximum=2000,
        description="The most epochs; fewer if validation gets no better.",
    ),
    Hyperparameter(
        name="learning_rate_init", type="float", default=2e-3, minimum=1e-6, maximum=1,
        description="The step size of Adam.",
    ),
    Hyperparameter(
        name="alpha", type="float", default=1e-3, minimum=0, maximum=1e4,
        description="L2 regularisation.",
    ),
    Hyperparameter(
        name="batch_size", type="int", default=128, minimum=1, maximum=100_000,
        description="Rows of a batch.",
    ),
)  # fmt: skip


class NeuralNetworkModel(FittedModel):
    """Contributions are SHAP values estimated by permutations, which add up exactly.

    They are an estimate of Shapley values with `NUM_BACKGROUND_ROWS` rows of training as the
    background, one for each pair of opposite permutations (Štrumbelj and Kononenko 2014); the
    base value is the mean output of these rows.
    """

    learner_name = "neural_network"

    def __init__(
        self,
        task: LearningTask,
        inputs: ColumnTransformer,
        network: Any,
        background: Floats,
        scale: tuple[float, float],
        rounds: int,
    ) -> None:
        self.task, self.inputs, self.network = task, inputs, network
        self.background, self.scale = background, scale
        self.rounds = rounds
        self.margin_name = LOG_ODDS_NAMES[task.problem_type]
        self._layers = Layers(network.coefs_, network.intercepts_)

    def predict(self, values: Floats) -> Floats:
        margin = self.margin(values)
        return probabilities_of(margin) if self.task.has_classes else margin

    def margin(self, values: Floats) -> Floats:
        mean, deviation = self.scale
        return self._layers.output(self._dense(values)) * deviation + mean

    def contributions(self, values: Floats) -> Floats:
        mean, deviation = self.scale
        parts = permutation_shap(
            self._layers,
            self._dense(values),
            self.background,
            feature_of_inputs(self.inputs, self.task),
            num_features=self.task.num_features,
            seed=self.task.seed,
        )
        parts *= deviation
        parts[:, :, -1] += mean
        return parts

    def save(self, folder: Path) -> None:
        description = ModelDescription(
            learner=self.learner_name,
            rounds=self.rounds,
            task=TaskDescription.of(self.task),
            details={"mean": self.scale[0], "deviation": self.scale[1]},
        )
        write_description(folder, description)
        content = {"inputs": self.inputs, "network": self.network, "background": self.background}
        write_skops(folder / FILE_NAME, content)

    def _dense(self, values: Floats) -> Floats:
        return dense_inputs(self.inputs, self.task, bounded(values, self.task))


class NeuralNetworkLearner(LibraryLearner):
    name: ClassVar[str] = "neural_network"
    title: ClassVar[str] = "Neural network"
    can_continue: ClassVar[bool] = True
    continues_by: ClassVar[str] = "warm start: further epochs from the given weights"
    kept_by_continuing: ClassVar[tuple[str, ...]] = ("hidden_layer_sizes",)

    def hyperparameters(self, task: LearningTask | None = None) -> tuple[Hyperparameter, ...]:
        return HYPERPARAMETERS

    def suggest(self, trial: Suggestions, task: LearningTask) -> Params:
        return {
            "hidden_layer_sizes": trial.suggest_categorical(
                "hidden_layer_sizes", ["64", "128", "64,32", "128,64", "256,128"]
            ),
            "learning_rate_init": trial.suggest_float("learning_rate_init", 3e-4, 1e-2, log=True),
            "alpha": trial.suggest_float("alpha", 1e-5, 1.0, log=True),
            "batch_size": trial.suggest_int("batch_size", 32, 512, log=True),
        }

    def _fit(
        self,
        task: LearningTask,
        train: Examples,
        validation: Examples | None,
        params: Params,
        should_stop: ShouldStop,
        initial: FittedModel | None,
    ) -> FittedModel:
        started = initial if isinstance(initial, NeuralNetworkModel) else None
        inputs = fit_inputs(task, train.values) if started is None else started.inputs
        dense = dense_inputs(inputs, task, train.values)
        scale = target_scale(task, train.targets) if started is None else started.scale
        network = _network(task, params) if started is None else _continued(started, params)
        network.batch_size = min(int(params["batch_size"]), len(dense))
        training = _Training(task, network, dense, scaled(train.targets, scale))
        if validation is not None:
            validated = dense_inputs(inputs, task, validation.values)
            training.validate_on(validated, scaled(validation.targets, scale))
        epochs = training.run(int(params["max_iter"]), should_stop)
        draw = np.random.default_rng(task.seed)
        rows = draw.choice(
            len(dense), NUM_BACKGROUND_ROWS, replace=len(dense) < NUM_BACKGROUND_ROWS
        )
        rounds = epochs if started is None else epochs + started.rounds
        return NeuralNetworkModel(task, inputs, network, dense[rows], scale, rounds)

    def _load(self, folder: Path, task: LearningTask, description: ModelDescription) -> FittedModel:
        content = read_skops(folder / FILE_NAME)
        scale = (float(description.details["mean"]), float(description.details["deviation"]))
        return NeuralNetworkModel(
            task,
            content["inputs"],
            content["network"],
            content["background"],
            scale,
            description.rounds,
        )


class _Training:
    """Trains a network epoch by epoch, and keeps the weights of the best one."""

    def __init__(self, task: LearningTask, network: Any, inputs: Floats, targets: Floats) -> None:
        self._task, self._network = task, network
        self._inputs, self._targets = inputs, targets
        self._validation: tuple[Floats, Floats] | None = None

    def validate_on(self, inputs: Floats, targets: Floats) -> None:
        self._validation = (inputs, targets)

    def run(self, max_epochs: int, should_stop: ShouldStop) -> int:
        """The number of epochs whose weights were kept."""
        watch = RoundWatch(should_stop, PATIENCE)
        best = None
        classes = {"classes": np.arange(self._task.num_classes)} if self._task.has_classes else {}
        for epoch in range(1, max_epochs + 1):
            self._network.partial_fit(self._inputs, self._targets, **classes)
            is_over = watch.is_over(epoch, self._loss())
            if watch.best_rounds == epoch:
                best = (deepcopy(self._network.coefs_), deepcopy(self._network.intercepts_))
            if is_over:
                break
        assert best is not None
        self._network.coefs_, self._network.intercepts_ = best
        return watch.best_rounds

    def _loss(self) -> float | None:
        if self._validation is None:
            return None
        inputs, targets = self._validation
        output = Layers(self._network.coefs_, self._network.intercepts_).output(inputs)
        if self._task.has_classes:
            return log_loss(probabilities_of(output), targets.astype(np.int64))
        return rmse(output[:, 0], targets)


def _continued(started: NeuralNetworkModel, params: Params) -> Any:
    """A copy of the network that learns with these hyperparameters from here on."""
    network = deepcopy(started.network)
    network.set_params(learning_rate_init=params["learning_rate_init"], alpha=params["alpha"])
    # Adam keeps the step size that it was made with, so the next epoch makes another one.
    vars(network).pop("_optimizer", None)
    return network


def _network(task: LearningTask, params: Params) -> Any:
    kind = MLPClassifier if task.has_classes else MLPRegressor
    sizes = tuple(int(size) for size in str(params["hidden_layer_sizes"]).split(","))
    return kind(
        hidden_layer_sizes=sizes,
        learning_rate_init=params["learning_rate_init"],
        alpha=params["alpha"],
        random_state=task.seed,
    )
