"""What holds for every test."""

import logging
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import closing

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadFileScheduling

from tracking_plugin.ray_head import LocalHead

# MLflow sets and removes variables of its own for it, while other threads read the environment.
os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")

# A shell that starts the tests in the background leaves SIGINT ignored, also in what they start.
signal.signal(signal.SIGINT, signal.default_int_handler)


ON_RAY = (
    "tests/api/jobs/",
    "tests/api/cli/test_demo.py",
    "tests/tracking_plugin/test_project_backend.py",
    "tests/tracking_plugin/test_ray_head.py",
    "tests/training/test_resume.py",
    "tests/ui_extensions/test_story.py",
)

BROWSER = "tests/ui_extensions/"


def is_on_ray(nodeid: str) -> bool:
    return nodeid.startswith(ON_RAY)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest first, so that no process ends long after the other."""
    items.sort(key=lambda item: (not is_on_ray(item.nodeid), not item.nodeid.startswith(BROWSER)))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> LoadFileScheduling:
    return OneOnRay(config, log)


class OneOnRay(LoadFileScheduling):
    """What trains on Ray goes to one process, one after the other: at once, two of them want more than
    a small machine has. All others keep to their files."""

    def _split_scope(self, nodeid: str) -> str:
        return "ray" if is_on_ray(nodeid) else str(super()._split_scope(nodeid))


@pytest.fixture(scope="session")
def ray_head() -> Iterator[LocalHead]:
    with closing(LocalHead()) as head:
        yield head


@pytest.fixture(scope="module")
def head(ray_head: LocalHead) -> Iterator[LocalHead]:
    """A Ray head that outlives servers, as a cluster does; all modules share one."""
    # Only what talks to Ray pays for importing it.
    from tests.ray_jobs import end_jobs  # noqa: PLC0415

    yield ray_head
    end_jobs(ray_head)


@pytest.fixture(autouse=True)
def no_run_for_the_next_test() -> Iterator[None]:
    """`mlflow.set_experiment` and others leave the experiment to all that this process starts."""
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
def no_log_handlers_for_the_next_test() -> Iterator[None]:
    """A program that configures its logging in this process would go on writing where pytest no
    longer listens."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
