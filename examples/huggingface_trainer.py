"""A Hugging Face Trainer that can be paused, resumed and stopped, on one rank or several.

python examples/huggingface_trainer.py [--steps 200]
torchrun --nproc-per-node 2 examples/huggingface_trainer.py
"""

import argparse
import tempfile

import torch
from torch.utils.data import Dataset
from transformers import BertConfig, BertForSequenceClassification, Trainer, TrainingArguments

from tracking_plugin.callbacks.huggingface import FoveaCallback

NUM_WORDS = 50


class SyntheticSentences(Dataset):
    """Random words; the label is 1 if the first one is in the second half of the vocabulary."""

    def __len__(self) -> int:
        return 4096

    def __getitem__(self, index: int) -> dict[str, torch.Tensor]:
        words = torch.randint(NUM_WORDS, (12,), generator=torch.Generator().manual_seed(index))
        return {"input_ids": words, "labels": (words[0] >= NUM_WORDS // 2).long()}


def tiny_model() -> BertForSequenceClassification:
    return BertForSequenceClassification(
        BertConfig(
            vocab_size=NUM_WORDS,
            hidden_size=16,
            intermediate_size=32,
            num_hidden_layers=1,
            num_attention_heads=2,
        )
    )


def main(num_steps: int) -> None:
    with tempfile.TemporaryDirectory() as output_dir:
        trainer = Trainer(
            model=tiny_model(),
            args=TrainingArguments(
                output_dir=output_dir,
                max_steps=num_steps,
                logging_steps=1,
                report_to="mlflow",
                save_strategy="no",
                use_cpu=True,
                disable_tqdm=True,
            ),
            train_dataset=SyntheticSentences(),
            callbacks=[FoveaCallback()],
        )
        trainer.train()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=200)
    main(parser.parse_args().steps)
