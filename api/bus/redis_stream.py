"""Reads the stream of the bus from a Redis or Valkey server."""

import asyncio
import logging
import uuid
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import replace
from typing import Any

import msgspec
from redis.asyncio import Redis
from redis.exceptions import RedisError

from api.bus.protocol import Batch, StreamPosition
from api.bus.redis_scripts import META, OPEN, STREAM
from tracking_plugin.events import RunEvent, decode_event

logger = logging.getLogger(__name__)

LARGEST_BATCH = 500
CHECK_INTERVAL_S = 5.0
REPLY_DEADLINE_S = 5.0

CONNECTION_ERRORS = (RedisError, OSError, RuntimeError)
"""uvloop raises RuntimeError for a connection that was reset while nothing was read from it."""

RawEntry = tuple[bytes, Mapping[bytes, bytes]]


async def open_stream(client: Redis) -> StreamPosition:
    """The end of the stream; begins a new epoch if the server may have lost entries."""
    async with asyncio.timeout(REPLY_DEADLINE_S):
        server: Any = await client.info("server")
        # Managed servers hide the id; a restart that lost the stream lost the hash beside it, too.
        identity = str(server.get("run_id", ""))
        reply: Any = client.eval(OPEN, 2, STREAM, META, identity, uuid.uuid4().hex)
        epoch, offset = await reply
    return StreamPosition(epoch.decode(), int(offset))


async def read_stream(client: Redis, after: StreamPosition) -> AsyncIterator[Batch]:
    """The entries after `after`, or the retained ones in another epoch; ends if the stream was lost.

    In another epoch, the first batch arrives at once, even if nothing is retained.
    """
    end = await open_stream(client)
    is_same_epoch = end.epoch == after.epoch and end.offset >= after.offset
    position = after if is_same_epoch else StreamPosition(end.epoch, 0)
    has_yielded = is_same_epoch
    while True:
        block_s = CHECK_INTERVAL_S if has_yielded else None
        raw = await _read(client, position.offset, block_s)
        has_gap = bool(raw) and position.offset > 0 and _offset(raw[0]) > position.offset + 1
        for batch in _batches(raw, position, end):
            is_retained = not is_same_epoch and batch.position.offset <= end.offset
            yield replace(batch, is_retained=is_retained, has_gap=has_gap)
            position, has_yielded, has_gap = batch.position, True, False
        if not raw and not has_yielded:
            position, has_yielded = end, True
            yield Batch(end, [])
        elif not raw and not await _is_at(client, position):
            return


async def _is_at(client: Redis, position: StreamPosition) -> bool:
    """Whether the stream still has the epoch of `position`, although no entries arrive."""
    end = await open_stream(client)
    return end.epoch == position.epoch and end.offset >= position.offset


async def _read(client: Redis, offset: int, block_s: float | None) -> list[RawEntry]:
    async with asyncio.timeout(REPLY_DEADLINE_S + (block_s or 0)):
        found: Any = await client.xread(
            {STREAM: f"{offset}-0"},
            count=LARGEST_BATCH,
            block=None if block_s is None else int(block_s * 1000),
        )
    return list(found[0][1]) if found else []


def _batches(raw: list[RawEntry], after: StreamPosition, end: StreamPosition) -> Iterator[Batch]:
    """One batch per stream epoch, without the entries of epochs before that of `end`."""
    entries: list[tuple[int, RunEvent]] = []
    has_moved = False
    for entry in raw:
        offset, fields = _offset(entry), entry[1]
        epoch = fields[b"epoch"].decode()
        if epoch != after.epoch:
            if offset <= end.offset:
                after, has_moved = StreamPosition(after.epoch, offset), True
                continue
            if has_moved:
                yield Batch(after, entries)
                entries = []
        after, has_moved = StreamPosition(epoch, offset), True
        if (event := _event(fields[b"event"])) is not None:
            entries.append((offset, event))
    if has_moved:
        yield Batch(after, entries)


def _offset(entry: RawEntry) -> int:
    return int(entry[0].partition(b"-")[0])


def _event(encoded: bytes) -> RunEvent | None:
    """None for the entry that begins an epoch, and for events of a newer version."""
    if not encoded:
        return None
    try:
        return decode_event(encoded)
    except msgspec.MsgspecError:
        logger.warning("The bus has an event of an unknown kind; sockets do not get it")
        return None
