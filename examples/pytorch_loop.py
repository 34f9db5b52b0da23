"""A plain PyTorch loop that can be paused, resumed and stopped, with three lines for Fovea.

python examples/pytorch_loop.py [--steps 500]
"""

import argparse

import mlflow
import torch
from torch.nn import functional as F

from tracking_plugin.control import RunControl


def main(num_steps: int) -> None:
    torch.manual_seed(0)
    model = torch.nn.Linear(8, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    with mlflow.start_run(), RunControl() as control:
        for step in range(1, num_steps + 1):
            inputs = torch.randn(32, 8)
            loss = F.mse_loss(model(inputs), inputs.sum(dim=1, keepdim=True))
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            mlflow.log_metric("train/loss", loss.item(), step=step)
            if control.should_stop(step):
                break


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=500)
    main(parser.parse_args().steps)
