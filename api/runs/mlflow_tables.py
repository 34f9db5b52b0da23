"""The tables of MLflow's SQL store that the read API reads."""

from mlflow.store.tracking.dbmodels.models import (
    SqlExperiment,
    SqlLatestMetric,
    SqlMetric,
    SqlParam,
    SqlRun,
    SqlTag,
)
from sqlalchemy import Table

EXPERIMENTS: Table = SqlExperiment.__table__
RUNS: Table = SqlRun.__table__
PARAMS: Table = SqlParam.__table__
TAGS: Table = SqlTag.__table__
METRICS: Table = SqlMetric.__table__
LATEST_METRICS: Table = SqlLatestMetric.__table__
