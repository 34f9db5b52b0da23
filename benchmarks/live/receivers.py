"""A process that keeps many sockets open, reads them at full speed and counts the messages."""

import multiprocessing
import select
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection

from benchmarks.harness.cpu_affinity import CLIENT_CORE, pin_to
from benchmarks.live.websocket_frames import FrameCounter, begin_handshake, finish_handshake

DEADLINE_S = 60.0
_SOCKETS_AT_ONCE = 100


@dataclass(frozen=True)
class Arrival:
    """The total count at `moment_s`, a time.perf_counter that all processes share."""

    moment_s: float
    num_messages: int


class Receivers:
    """Controls the receiving process from the benchmark's process."""

    def __init__(self, connection: Connection, num_sockets: int) -> None:
        self._connection = connection
        self.num_sockets = num_sockets

    def num_received(self) -> int:
        return self.wait_for(0).num_messages

    def wait_for(self, num_messages: int) -> Arrival:
        """Wait until all sockets together have received so many messages."""
        self._connection.send(num_messages)
        return self._read_arrival()

    def settle(self) -> int:
        """Wait until no more messages arrive, and return the total count."""
        before = -1
        while before != (now := self.num_received()):
            before = now
            time.sleep(0.1)
        return now

    def _read_arrival(self) -> Arrival:
        assert self._connection.poll(DEADLINE_S), (
            f"not all messages arrived within {DEADLINE_S:.0f} s"
        )
        arrival: Arrival = self._connection.recv()
        return arrival


@contextmanager
def receivers(url: str, num_sockets: int) -> Iterator[Receivers]:
    """Open `num_sockets` at `url`, and wait until each has received its first message."""
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe()
    process = context.Process(
        target=_receive, args=(there, url, num_sockets, CLIENT_CORE), daemon=True
    )
    process.start()
    there.close()
    try:
        opened = Receivers(here, num_sockets)
        opened.wait_for(num_sockets)
        yield opened
    finally:
        here.close()
        process.join(DEADLINE_S)
        process.kill()
        process.join()


def _receive(connection: Connection, url: str, num_sockets: int, core: int) -> None:
    # Pin explicitly: the process inherits its parent's core, and sees no other.
    pin_to(core)
    _SocketReader(connection, url, num_sockets).run()


class _SocketReader:
    def __init__(self, connection: Connection, url: str, num_sockets: int) -> None:
        self._connection = connection
        self._poll = select.epoll()
        self._sockets: dict[int, tuple[socket.socket, FrameCounter]] = {}
        self._num_messages = 0
        self._requested_count: int | None = None
        for begin in range(0, num_sockets, _SOCKETS_AT_ONCE):
            group = min(_SOCKETS_AT_ONCE, num_sockets - begin)
            for opened in [begin_handshake(url) for _ in range(group)]:
                self._register(opened, finish_handshake(opened))
        self._poll.register(connection.fileno(), select.EPOLLIN)

    def _register(self, opened: socket.socket, received: bytes) -> None:
        counter = FrameCounter()
        self._num_messages += counter.add(received)[0]
        self._sockets[opened.fileno()] = (opened, counter)
        self._poll.register(opened.fileno(), select.EPOLLIN)

    def run(self) -> None:
        try:
            while True:
                for number, _ in self._poll.poll():
                    if number in self._sockets:
                        self._read(*self._sockets[number])
                    else:
                        self._requested_count = self._connection.recv()
                self._report_arrival()
        except EOFError:
            return

    def _read(self, opened: socket.socket, counter: FrameCounter) -> None:
        received = opened.recv(262144)
        assert received, "the server closed a socket"
        num_texts, pongs = counter.add(received)
        self._num_messages += num_texts
        if pongs:
            opened.sendall(pongs)

    def _report_arrival(self) -> None:
        if self._requested_count is not None and self._num_messages >= self._requested_count:
            self._connection.send(Arrival(time.perf_counter(), self._num_messages))
            self._requested_count = None
