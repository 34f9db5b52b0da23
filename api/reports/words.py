"""The report's own texts, which `texts/` has in each language."""

import json
from collections.abc import Mapping
from functools import cache
from importlib import resources

from api.reports.schemas import Language


class Words:
    """The texts of one language, by their names."""

    def __init__(self, language: Language) -> None:
        self._texts = texts_in(language)

    def __call__(self, text: str, /, **values: object) -> str:
        return self._texts[text].format(**values) if values else self._texts[text]

    def known(self, text: str) -> str:
        """The text of that name, or a name that some program has logged, as it is."""
        return self._texts.get(text, text)


@cache
def texts_in(language: Language) -> Mapping[str, str]:
    file = resources.files("api.reports") / "texts" / f"{language}.json"
    texts: Mapping[str, str] = json.loads(file.read_text(encoding="utf-8"))
    return texts
