"""A program that samples when it is told to: `python -m tests.api.control.sampling_program RUN_ID URL FILE`.

It appends a line to FILE for each command that it carries out. A command with `hangs` is never answered.
"""

import sys
import time
from pathlib import Path

from tracking_plugin.control import RunControl


def main(run_id: str, url: str, file: Path) -> None:
    with RunControl(run_id, tracking_uri=url, understands=["sample_now"]) as control:
        step = 0
        while not control.should_stop(step):
            for instruction in control.take_instructions(step):
                with file.open("a") as lines:
                    lines.write(f"{instruction.id}\n")
                if not instruction.arguments.get("hangs"):
                    instruction.done(f"Sampled {instruction.arguments.get('count', 1)}")
            step += 1
            time.sleep(0.01)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], Path(sys.argv[3]))
