"""Finds the run that a command names by its id, the beginning of its id, or its name."""

import re
from collections.abc import Sequence

from api.client import FoveaClient
from api.errors import ApiError
from api.printable import printable
from api.runs.schemas import RunSummary
from tracking_plugin.mlflow_status import ACTIVE_STATUSES

SHORT_ID_LENGTH = 8
"""The length of ids in tables; commands accept such a beginning of an id."""

_RUN_ID = re.compile(r"[0-9a-f]{32}")
_MAX_SEARCHED = 1000


class RunChoiceError(ApiError):
    """The given name fits no run, or several."""


def active_runs(client: FoveaClient, limit: int) -> list[RunSummary]:
    """Runs that have not ended, the newest first."""
    found = [
        run for status in ACTIVE_STATUSES for run in client.runs(status=status, limit=limit).entries
    ]
    return sorted(found, key=_started, reverse=True)[:limit]


def resolve_run(client: FoveaClient, name: str | None) -> str:
    """The id of the run that `name` names; without a name, of the newest active run but evaluations."""
    if name is None:
        return _newest_active(client)
    if _RUN_ID.fullmatch(name):
        # The server refuses the id if there is no such run.
        return client.latest(name).run_id
    return named_run(client.runs(limit=_MAX_SEARCHED).entries, name)


def named_run(newest_first: Sequence[RunSummary], name: str) -> str:
    """The newest run called `name`, else the only one whose id begins with it."""
    by_name = [run.run_id for run in newest_first if run.run_name == name]
    by_id = [run.run_id for run in newest_first if name and run.run_id.startswith(name)]
    if by_name:
        return by_name[0]
    if len(by_id) == 1:
        return by_id[0]
    shown = repr(printable(name))
    if by_id:
        raise RunChoiceError(
            f"{len(by_id)} runs have an id that begins with {shown}: give more characters of it"
        )
    raise RunChoiceError(
        f"None of the {len(newest_first)} newest runs has the id or the name {shown}: "
        "`fovea status` lists runs"
    )


def _newest_active(client: FoveaClient) -> str:
    for run in active_runs(client, limit=_MAX_SEARCHED):
        if run.evaluated_run is None:
            return run.run_id
    raise RunChoiceError(
        f"No run is active at {client.address.url}: name one, `fovea status` lists them"
    )


def _started(run: RunSummary) -> float:
    return run.start_time.timestamp() if run.start_time is not None else 0.0
