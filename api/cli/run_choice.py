"""Which run a command means: by its id, the beginning of its id, or its name."""

import re
from collections.abc import Sequence

from api.client import FoveaClient
from api.errors import ApiError
from api.printable import printable
from api.runs.schemas import RunSummary
from tracking_plugin.mlflow_status import ACTIVE_STATUSES

SHORT_ID_LENGTH = 8
"""Of the ids in tables; that much of an id is enough to name a run."""

_RUN_ID = re.compile(r"[0-9a-f]{32}")
_SEARCHED = 1000


class RunChoiceError(ApiError):
    """No run or several are meant."""


def active_runs(client: FoveaClient, limit: int) -> list[RunSummary]:
    """Runs that have not ended, the newest first."""
    found = [
        run for status in ACTIVE_STATUSES for run in client.runs(status=status, limit=limit).entries
    ]
    return sorted(found, key=_started, reverse=True)[:limit]


def chosen_run(client: FoveaClient, wanted: str | None) -> str:
    """The id of the run that `wanted` names; without it, of the newest that has not ended."""
    if wanted is None:
        return _newest_active(client)
    if _RUN_ID.fullmatch(wanted):
        # The server says it where there is no such run.
        return client.latest(wanted).run_id
    return named_run(client.runs(limit=_SEARCHED).entries, wanted)


def named_run(newest_first: Sequence[RunSummary], wanted: str) -> str:
    """By name the newest one counts; the beginning of an id must be that of one run alone."""
    by_name = [run.run_id for run in newest_first if run.run_name == wanted]
    by_id = [run.run_id for run in newest_first if wanted and run.run_id.startswith(wanted)]
    if by_name:
        return by_name[0]
    if len(by_id) == 1:
        return by_id[0]
    shown = repr(printable(wanted))
    if by_id:
        raise RunChoiceError(
            f"{len(by_id)} runs have an id that begins with {shown}: name more of it"
        )
    raise RunChoiceError(
        f"None of the {len(newest_first)} newest runs has the id or the name {shown}: "
        "`fovea status` lists runs"
    )


def _newest_active(client: FoveaClient) -> str:
    if active := active_runs(client, limit=1):
        return active[0].run_id
    raise RunChoiceError(
        f"No run is active at {client.address.url}: name one, `fovea status` lists them"
    )


def _started(run: RunSummary) -> float:
    return run.start_time.timestamp() if run.start_time is not None else 0.0
