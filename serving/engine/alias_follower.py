"""Follows an alias of the model registry: loads the version that it names, and then lets it take over."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from enum import Enum, auto
from typing import Generic

from serving.engine.model_file import ModelRefusedError
from serving.engine.registry import ModelRegistry, RegisteredVersion, RegistryError
from serving.engine.versions import L, Versions
from serving.settings import StartError

logger = logging.getLogger(__name__)

ANSWER_DEADLINE_S = 30.0
LOAD_DEADLINE_S = 900.0
MAX_DELAY_S = 60.0


class Action(Enum):
    """What the alias calls for."""

    KEEP = auto()
    LOAD = auto()
    UNLOAD = auto()


@dataclass(frozen=True, kw_only=True)
class AliasChoice:
    """The alias to follow. `is_optional`: a version whose alias is gone is not served any longer."""

    name: str
    alias: str
    is_optional: bool

    def __str__(self) -> str:
        return f"{self.name}@{self.alias}"


def decide(
    served: RegisteredVersion | None,
    wanted: RegisteredVersion | None,
    refused: RegisteredVersion | None,
    *,
    is_optional: bool,
) -> Action:
    """What to do if the alias names `wanted`, and `refused` is known not to work."""
    if wanted is None:
        return Action.UNLOAD if is_optional and served is not None else Action.KEEP
    if wanted in (served, refused):
        return Action.KEEP
    return Action.LOAD


def delay_s(poll_s: float, num_failures: int) -> float:
    """The time until the next look: the interval, doubled for each failure, at most a minute."""
    return max(poll_s, min(poll_s * 2.0 ** min(num_failures, 20), MAX_DELAY_S))


class AliasFollower(Generic[L]):
    """Keeps `versions` at the version of the alias; a version that does not work changes nothing."""

    def __init__(
        self,
        choice: AliasChoice,
        *,
        registry: ModelRegistry,
        versions: Versions[L],
        load: Callable[[RegisteredVersion], Awaitable[L]],
        poll_s: float,
    ) -> None:
        """`load` raises RegistryError or ModelRefusedError."""
        self.choice = choice
        self.problem = ""
        """Why the version of the alias is not served, in a sentence; empty if it is."""
        self._registry = registry
        self._versions = versions
        self._load_version = load
        self._poll_s = poll_s
        self._refused: RegisteredVersion | None = None
        self._num_failures = 0
        self._asking = ThreadPoolExecutor(1, thread_name_prefix="registry")

    @property
    def has_refused(self) -> bool:
        """Whether the version that the alias named last cannot be served."""
        return self._refused is not None

    async def look(self) -> None:
        """Look at the alias once, and load what it names. Problems are noted.

        Raises StartError if nothing can ever be loaded with these settings.
        """
        try:
            wanted = await self._ask()
            await self._follow(wanted)
        except StartError:
            raise
        except RegistryError as error:
            self._failed(_capitalised(str(error)))
        except Exception as error:
            logger.exception("Following %s failed.", self.choice)
            self._failed(f"{self.choice} could not be loaded ({type(error).__name__})")
        else:
            self._num_failures = 0

    async def run(self) -> None:
        """Look again and again, until cancelled."""
        while True:
            await asyncio.sleep(delay_s(self._poll_s, self._num_failures))
            try:
                await self.look()
            except StartError as error:
                self._failed(str(error))

    def close(self) -> None:
        self._asking.shutdown(wait=False, cancel_futures=True)

    async def _ask(self) -> RegisteredVersion | None:
        loop = asyncio.get_running_loop()
        call = loop.run_in_executor(
            self._asking, self._registry.find, self.choice.name, self.choice.alias
        )
        try:
            # Not wait_for: in Python 3.11 it may swallow that this task is cancelled.
            async with asyncio.timeout(ANSWER_DEADLINE_S):
                return await call
        except TimeoutError:
            raise RegistryError(
                f"the model registry at {self._registry.shown_address} did not answer within "
                f"{ANSWER_DEADLINE_S:.0f} s"
            ) from None

    async def _follow(self, wanted: RegisteredVersion | None) -> None:
        current = self._versions.current
        served = current.version if current is not None else None
        action = decide(served, wanted, self._refused, is_optional=self.choice.is_optional)
        if action is Action.UNLOAD:
            self._versions.replace(None)
        elif action is Action.LOAD:
            assert wanted is not None  # as `decide` says
            await self._load(wanted)
        elif wanted is None:
            self._note("" if self.choice.is_optional else self._absent())
        elif wanted == served:
            self._note("")

    async def _load(self, wanted: RegisteredVersion) -> None:
        started = time.monotonic()
        try:
            async with asyncio.timeout(LOAD_DEADLINE_S):
                loaded = await self._load_version(wanted)
        except (ModelRefusedError, TimeoutError) as error:
            self._refused = wanted
            reason = str(error) or f"it was not ready within {LOAD_DEADLINE_S:.0f} s"
            self._note(
                f"{wanted}, has the alias {self.choice.alias}, but cannot be served: {reason}"
                f"{self._meanwhile()}"
            )
            return
        self._versions.replace(loaded)
        self._note("")
        self._refused = None
        logger.info("%s is served after %.1f s.", wanted, time.monotonic() - started)

    def _failed(self, problem: str) -> None:
        self._num_failures += 1
        self._note(f"{problem}{self._meanwhile() or '.'}")

    def _absent(self) -> str:
        name, alias = self.choice.name, self.choice.alias
        return (
            f"The model registry at {self._registry.shown_address} has no model {name!r} with the "
            f"alias {alias!r}. Set it with `fovea models promote {name} VERSION --alias {alias}`"
            + (self._meanwhile() or ", after a training has registered a version.")
        )

    def _meanwhile(self) -> str:
        current = self._versions.current
        return "" if current is None else f"; {current.version}, is served meanwhile."

    def _note(self, problem: str) -> None:
        if problem and problem != self.problem:
            logger.warning("%s", problem)
        self.problem = problem


def _capitalised(sentence: str) -> str:
    return sentence[:1].upper() + sentence[1:]
