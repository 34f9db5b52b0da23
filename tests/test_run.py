"""An interrupted test run leaves nothing running."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from tests.run import INTERRUPTED
from tests.waiting import until

ROOT = Path(__file__).parent.parent
HANGING = """
import os, subprocess, sys, time

def test_that_hangs():
    # A daemon, as PostgreSQL is one: of another session, and not a child of the test any more.
    subprocess.run(["sh", "-c", "setsid sleep 600 & echo $! > daemon.pid"], check=True)
    child = subprocess.Popen(["sleep", "600"], start_new_session=True)
    orphan = int(subprocess.check_output(["sh", "-c", "sleep 0.1 >/dev/null & echo $!"]))
    while os.path.exists(f"/proc/{orphan}"):
        time.sleep(0.01)
    open("child.pid", "w").write(str(child.pid))
    time.sleep(600)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux hands over orphans")
@pytest.mark.parametrize("interruption", [signal.SIGINT, signal.SIGTERM])
def test_what_an_interrupted_test_has_started_is_ended(
    tmp_path: Path, interruption: signal.Signals
) -> None:
    (tmp_path / "test_hanging.py").write_text(HANGING)
    pid_files = [tmp_path / "child.pid", tmp_path / "daemon.pid"]
    with subprocess.Popen(
        [sys.executable, "-m", "tests.run", "--rootdir", str(tmp_path), "-p", "no:cacheprovider"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.DEVNULL,
    ) as running:
        until(lambda: all(f.exists() and f.read_text().strip() for f in pid_files), "the test")
        left = [psutil.Process(int(file.read_text())) for file in pid_files]

        running.send_signal(interruption)

        assert running.wait(60) == INTERRUPTED
    assert not any(process.is_running() for process in left)


def test_the_exit_code_is_that_of_pytest(tmp_path: Path) -> None:
    (tmp_path / "test_failing.py").write_text("def test_failing():\n    assert False\n")
    ended = subprocess.run(
        [sys.executable, "-m", "tests.run", "--rootdir", str(tmp_path), "-p", "no:cacheprovider"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        timeout=120,
        check=False,
    )
    assert ended.returncode == 1
