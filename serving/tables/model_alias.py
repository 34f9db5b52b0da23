"""Names a registered model, and the alias of the version to use."""

import re
from dataclasses import dataclass

from serving.errors import Reason, ServingError
from tracking_plugin.names import CHAMPION

_NAME = re.compile(r"[^\x00-\x1f\x7f/:]{1,256}")


@dataclass(frozen=True)
class ModelAlias:
    name: str
    alias: str = CHAMPION

    def __str__(self) -> str:
        return f"{self.name}@{self.alias}"

    @classmethod
    def parse(cls, name: str, alias: str) -> "ModelAlias":
        """Without an alias, that of the champion. Raises ServingError REQUEST_INVALID."""
        alias = alias or CHAMPION
        for field, text in (("model", name), ("alias", alias)):
            if not _NAME.fullmatch(text):
                raise ServingError(
                    Reason.REQUEST_INVALID,
                    f"{field}: 1 to 256 characters without '/' and ':' were expected.",
                )
        return cls(name, alias)
