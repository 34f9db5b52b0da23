"""Files that go wrong in a way that somebody has thought of, each with what the server says to it."""

import io
import json
import struct
import tempfile
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tests.api.projects.project_client import TABLE
from tests.training.tables.workbooks import Cell, write_xlsx

REFUSED = (422, "VALIDATION_ERROR")
CREATED = (201, "")
LETTERS = "abcdefghijklmnopqrstuvwxyz"


@dataclass(frozen=True, kw_only=True)
class HostileFile:
    """`says` are texts of the answer, in which quotes have no backslash."""

    content: bytes
    answer: tuple[int, str] = CREATED
    says: tuple[str, ...] = ()
    fields: Mapping[str, str] = field(default_factory=dict)


def table(*header: str, rows: int = 60, label: str = "ab", **columns: str) -> bytes:
    """Columns of numbers, those of `columns` by their templates, and the label, whose letters take turns."""
    lines = [",".join([*header, *columns, "outcome"])]
    for row in range(rows):
        numbers = [str((row * (3 + at)) % (17 + at)) for at in range(len(header))]
        others = [text.format(row=row, few=row // 4) for text in columns.values()]
        lines.append(",".join([*numbers, *others, label[row % len(label)]]))
    return "\n".join(lines).encode()


def settings(**given: object) -> dict[str, str]:
    return {"settings": json.dumps(given)}


def workbook(*sheets: str) -> bytes:
    rows: list[list[Cell]] = [["a", "outcome"]]
    rows += [[row % 7, "xy"[row % 2]] for row in range(40)]
    with tempfile.TemporaryDirectory() as folder:
        return write_xlsx(Path(folder, "a"), dict.fromkeys(sheets, rows)).read_bytes()


def archive_that_claims(num_entries: int) -> bytes:
    """An archive of one image, whose directory claims to have more; it is of the 64-bit kind."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as file:
        file.writestr("a/b.png", b"x")
    content = packed.getvalue()
    end = content.rindex(b"PK\x05\x06")
    length, start = struct.unpack_from("<2L", content, end + 12)
    end_64 = struct.pack(
        "<4sQ2H2L4Q", b"PK\x06\x06", 44, 45, 45, 0, 0, num_entries, num_entries, length, start
    )
    locator = struct.pack("<4sLQL", b"PK\x06\x07", 0, end, 1)
    last = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 0xFFFF, 0xFFFF, 2**32 - 1, 2**32 - 1, 0)
    return content[:end] + end_64 + locator + last


def archive_of(num_entries: int) -> bytes:
    """An archive that has so many empty images."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as file:
        for number in range(num_entries):
            file.writestr(zipfile.ZipInfo(f"{'ab'[number % 2]}/{number}.png"), b"")
    return packed.getvalue()


ONE_ROW_CLASS = TABLE + "30,1.7,yes,3,lost\n"

HOSTILE = {
    "all cells missing": HostileFile(
        content=b"age,outcome\n" + b"NA,\n" * 40, answer=REFUSED, says=("a column to predict",)
    ),
    "no cell with a value": HostileFile(
        content=b"a,b\n" + b",NA\n" * 40, answer=REFUSED, says=("a column to predict",)
    ),
    "a column twice": HostileFile(
        content=TABLE.replace("height", "age", 1).encode(),
        answer=REFUSED,
        says=("'age'", "columns 1, 2"),
    ),
    "numbers and texts in a column": HostileFile(
        content=table("a", odd="{row}").replace(b",30,", b",about thirty,"), says=("odd",)
    ),
    "Latin-1": HostileFile(content=TABLE.replace("ill", "krank für").encode("latin-1")),
    "a wrong byte in UTF-8": HostileFile(
        content=TABLE.replace("well", "müde").encode().replace(b"\xbc", b"", 1)
    ),
    "UTF-16": HostileFile(content=TABLE.encode("utf-16"), says=('"well":36',)),
    "UTF-16 without a mark": HostileFile(content=TABLE.encode("utf-16-le"), says=('"well":36',)),
    "rows of unequal length": HostileFile(
        content=TABLE.encode() + b"1,2\n3,4,5,6,7,8,9\n",
        answer=REFUSED,
        says=("Line 62: expected 5 fields",),
    ),
    "an absent target": HostileFile(
        content=TABLE.encode(),
        fields={"answers": '{"target": "outcomes"}'},
        answer=REFUSED,
        says=("there is no 'outcomes'", "Similar names: 'outcome'"),
    ),
    "a class with one row": HostileFile(
        content=ONE_ROW_CLASS.encode(), says=('"lost":1', "The classes 'lost' have a single row")
    ),
    "more classes than a part has rows": HostileFile(
        content=table("a", "b", rows=100, label=LETTERS),
        says=('"num_classes":26', *(f'"{letter}":' for letter in LETTERS)),
    ),
    "one group": HostileFile(
        content=table("a", ward="east"),
        fields=settings(group="ward"),
        answer=REFUSED,
        says=("3 groups in 'ward'", "have 1 group"),
    ),
    "an absent group": HostileFile(
        content=TABLE.encode(),
        fields=settings(group="patient"),
        answer=REFUSED,
        says=("there is no 'patient'",),
    ),
    "the target as group": HostileFile(
        content=TABLE.encode(),
        fields=settings(group="outcome"),
        answer=REFUSED,
        says=("'outcome'",),
    ),
    "no dates in the date column": HostileFile(
        content=TABLE.encode(), fields=settings(date="height"), answer=REFUSED, says=("'height'",)
    ),
    "groups of texts": HostileFile(
        content=table("a", patient="P {few} ä"), says=('"column":"patient"',)
    ),
    "gaps in the index": HostileFile(
        content=b"".join(
            b",age,outcome\n"
            if at == 0
            else b"%d,%d,%s\n" % (at * 3 % 101, at % 9, b"xy"[at % 2 :][:1])
            for at in range(60)
        ),
        says=('"num_columns":3',),
    ),
    "an unknown hyperparameter": HostileFile(
        content=TABLE.encode(),
        fields=settings(learners=["xgboost"], hyperparameters={"speed": 1}),
        answer=REFUSED,
        says=("has no 'speed'", "learning_rate"),
    ),
    "a negative learning rate": HostileFile(
        content=TABLE.encode(),
        fields=settings(learners=["xgboost"], hyperparameters={"learning_rate": -1}),
        answer=REFUSED,
        says=("learning_rate",),
    ),
    "formulas": HostileFile(
        content=TABLE.replace("ill", "=1+1").replace("age", "@SUM(A1)").encode(), says=("=1+1",)
    ),
    "an archive of nothing": HostileFile(content=archive_of(0), answer=REFUSED, says=("empty",)),
    "a million claimed entries": HostileFile(
        content=archive_that_claims(10**6), answer=(413, "FILE_TOO_LARGE"), says=("200,000",)
    ),
    "several sheets": HostileFile(content=workbook("One", "Two"), says=('"id":"sheet"', "Two")),
    "an absent sheet": HostileFile(
        content=workbook("One", "Two"),
        fields={"answers": '{"sheet": "Three"}'},
        answer=REFUSED,
        says=("Three",),
    ),
    "a name of 10,000 characters": HostileFile(
        content=TABLE.replace("height", "h" * 10_000, 1).encode()
    ),
    "names that are markup": HostileFile(
        content=TABLE.replace("height", "<script>alert(1)</script>", 1).encode()
    ),
    "a thousand columns of one row": HostileFile(
        content=",".join(f"c{at}" for at in range(1000)).encode() + b"\n" + b"1," * 999 + b"1\n",
        answer=REFUSED,
    ),
    "endless nesting": HostileFile(content=b'{"a":' * 50_000, answer=REFUSED),
    "a number of 300,000 digits": HostileFile(
        content=b"a,outcome\n" + b"9" * 300_000 + b",x\n1,y\n" * 20,
        answer=(413, "FILE_TOO_LARGE"),
    ),
}
