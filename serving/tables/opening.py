"""Makes what serves tables from the settings; nothing is loaded before it is asked for."""

import os
from collections.abc import Callable

from serving.settings import ServingSettings
from serving.tables.predictor import TablePredictor
from serving.tables.table_serving import TableServing


def open_tables(settings: ServingSettings, count_rows: Callable[[int], None]) -> TableServing:
    """`count_rows` sees the number of rows of each part that was predicted. Raises StartError."""
    # Importing MLflow and PyTorch takes seconds, which readers of the protocol do without.
    from serving.engine.opening import open_registry  # noqa: PLC0415
    from serving.tables.table_models import TableModels  # noqa: PLC0415

    return TableServing(
        models=TableModels(settings, open_registry(settings)),
        predictor=TablePredictor(settings, num_cores=os.cpu_count() or 1, count_rows=count_rows),
    )
