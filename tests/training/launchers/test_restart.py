"""Which failures of ranks are worth a restart: those from outside the program, and no others."""

import errno
import pickle

import pytest
import torch
from mlflow.exceptions import MlflowException
from mlflow.protos.databricks_pb2 import INVALID_PARAMETER_VALUE, TEMPORARILY_UNAVAILABLE
from ray.exceptions import ActorDiedError, NodeDiedError, RayTaskError
from ray.train.v2._internal.exceptions import WorkerHealthCheckFailedError

from training.errors import DataError, LaunchError
from training.launchers.restart import reason_not_to_restart, sendable

LOST = WorkerHealthCheckFailedError("A worker health check failed.", ActorDiedError())
GLOO = RuntimeError("[/pytorch/third_party/gloo/gloo/transport/tcp/pair.cc:553] Connection closed")
SHAPES = RuntimeError("mat1 and mat2 shapes cannot be multiplied (4x512 and 256x2)")


class NeedsArguments(Exception):  # noqa: N818 - only its form counts
    """Cannot be made again from its message, as the errors of some libraries."""

    def __init__(self, message: str, *, response: object) -> None:
        super().__init__(message)


@pytest.mark.parametrize(
    "failures",
    [
        {1: LOST},
        {0: GLOO},
        {0: GLOO, 1: LOST},
        {0: ValueError("a queue that the lost rank has left"), 1: LOST},
        {0: NodeDiedError("the machine is gone")},
        {0: ConnectionResetError()},
        {0: TimeoutError()},
        {0: OSError(errno.ESTALE, "Stale file handle")},
        {0: torch.distributed.DistBackendError("NCCL error")},
        {0: RuntimeError("DataLoader worker (pid 7) is killed by signal: Killed.")},
        {0: RuntimeError("CUDA error: uncorrectable ECC error encountered")},
        {0: MlflowException("the server restarts", TEMPORARILY_UNAVAILABLE)},
    ],
)
def test_what_comes_from_outside_is_restarted(failures: dict[int, BaseException]) -> None:
    assert reason_not_to_restart(failures) is None


@pytest.mark.parametrize(
    "failure",
    [
        SHAPES,
        ValueError("num_samples should be positive"),
        TypeError("unexpected keyword argument"),
        ImportError("no module named x"),
        FileNotFoundError(errno.ENOENT, "No such file", "/weights.pth"),
        PermissionError(errno.EACCES, "Permission denied"),
        OSError(errno.ENOSPC, "No space left on device"),
        MemoryError(),
        torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB"),
        RuntimeError("CUDA error: device-side assert triggered"),
        RuntimeError("CUDA error: out of memory"),
        MlflowException("a name that it refuses", INVALID_PARAMETER_VALUE),
        RayTaskError("fit", "Traceback", ValueError("wrong")),
    ],
)
@pytest.mark.parametrize("others", [{}, {1: GLOO}])
def test_what_the_program_does_wrong_is_not_repeated(
    failure: BaseException, others: dict[int, BaseException]
) -> None:
    reason = reason_not_to_restart({0: failure, **others})
    assert isinstance(reason, LaunchError)
    assert "would fail again" in str(reason)
    assert f"rank 0: {type(failure).__name__}" in str(reason)
    assert "rank 1" not in str(reason), "that is a consequence"


def test_a_refusal_of_our_own_is_the_reason_whatever_else_failed() -> None:
    refusal = DataError("The split has no pictures")
    wrapped = RuntimeError("in the loop")
    wrapped.__cause__ = refusal
    assert reason_not_to_restart({0: LOST, 1: wrapped}) is refusal


def test_an_error_that_cannot_be_sent_is_sent_as_its_message() -> None:
    error = NeedsArguments("503", response=object())
    sent = pickle.loads(pickle.dumps(sendable(error)))
    assert str(sent) == "NeedsArguments: 503"
    assert sendable(SHAPES) is SHAPES
