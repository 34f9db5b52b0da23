"""A minimal training that can end in each possible way."""

import os
import sys
import time
from pathlib import Path

import mlflow

with mlflow.start_run():
    mlflow.set_tag("files", " ".join(sorted(path.name for path in Path().iterdir())))
    mlflow.set_tag("directory", str(Path.cwd()))
    match sys.argv[1:]:
        case ["log", value]:
            mlflow.log_metric("train/loss", float(value))
        case ["raise"]:
            raise RuntimeError("the training failed by itself")
        case ["die"]:
            print("the last line of the log", flush=True)
            os._exit(3)
        case ["linger"]:
            mlflow.log_metric("train/loss", 1.0)
            time.sleep(600)
