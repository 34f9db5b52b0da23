"""Decides whether ranks that have failed are started again: only if they failed by something outside the program."""

import errno
import pickle
from collections.abc import Iterable, Iterator, Mapping

from mlflow.exceptions import MlflowException
from ray.exceptions import RayError, RayTaskError
from ray.train.v2._internal.exceptions import RayTrainError
from torch.distributed import DistError

from training.errors import LaunchError, TrainingError, first_line

_MAY_PASS = frozenset(
    {
        *(errno.EIO, errno.ESTALE, errno.EAGAIN, errno.EINTR, errno.ETIMEDOUT, errno.EREMOTEIO),
        *(errno.ENETDOWN, errno.ENETUNREACH, errno.EHOSTDOWN, errno.EHOSTUNREACH, errno.ENOTCONN),
    }
)
_FROM_OUTSIDE = (
    # Gloo and NCCL raise RuntimeError when another rank is gone.
    *("gloo", "nccl", "connection closed", "connection reset", "connection refused"),
    *("broken pipe", "socket timeout", "timed out"),
    # A process that loads data was killed.
    *("dataloader worker", "cuda error", "cuda driver error"),
)
"""Words in the message of a RuntimeError that a lost process, network or device has caused."""
_OF_THE_PROGRAM = ("device-side assert", "out of memory")
_MANY_REQUESTS = 429
_SERVER_ERROR = 500


def reason_not_to_restart(worker_exceptions: Mapping[int, BaseException]) -> TrainingError | None:
    """The error to end the training with; None if a restart may help.

    A rank that is lost makes the others fail in any way, so then only a refusal of our own counts.
    """
    failures = dict(sorted(worker_exceptions.items()))
    for failure in failures.values():
        for cause in _causes(failure):
            if isinstance(cause, TrainingError):
                return cause
    if any(_is_lost(failure) for failure in failures.values()):
        return None
    of_the_program = {
        rank: failure for rank, failure in failures.items() if not _is_from_outside(failure)
    }
    if not of_the_program:
        return None
    return LaunchError(
        f"The training failed, and would fail again if it was restarted: {describe(of_the_program)}"
    )


def describe(worker_exceptions: Mapping[int, BaseException]) -> str:
    """What failed on which rank, in one line."""
    return "; ".join(
        f"rank {rank}: {type(failure).__name__}: {first_line(failure)}"
        for rank, failure in sorted(worker_exceptions.items())
    )


def sendable(error: Exception) -> Exception:
    """`error`, or one that says the same if it cannot be sent: Ray would take that for a lost rank."""
    try:
        pickle.loads(pickle.dumps(error))  # noqa: S301 - made on the line itself
    except Exception:  # noqa: BLE001 - the pickling of a foreign class may raise anything
        return RuntimeError(f"{type(error).__name__}: {error}")
    return error


def _is_lost(failure: BaseException) -> bool:
    """Whether the rank's process has ended, or does not answer any more."""
    return isinstance(failure, RayError | RayTrainError) and not isinstance(failure, RayTaskError)


def _is_from_outside(failure: BaseException) -> bool:
    return any(_is_outside_error(cause) for cause in _causes(failure))


def _is_outside_error(error: BaseException) -> bool:
    if isinstance(error, MlflowException):
        status = error.get_http_status_code()
        return bool(status == _MANY_REQUESTS or status >= _SERVER_ERROR)
    if isinstance(error, ConnectionError | TimeoutError | DistError):
        return True
    if isinstance(error, OSError):
        return error.errno in _MAY_PASS
    if not isinstance(error, RuntimeError):
        return False
    message = str(error).lower()
    return _has_word(message, _FROM_OUTSIDE) and not _has_word(message, _OF_THE_PROGRAM)


def _has_word(message: str, words: Iterable[str]) -> bool:
    return any(word in message for word in words)


def _causes(failure: BaseException) -> Iterator[BaseException]:
    """The failure, and what it was raised from."""
    cause: BaseException | None = failure
    while cause is not None:
        yield cause
        cause = getattr(cause, "cause", None) or cause.__cause__
