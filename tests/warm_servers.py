"""Servers that begin as copies of a process that has imported all of it, which takes most of a start.

The copy runs `fovea serve` from its first line; what differs is only that nothing is imported anew.
"""

import atexit
import json
import os
import select
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import IO, Any

REPLY_DEADLINE_S = 180.0

IS_SUPPORTED = hasattr(os, "pidfd_open")


class WarmProcess:
    """A copy, with the methods of `subprocess.Popen` that tests of servers use."""

    def __init__(self, template: "Template", pid: int) -> None:
        self._template = template
        self._handle = os.pidfd_open(pid)
        self.pid = pid
        self.returncode: int | None = None

    def poll(self) -> int | None:
        return self._exit_code(0)

    def wait(self, timeout: float | None = None) -> int:
        code = self._exit_code(timeout)
        if code is None:
            assert timeout is not None
            raise subprocess.TimeoutExpired(["fovea"], timeout)
        return code

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            signal.pidfd_send_signal(self._handle, number)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def _exit_code(self, timeout_s: float | None) -> int | None:
        if self.returncode is None and select.select([self._handle], [], [], timeout_s)[0]:
            self.returncode = self._template.exit_code(self.pid)
            os.close(self._handle)
        return self.returncode


class Template:
    """The process that the servers of this test process are copies of."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.warm_servers"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=Path(__file__).parent.parent,
        )
        atexit.register(self._end)

    def start(
        self, arguments: Sequence[str], environment: Mapping[str, str], output: IO[bytes]
    ) -> WarmProcess:
        """Run `fovea` with the arguments; its output goes to the file that `output` has open."""
        request = {
            "arguments": list(arguments),
            "environment": dict(environment),
            "directory": str(Path.cwd()),
            "output": output.name,
        }
        return WarmProcess(self, int(self._ask(request)["pid"]))

    def exit_code(self, pid: int) -> int:
        return int(self._ask({"pid": pid})["code"])

    def _ask(self, request: Mapping[str, Any]) -> dict[str, Any]:
        process = self._process
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(json.dumps(request).encode() + b"\n")
        process.stdin.flush()
        assert select.select([process.stdout], [], [], REPLY_DEADLINE_S)[0], "no reply"
        reply: dict[str, Any] = json.loads(process.stdout.readline())
        return reply

    def _end(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(REPLY_DEADLINE_S)


@cache
def template() -> Template:
    """The template of this test process, which begins with its first server."""
    return Template()


def main() -> None:
    """Copy this process for each request on standard input, until it is closed."""
    _import_server()
    requests, replies = sys.stdin.buffer, sys.stdout.buffer
    children: dict[int, int] = {}
    codes: dict[int, int] = {}
    while True:
        readable = select.select([requests, *children.values()], [], [])[0]
        for pid in [pid for pid, handle in children.items() if handle in readable]:
            codes[pid] = _reaped(pid, children)
        if requests not in readable:
            continue
        line = requests.readline()
        if not line:
            return
        request = json.loads(line)
        if "pid" in request:
            pid = request["pid"]
            if pid in children:
                codes[pid] = _reaped(pid, children)
            reply = {"code": codes.pop(pid)}
        else:
            pid = os.fork()
            if pid == 0:
                _run(request, children.values())
            children[pid] = os.pidfd_open(pid)
            reply = {"pid": pid}
        replies.write(json.dumps(reply).encode() + b"\n")
        replies.flush()


def _import_server() -> None:
    import gc  # noqa: PLC0415

    from api.server.mlflow_environment import server_environment  # noqa: PLC0415
    from api.server.mlflow_options import parse_options  # noqa: PLC0415

    # MLflow reads some of it while it is imported.
    os.environ.update(server_environment(parse_options(["--app-name", "fovea"])))
    import uvicorn.protocols.http.httptools_impl  # noqa: PLC0415
    import uvicorn.protocols.websockets.websockets_sansio_impl  # noqa: F401, PLC0415

    import api.app  # noqa: PLC0415
    import api.cli.main  # noqa: PLC0415
    import api.cli.serve_command  # noqa: PLC0415
    import api.server.__main__  # noqa: PLC0415
    import api.server.process  # noqa: F401, PLC0415

    gc.collect()
    gc.freeze()


def _reaped(pid: int, children: dict[int, int]) -> int:
    """The exit code of a child that has ended; forgets it."""
    os.close(children.pop(pid))
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def _run(request: Mapping[str, Any], handles: Sequence[int]) -> None:
    """In the copy: become the server, and never return."""
    code = 1
    try:
        for handle in handles:
            os.close(handle)
        os.environ.clear()
        os.environ.update(request["environment"])
        os.chdir(request["directory"])
        nothing = os.open(os.devnull, os.O_RDONLY)
        output = os.open(request["output"], os.O_WRONLY | os.O_APPEND)
        for source, target in ((nothing, 0), (output, 1), (output, 2)):
            os.dup2(source, target)
        os.execve = _become  # type: ignore[assignment]
        sys.argv = ["fovea", *request["arguments"]]
        from api.cli.main import main as fovea  # noqa: PLC0415

        fovea()
        code = 0
    except SystemExit as error:
        code = error.code if isinstance(error.code, int) else 1
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _become(_program: str, arguments: Sequence[str], environment: Mapping[str, str]) -> None:
    """Run `python -m api.server` here, instead of a new Python."""
    assert list(arguments[1:3]) == ["-m", "api.server"], arguments
    os.environ.clear()
    os.environ.update(environment)
    sys.argv = list(arguments[2:])
    from api.server.__main__ import main as server  # noqa: PLC0415

    server()


if __name__ == "__main__":
    main()
