"""Records in MLflow how a run ended when an error or an interruption ended it."""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from training.errors import TrackingError, TrainingError
from training.job import SPOOL, work_dir
from training.recording.run_claim import RunInUseError
from training.recording.run_record import RunRecord
from training.settings import TrainingSettings
from training.tracking.tracker import deliver

logger = logging.getLogger(__name__)

ENDING_TIMEOUT_S = 120.0
LEFTOVER_TIMEOUT_S = 60.0


@contextmanager
def recorded_ending(
    record: RunRecord, settings: TrainingSettings, *, may_be_collateral: bool = False
) -> Iterator[None]:
    """End the run as FAILED or KILLED, with the reason, if the block raises.

    A run that another process trains stays as it is.

    With `may_be_collateral` an unexpected error may be the consequence of another rank's failure,
    so it does not overwrite the reason that the other rank has recorded.
    """
    try:
        yield
    except RunInUseError:
        raise
    except TrainingError as refusal:
        message = str(refusal)
        _record_end(record, settings, lambda: record.failed(message, ENDING_TIMEOUT_S))
        raise
    except (KeyboardInterrupt, SystemExit) as interruption:
        # Ray answers some signals by exiting the program with a status of success.
        _record_end(record, settings, lambda: record.stopped("Interrupted.", ENDING_TIMEOUT_S))
        raise KeyboardInterrupt from interruption
    except Exception as error:
        message = f"{type(error).__name__}: {error}"
        if not (may_be_collateral and record.has_failed()):
            _record_end(record, settings, lambda: record.failed(message, ENDING_TIMEOUT_S))
        raise


def _record_end(record: RunRecord, settings: TrainingSettings, end: Callable[[], None]) -> None:
    spool_dir = work_dir(settings.data_dir, record.run_id) / SPOOL
    try:
        if spool_dir.is_dir():
            deliver(record.run_id, record.tracking_uri, spool_dir, LEFTOVER_TIMEOUT_S)
    except TrackingError as error:
        logger.warning("%s", error)
    try:
        end()
    except TrackingError as error:
        # The caller raises the reason for the ending in any case.
        logger.error("%s", error)  # noqa: TRY400, the message needs no traceback
