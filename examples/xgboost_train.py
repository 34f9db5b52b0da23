"""An XGBoost training with MLflow's autologging that can be paused, resumed and stopped.

python examples/xgboost_train.py [--rounds 300]
"""

import argparse

import mlflow
import numpy as np
import xgboost

from tracking_plugin.callbacks.xgboost import FoveaCallback
from tracking_plugin.control import RunControl


def synthetic_data() -> xgboost.DMatrix:
    random = np.random.default_rng(0)
    inputs = random.normal(size=(10_000, 8))
    return xgboost.DMatrix(inputs, label=inputs.sum(axis=1))


def main(num_rounds: int) -> None:
    mlflow.xgboost.autolog(log_models=False)
    data = synthetic_data()
    with mlflow.start_run(), RunControl() as control:
        xgboost.train(
            {"max_depth": 3, "eta": 0.01, "nthread": 1},
            data,
            num_boost_round=num_rounds,
            evals=[(data, "train")],
            verbose_eval=False,
            callbacks=[FoveaCallback(control)],
        )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=300)
    main(parser.parse_args().rounds)
