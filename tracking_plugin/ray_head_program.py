"""Is a Ray head until its standard input closes; `ray_head` starts it as a program of its own, with Ray's folder."""

import functools
import json
import logging
import shutil
import sys
from pathlib import Path

ADDRESS_KEY = "fovea_ray_head"
LOOPBACK = "127.0.0.1"


def main(temp_dir: str) -> None:
    """Run the head until standard input closes, which it also does if the parent is killed."""
    # Ray is an optional dependency, and only this process needs it.
    import ray  # noqa: PLC0415
    from ray._private.parameter import RayParams  # noqa: PLC0415
    from ray._private.utils import write_ray_address  # noqa: PLC0415

    # Ray's job agent has a fixed port by default, so a second Ray on the machine could not accept
    # jobs. `ray start` has an option for the port, `ray.init` has none.
    init = functools.partialmethod(RayParams.__init__, dashboard_agent_listen_port=0)
    RayParams.__init__ = init  # type: ignore[assignment, method-assign]
    context = ray.init(
        address="local",
        include_dashboard=True,
        dashboard_host=LOOPBACK,
        log_to_driver=False,
        logging_level=logging.WARNING,
        _temp_dir=temp_dir,
    )
    # Jobs connect to the address in this file; without it, to any Ray on the machine.
    write_ray_address(ray.get_runtime_context().gcs_address, temp_dir)
    print(json.dumps({ADDRESS_KEY: f"http://{context.dashboard_url}"}), flush=True)
    sys.stdin.read()
    ray.shutdown()
    # The parent removes it as well, unless it was killed.
    shutil.rmtree(Path(temp_dir).parent, ignore_errors=True)


if __name__ == "__main__":
    main(sys.argv[1])
