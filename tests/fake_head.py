"""A Ray head of a data folder without Ray: it is found and stopped as a real one, and answers nobody."""

import subprocess
import sys
from pathlib import Path

# The real supervisor; a head that answers nobody counts as busy.
SUPERVISOR = """
import sys
from pathlib import Path
from tracking_plugin import ray_head_supervisor as program
class Head:
    address, token, is_alive, folder = "http://127.0.0.1:9", "token", True, Path("/nowhere")
    def close(self): pass
program.LocalHead = Head
sys.exit(program.main(sys.argv[1:]))
"""


def start_fake_head(data_dir: Path, *options: str, idle_s: float = 60) -> int:
    """The exit code of the supervisor in the foreground."""
    return subprocess.run(
        [
            *(sys.executable, "-c", SUPERVISOR),
            *("--data-dir", str(data_dir), "--idle-s", str(idle_s), *options),
        ],
        check=False,
        timeout=60,
    ).returncode
