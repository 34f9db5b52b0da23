"""Fixtures and scheduling for all tests."""

import gc
import inspect
import logging
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import closing

import httpx
import hypothesis
import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadFileScheduling

from tracking_plugin.ray_head import LocalHead

# Telemetry changes the environment in a thread while other threads read it.
os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")

# Ray reads this when it is imported: this process finds a head that listens on loopback alone.
os.environ.setdefault("RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER", "0")

# Ray gives its processes a low priority, so that other tests would stop a training.
os.environ.setdefault("RAY_worker_niceness", "0")

# PyTorch's threads wait for each other in busy loops, which take the processors from other tests.
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("FOVEA_CPU_THREADS", "1")

# The library's 5 s are too short for a server that shares two processors with other tests.
inspect.signature(httpx.get).parameters["timeout"].default.read = 60.0

# A shell that starts the tests in the background ignores SIGINT, also for their child processes.
signal.signal(signal.SIGINT, signal.default_int_handler)

# A deadline per example would fail a test because the machine is busy.
hypothesis.settings.register_profile("no deadline", deadline=None)
hypothesis.settings.load_profile("no deadline")

TRAINS_ON_RAY = (
    "tests/api/jobs/",
    "tests/serving/engine/test_ray_engine.py",
    "tests/training/test_resume_on_ray.py",
    "tests/ui_extensions/test_project_story.py",
    "tests/ui_extensions/test_story.py",
)

LONG = (
    "tests/tracking_plugin/test_project_backend.py",
    "tests/tracking_plugin/test_ray_head.py",
    "tests/ui_extensions/",
)
"""Beside those that train on Ray."""

TRAINING_TIMEOUT_S = 900

ON_ONE_SERVER = ("tests/api/routes/diagnosis/", "tests/api/projects/")
"""The files in each of these folders share a server, whose fixture has the scope of the package."""


def trains_on_ray(nodeid: str) -> bool:
    return nodeid.startswith(TRAINS_ON_RAY)


def pytest_collection() -> None:
    """Collect the tests without walks over all objects, of which nearly all of them stay."""
    gc.disable()


def pytest_collection_finish() -> None:
    gc.freeze()
    gc.enable()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run the longest tests first, so that no process ends long after the others."""
    items.sort(key=lambda item: (not trains_on_ray(item.nodeid), not item.nodeid.startswith(LONG)))
    for item in items:
        # Other tests may leave few processors to a training, whose processes take seconds of them.
        if trains_on_ray(item.nodeid) and item.get_closest_marker("timeout") is None:
            item.add_marker(pytest.mark.timeout(TRAINING_TIMEOUT_S))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> LoadFileScheduling:
    return OneOnRay(config, log)


class OneOnRay(LoadFileScheduling):
    """Runs the tests that train on Ray in one process, one after the other, and the others by file.

    Two trainings on Ray at once need more than a small machine has. Files that share a server run in
    one process, too: each process would start its own.
    """

    def _split_scope(self, nodeid: str) -> str:
        if trains_on_ray(nodeid):
            return "ray"
        for folder in ON_ONE_SERVER:
            if nodeid.startswith(folder):
                return folder
        return str(super()._split_scope(nodeid))


@pytest.fixture(scope="session")
def ray_head() -> Iterator[LocalHead]:
    with closing(LocalHead()) as head:
        yield head


@pytest.fixture(scope="module")
def head(ray_head: LocalHead) -> Iterator[LocalHead]:
    """A Ray head that runs on when servers end, as a cluster does; all modules share one."""
    # Importing Ray takes seconds, and few tests use it.
    from tests.ray_jobs import end_jobs  # noqa: PLC0415

    yield ray_head
    end_jobs(ray_head)


@pytest.fixture(autouse=True)
def experiment_of_this_test_alone() -> Iterator[None]:
    """Undo `mlflow.set_experiment`, which would also apply to later tests and child processes."""
    before = {name: os.environ.get(name) for name in ("MLFLOW_EXPERIMENT_ID", "MLFLOW_RUN_ID")}
    yield
    mlflow_fluent = sys.modules.get("mlflow.tracking.fluent")
    if mlflow_fluent is not None:
        mlflow_fluent._active_experiment_id = None
    for name, value in before.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value


@pytest.fixture(autouse=True)
def log_handlers_of_this_test_alone() -> Iterator[None]:
    """Undo the logging configuration of a program that ran in this process."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
