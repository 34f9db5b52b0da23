"""A process that keeps many sockets open, reads them as fast as it can and counts what comes."""

import multiprocessing
import select
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection

from benchmarks.harness.cpu_affinity import CLIENT_CORE, stay_on
from benchmarks.live.websocket_frames import FrameCounter, ask_for_socket, take_answer

DEADLINE_S = 60.0
_SOCKETS_AT_ONCE = 100


@dataclass(frozen=True)
class Arrival:
    """By `moment_s` (time.perf_counter, one clock for all processes) this many had come in all."""

    moment_s: float
    num_messages: int


class Receivers:
    """The measuring side of the process."""

    def __init__(self, connection: Connection, num_sockets: int) -> None:
        self._connection = connection
        self.num_sockets = num_sockets

    def num_received(self) -> int:
        return self.wait_for(0).num_messages

    def wait_for(self, num_messages: int) -> Arrival:
        """When so many messages had come in all, over all sockets."""
        self._connection.send(num_messages)
        return self.answer()

    def settle(self) -> int:
        """How many had come when none came any more."""
        before = -1
        while before != (now := self.num_received()):
            before = now
            time.sleep(0.1)
        return now

    def answer(self) -> Arrival:
        assert self._connection.poll(DEADLINE_S), f"not all messages came within {DEADLINE_S:.0f} s"
        arrival: Arrival = self._connection.recv()
        return arrival


@contextmanager
def receivers(url: str, num_sockets: int) -> Iterator[Receivers]:
    """`num_sockets` at `url`, each of which has had its first message."""
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe()
    process = context.Process(
        target=_receive, args=(there, url, num_sockets, CLIENT_CORE), daemon=True
    )
    process.start()
    there.close()
    try:
        open_ones = Receivers(here, num_sockets)
        open_ones.wait_for(num_sockets)
        yield open_ones
    finally:
        here.close()
        process.join(DEADLINE_S)
        process.kill()
        process.join()


def _receive(connection: Connection, url: str, num_sockets: int, core: int) -> None:
    # Told which: a process that was started on one core knows of no other.
    stay_on(core)
    _Reading(connection, url, num_sockets).until_told()


class _Reading:
    def __init__(self, connection: Connection, url: str, num_sockets: int) -> None:
        self._connection = connection
        self._poll = select.epoll()
        self._sockets: dict[int, tuple[socket.socket, FrameCounter]] = {}
        self._num_messages = 0
        self._awaited: int | None = None
        for begin in range(0, num_sockets, _SOCKETS_AT_ONCE):
            group = min(_SOCKETS_AT_ONCE, num_sockets - begin)
            for opened in [ask_for_socket(url) for _ in range(group)]:
                self._keep(opened, take_answer(opened))
        self._poll.register(connection.fileno(), select.EPOLLIN)

    def _keep(self, opened: socket.socket, received: bytes) -> None:
        counter = FrameCounter()
        self._num_messages += counter.add(received)[0]
        self._sockets[opened.fileno()] = (opened, counter)
        self._poll.register(opened.fileno(), select.EPOLLIN)

    def until_told(self) -> None:
        try:
            while True:
                for number, _ in self._poll.poll():
                    if number in self._sockets:
                        self._read(*self._sockets[number])
                    else:
                        self._awaited = self._connection.recv()
                self._answer()
        except EOFError:
            return

    def _read(self, opened: socket.socket, counter: FrameCounter) -> None:
        received = opened.recv(262144)
        assert received, "the server closed a socket"
        num_texts, pongs = counter.add(received)
        self._num_messages += num_texts
        if pongs:
            opened.sendall(pongs)

    def _answer(self) -> None:
        if self._awaited is not None and self._num_messages >= self._awaited:
            self._connection.send(Arrival(time.perf_counter(), self._num_messages))
            self._awaited = None
