"""Names of metrics as programs log them, with their classes; the dashboard's tests use the same file.

After a change of the word tables: .venv/bin/python -m tests.api.runs.classified_names
"""

import json
from pathlib import Path
from typing import Any, cast

from api.runs.metric_words import METRIC_WORDS

FILE = Path(__file__).parents[3] / "ui_extensions/dashboard/src/metrics/classifiedNames.json"
"""`words` is generated; the rest is written by hand."""


def content() -> dict[str, Any]:
    return cast(dict[str, Any], json.loads(FILE.read_text("utf-8")))


def update_words() -> None:
    document = content() | {"words": METRIC_WORDS.model_dump(mode="json")}
    FILE.write_text(json.dumps(document, ensure_ascii=False, indent=2) + "\n", "utf-8")


if __name__ == "__main__":
    update_words()
