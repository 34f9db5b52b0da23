"""A plain PyTorch loop on several ranks, which pause and stop at the same step.

torchrun --nproc-per-node 2 examples/pytorch_ddp.py [--steps 500]
"""

import argparse
from contextlib import nullcontext

import mlflow
import torch
import torch.distributed as dist
from torch.nn import functional as F
from torch.nn.parallel import DistributedDataParallel

from tracking_plugin.control import RunControl, Share


def share_over_cpu() -> Share:
    """Use a separate gloo group, so that commands do not wait for the GPUs of the model's group."""
    group = dist.new_group(backend="gloo")

    def share(code: int) -> int:
        highest = torch.tensor([code])
        dist.all_reduce(highest, op=dist.ReduceOp.MAX, group=group)
        return int(highest)

    return share


def main(num_steps: int) -> None:
    dist.init_process_group("gloo")
    is_main = dist.get_rank() == 0
    torch.manual_seed(dist.get_rank())
    model = DistributedDataParallel(torch.nn.Linear(8, 1))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    run = mlflow.start_run() if is_main else nullcontext()
    with run, RunControl(is_main=is_main, share=share_over_cpu()) as control:
        for step in range(1, num_steps + 1):
            inputs = torch.randn(32, 8)
            loss = F.mse_loss(model(inputs), inputs.sum(dim=1, keepdim=True))
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            if is_main:
                mlflow.log_metric("train/loss", loss.item(), step=step)
            if control.should_stop(step):
                break
    dist.destroy_process_group()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=500)
    main(parser.parse_args().steps)
