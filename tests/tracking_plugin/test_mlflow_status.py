"""MLflow's run statuses and Fovea's correspond in both directions."""

import pytest

from tracking_plugin.mlflow_status import (
    ACTIVE_STATUSES,
    MlflowStatus,
    end_status_of,
    run_status_of,
)
from tracking_plugin.names import RunStatus

ENDED = [status for status in MlflowStatus if status not in ACTIVE_STATUSES]


@pytest.mark.parametrize("status", ENDED)
def test_an_ended_run_has_the_same_status_in_both_directions(status: MlflowStatus) -> None:
    assert end_status_of(run_status_of(status)) == status


@pytest.mark.parametrize("status", ACTIVE_STATUSES)
def test_no_run_ends_with_the_status_of_an_active_one(status: str) -> None:
    with pytest.raises(KeyError):
        end_status_of(run_status_of(status))


@pytest.mark.parametrize("status", [None, "", "PAUSED"])
def test_an_unknown_mlflow_status_is_idle(status: str | None) -> None:
    assert run_status_of(status) == RunStatus.IDLE
