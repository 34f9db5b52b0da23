"""Trains 50 small models with Lightning, Hugging Face and XGBoost: `python -m … URL`, the tracking server."""

import sys
import tempfile

import mlflow
import numpy as np
import torch
import xgboost
from lightning.pytorch import LightningModule, Trainer
from lightning.pytorch.loggers import MLFlowLogger
from torch.nn import functional as F
from torch.utils.data import DataLoader, TensorDataset
from transformers import Trainer as HuggingFaceTrainer
from transformers import TrainingArguments

from examples.huggingface_trainer import SyntheticSentences, tiny_model

NUM_STEPS = 6
RATES = (0.001, 0.01)
NUM_RUNS = {"lightning": 20, "huggingface": 10, "xgboost": 20}


class Regression(LightningModule):
    def __init__(self, learning_rate: float) -> None:
        super().__init__()
        self.save_hyperparameters()
        self.learning_rate = learning_rate
        self.layer = torch.nn.Linear(4, 1)

    def training_step(self, batch: list[torch.Tensor], batch_idx: int) -> torch.Tensor:
        inputs, targets = batch
        loss = F.mse_loss(self.layer(inputs), targets)
        self.log("train_loss", loss)
        return loss

    def configure_optimizers(self) -> torch.optim.Optimizer:
        return torch.optim.SGD(self.parameters(), lr=self.learning_rate)


def lightning_run(url: str, name: str, rate: float) -> None:
    inputs = torch.randn(8 * NUM_STEPS, 4)
    batches = DataLoader(TensorDataset(inputs, inputs.sum(dim=1, keepdim=True)), batch_size=8)
    Trainer(
        max_steps=NUM_STEPS,
        accelerator="cpu",
        logger=MLFlowLogger(experiment_name="Default", run_name=name, tracking_uri=url),
        log_every_n_steps=1,
        enable_checkpointing=False,
        enable_model_summary=False,
        enable_progress_bar=False,
    ).fit(Regression(rate), batches)


def huggingface_run(_: str, name: str, rate: float) -> None:
    with tempfile.TemporaryDirectory() as folder, mlflow.start_run(run_name=name):
        HuggingFaceTrainer(
            model=tiny_model(),
            args=TrainingArguments(
                output_dir=folder,
                max_steps=NUM_STEPS,
                logging_steps=1,
                learning_rate=rate,
                report_to="mlflow",
                save_strategy="no",
                use_cpu=True,
                disable_tqdm=True,
            ),
            train_dataset=SyntheticSentences(),
        ).train()


def xgboost_run(_: str, name: str, rate: float) -> None:
    draw = np.random.default_rng(0)
    inputs = draw.normal(size=(40, 4))
    data = xgboost.DMatrix(inputs, label=inputs[:, 0] > 0)
    with mlflow.start_run(run_name=name):
        xgboost.train(
            {"learning_rate": rate, "objective": "binary:logistic", "nthread": 1},
            data,
            num_boost_round=NUM_STEPS,
            evals=[(data, "train")],
            verbose_eval=False,
        )


def main(url: str) -> None:
    mlflow.set_tracking_uri(url)
    mlflow.xgboost.autolog(log_models=False, log_datasets=False)
    trainings = {
        "lightning": lightning_run,
        "huggingface": huggingface_run,
        "xgboost": xgboost_run,
    }
    for framework, train in trainings.items():
        for number in range(NUM_RUNS[framework]):
            train(url, f"{framework} {number:02d}", RATES[number % len(RATES)])


if __name__ == "__main__":
    main(sys.argv[1])
