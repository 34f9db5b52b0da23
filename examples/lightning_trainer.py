"""A Lightning Trainer that can be paused, resumed and stopped, on one rank or several.

python examples/lightning_trainer.py [--steps 500] [--processes 2]
"""

import argparse

import mlflow
import torch
from lightning.pytorch import LightningModule, Trainer
from lightning.pytorch.loggers import MLFlowLogger
from torch.nn import functional as F
from torch.utils.data import DataLoader, TensorDataset

from tracking_plugin.callbacks.lightning import FoveaCallback


class Regression(LightningModule):
    def __init__(self) -> None:
        super().__init__()
        self.layer = torch.nn.Linear(8, 1)

    def training_step(self, batch: list[torch.Tensor], batch_idx: int) -> torch.Tensor:
        inputs, targets = batch
        loss = F.mse_loss(self.layer(inputs), targets)
        self.log("train/loss", loss)
        return loss

    def configure_optimizers(self) -> torch.optim.Optimizer:
        return torch.optim.SGD(self.parameters(), lr=0.01)


def synthetic_batches() -> DataLoader:
    inputs = torch.randn(4096, 8, generator=torch.Generator().manual_seed(0))
    return DataLoader(TensorDataset(inputs, inputs.sum(dim=1, keepdim=True)), batch_size=32)


def main(num_steps: int, num_processes: int) -> None:
    trainer = Trainer(
        max_epochs=-1,
        max_steps=num_steps,
        accelerator="cpu",
        devices=num_processes,
        logger=MLFlowLogger(tracking_uri=mlflow.get_tracking_uri()),
        log_every_n_steps=1,
        callbacks=[FoveaCallback()],
        enable_checkpointing=False,
        enable_model_summary=False,
        enable_progress_bar=False,
    )
    trainer.fit(Regression(), synthetic_batches())


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=500)
    parser.add_argument("--processes", type=int, default=1)
    arguments = parser.parse_args()
    main(arguments.steps, arguments.processes)
