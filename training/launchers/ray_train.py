"""Trains with Ray Train: one worker per rank; all restart from the last checkpoint if one is lost."""

import logging
import os
import signal
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

import ray
from ray.experimental import tqdm_ray
from ray.train.torch import TorchConfig, TorchTrainer, get_device
from ray.train.v2.api.callback import UserCallback
from ray.train.v2.api.config import FailureConfig, LoggingConfig, RunConfig, ScalingConfig
from ray.train.v2.api.exceptions import ControllerError, TrainingFailedError, WorkerGroupError

from tracking_plugin.data_folder import make_data_folder
from tracking_plugin.ray_folder import FolderError, RayFolder
from tracking_plugin.ray_head_program import LOOPBACK
from tracking_plugin.server_address import without_credentials
from training.console import Bar
from training.errors import LaunchError, TrainingError
from training.job import TrainingJob
from training.launchers.backend import collective_backend
from training.launchers.restart import describe, reason_not_to_restart, sendable
from training.outcome import TrainingOutcome
from training.socket_paths import keep_socket_paths_short

LOCAL_OBJECT_STORE_BYTES = 256 * 2**20
"""Small, because the data does not go through Ray's object store."""


def launch_ray(
    job: TrainingJob, *, workers: int, max_failures: int, ray_address: str
) -> TrainingOutcome:
    """Train with `workers` ranks. Raises TrainingError if the training fails for good."""
    with _connection(ray_address, workers), _private_folder() as storage:
        _require_resources(workers, use_gpu=job.use_gpu)
        trainer = TorchTrainer(
            cast(Any, _train_on_worker),
            train_loop_config={"job": job},
            torch_config=TorchConfig(backend=collective_backend(use_gpu=job.use_gpu)),
            scaling_config=ScalingConfig(num_workers=workers, use_gpu=job.use_gpu),
            run_config=RunConfig(  # type: ignore[arg-type] # Ray 2.60 annotates its version 1
                name=job.run_id,
                storage_path=str(storage.path),
                failure_config=FailureConfig(max_failures=max_failures),
                callbacks=[NoRetryOfRefusals()],
                logging_config=LoggingConfig(log_level="WARNING"),
                # Otherwise Ray prints each line twice, once as its own log.
                worker_runtime_env={"env_vars": {"RAY_TRAIN_ENABLE_PRINT_PATCH": "0"}},
            ),
        )
        try:
            result: Any = trainer.fit()  # Ray 2.60 annotates the result of its version 1
        except TrainingFailedError as error:
            raise _cause(error) from error
        if result.return_value is None:
            # Ray returns without an error if a signal has aborted the training.
            raise KeyboardInterrupt
        return cast(TrainingOutcome, result.return_value)


def cluster_has_gpus(address: str) -> bool:
    """Whether the cluster at `address` has GPUs now."""
    with _connection(address, workers=1):
        return bool(ray.cluster_resources().get("GPU", 0) > 0)


class NoRetryOfRefusals(UserCallback):
    """Ends the training at once on an error that a restart cannot mend, such as a full disk."""

    def after_exception(self, run_context: Any, worker_exceptions: Mapping[int, Exception]) -> None:
        """Raise the reason; Ray does not retry an error that a callback raises."""
        if (reason := reason_not_to_restart(worker_exceptions)) is not None:
            raise reason


def _train_on_worker(config: Mapping[str, TrainingJob]) -> TrainingOutcome:
    # Ray's controller imports this module too, and needs nothing that only a rank needs.
    from training.rank import run_rank  # noqa: PLC0415

    keep_socket_paths_short()
    job = config["job"]
    make_data_folder(job.data_dir)
    try:
        return run_rank(job, make_bar=_driver_bar, gpu=get_device() if job.use_gpu else None)
    except Exception as error:
        raise sendable(error) from error


def _driver_bar(total: int, initial: int, description: str) -> Bar:
    """A bar that Ray shows on the driver's terminal."""
    bar = tqdm_ray.tqdm(total=total, desc=description, unit="step")
    bar.update(initial)
    return bar


def _cause(error: TrainingFailedError) -> TrainingError:
    if isinstance(error, ControllerError) and isinstance(error.controller_failure, TrainingError):
        return error.controller_failure
    failures = error.worker_failures if isinstance(error, WorkerGroupError) else {}
    if (reason := reason_not_to_restart(failures)) is not None:
        return reason
    return LaunchError(
        f"The training failed on Ray and was not restarted again: {describe(failures) or error}"
    )


@contextmanager
def _connection(address: str, workers: int) -> Iterator[None]:
    """Connect to the cluster at `address`, or start a local one that ends with the block."""
    if ray.is_initialized():
        yield
        return
    if address.startswith("http"):
        raise LaunchError(
            f"FOVEA_RAY_ADDRESS is a dashboard's address ({without_credentials(address)}), to which "
            "jobs are submitted. Use 'mlflow run . -b fovea-ray' or 'ray job submit', or name the cluster as host:port."
        )
    with _private_folder() as folder:
        if address:
            options: dict[str, Any] = {"address": address}
        else:
            os.environ.update(folder.variables())
            options = _local_options(workers, folder.temp_dir)
        try:
            ray.init(**options, log_to_driver=True, logging_level=logging.WARNING)
            # On SIGTERM Ray aborts, but on SIGINT Ray Train ends its workers first.
            signal.signal(signal.SIGTERM, _as_interrupt)
        except (ConnectionError, RuntimeError, ValueError) as error:
            raise LaunchError(
                f"Ray could not be reached at {without_credentials(address) or 'this machine'}: "
                f"{without_credentials(str(error))}"
            ) from error
        try:
            yield
        finally:
            ray.shutdown()


def _as_interrupt(_signal: int, _frame: object) -> None:
    signal.raise_signal(signal.SIGINT)


def _local_options(workers: int, temp_dir: Path) -> dict[str, Any]:
    """Options of a cluster for this process alone, on loopback."""
    port = _free_port()
    return {
        "address": "local",
        "num_cpus": max(workers, os.cpu_count() or 1),
        "object_store_memory": LOCAL_OBJECT_STORE_BYTES,
        "_temp_dir": str(temp_dir),
        "dashboard_host": LOOPBACK,
        "dashboard_port": port,
        # Ray Train queries the dashboard about its actors. If another Ray runs on the machine, it
        # only finds the dashboard by this address.
        "include_dashboard": True,
        "runtime_env": {"env_vars": {"RAY_API_SERVER_ADDRESS": f"http://{LOOPBACK}:{port}"}},
    }


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind((LOOPBACK, 0))
        return int(listener.getsockname()[1])


@contextmanager
def _private_folder() -> Iterator[RayFolder]:
    try:
        folder = RayFolder()
    except FolderError as error:
        raise LaunchError(str(error)) from None
    try:
        yield folder
    finally:
        folder.remove()


def _require_resources(workers: int, *, use_gpu: bool) -> None:
    has = ray.cluster_resources()
    what = "GPU" if use_gpu else "CPU"
    if has.get(what, 0) < workers and not _autoscales():
        raise LaunchError(
            f"{workers} workers need {workers} {what}s, but the Ray cluster has "
            f"{has.get(what, 0):.0f}. Lower --workers or add machines."
        )


def _autoscales() -> bool:
    """Whether the cluster adds machines by itself."""
    return (
        bool(os.environ.get("RAY_AUTOSCALING_CONFIG"))
        or Path("~/ray_bootstrap_config.yaml").expanduser().is_file()
    )
