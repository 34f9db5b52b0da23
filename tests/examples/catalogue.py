"""All examples with the command that runs each."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

EXAMPLES = Path(__file__).parent.parent.parent / "examples"


@dataclass(frozen=True, kw_only=True)
class Example:
    """An example script, the metric that it logs at each step, and the last metric that it logs."""

    script: str
    metric: str
    endless: Sequence[str]
    """Arguments for a training that lasts longer than any test."""
    short: Sequence[str]
    launcher: Sequence[str] = ()
    summary: str | None = None

    def __str__(self) -> str:
        return " ".join([*self.launcher, self.script, *self.endless])

    @property
    def logged_last(self) -> str:
        return self.summary or self.metric

    def command(self, arguments: Sequence[str]) -> list[str]:
        return [sys.executable, *self.launcher, str(EXAMPLES / self.script), *arguments]


ENDLESS = ("--steps", "1000000")
SHORT = ("--steps", "12")
TWO_RANKS = ("-m", "torch.distributed.run", "--nproc-per-node", "2", "--standalone")
LOOP = Example(script="pytorch_loop.py", metric="train/loss", endless=ENDLESS, short=SHORT)
DDP = Example(
    script="pytorch_ddp.py",
    metric="train/loss",
    endless=ENDLESS,
    short=SHORT,
    launcher=TWO_RANKS,
)
LIGHTNING = Example(
    script="lightning_trainer.py", metric="train/loss", endless=ENDLESS, short=SHORT
)
LIGHTNING_DDP = Example(
    script="lightning_trainer.py",
    metric="train/loss",
    endless=(*ENDLESS, "--processes", "2"),
    short=(*SHORT, "--processes", "2"),
)
HUGGINGFACE = Example(
    script="huggingface_trainer.py",
    metric="loss",
    summary="train_runtime",
    endless=ENDLESS,
    short=SHORT,
)
HUGGINGFACE_DDP = Example(
    script="huggingface_trainer.py",
    metric="loss",
    summary="train_runtime",
    endless=ENDLESS,
    short=SHORT,
    launcher=TWO_RANKS,
)
XGBOOST = Example(
    script="xgboost_train.py",
    metric="train-rmse",
    endless=("--rounds", "1000000"),
    short=("--rounds", "12"),
)
OF_TRAINERS = [LIGHTNING, HUGGINGFACE]
WITH_CALLBACKS = [*OF_TRAINERS, XGBOOST]
SINGLE_RANK_EXAMPLES = [LOOP, *WITH_CALLBACKS]
OF_TRAINERS_ON_TWO_RANKS = [LIGHTNING_DDP, HUGGINGFACE_DDP]
ALL_EXAMPLES = [*SINGLE_RANK_EXAMPLES, DDP, *OF_TRAINERS_ON_TWO_RANKS]
