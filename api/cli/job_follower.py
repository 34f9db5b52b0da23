"""Starts a job on the server and follows its run, for `fovea train` and `fovea evaluate`."""

import sys
from collections.abc import Callable
from dataclasses import dataclass

from api.cli.run_choice import SHORT_ID_LENGTH
from api.cli.watch_command import INTERRUPTED, WatchRequest, run_watch
from api.client import FoveaClient


@dataclass(frozen=True, kw_only=True)
class FollowOptions:
    """How to follow the job; a detached one is not followed."""

    url: str | None
    is_detached: bool
    plain: bool
    shows_logs: bool


def start_and_follow(
    start: Callable[[FoveaClient], str],
    noun: str,
    options: FollowOptions,
    on_completed: Callable[[FoveaClient, str], None] = lambda _client, _run_id: None,
) -> int:
    """Follow the run whose id `start` returns; the exit code is that of `fovea watch`.

    `noun` names the job in messages, such as "training".
    """
    try:
        with FoveaClient(options.url) as client:
            run_id = start(client)
    except KeyboardInterrupt:
        print(
            f"fovea: interrupted before the server answered; `fovea status` shows whether the "
            f"{noun} has started",
            file=sys.stderr,
        )
        return INTERRUPTED
    if options.is_detached:
        print(run_id)
        return 0
    print(f"fovea: run {run_id}; Ctrl-C leaves it running", file=sys.stderr)
    code = run_watch(_watch_request(run_id, noun, options))
    if code == 0:
        with FoveaClient(options.url) as client:
            on_completed(client, run_id)
    return code


def _watch_request(run_id: str, noun: str, options: FollowOptions) -> WatchRequest:
    short_id = run_id[:SHORT_ID_LENGTH]
    return WatchRequest(
        run=run_id,
        url=options.url,
        plain=options.plain,
        shows_logs=options.shows_logs,
        hint_after_interrupt=f"the {noun} continues: `fovea watch {short_id}` follows it again, "
        f"`fovea stop {short_id}` stops it",
    )
