"""Finds how a text holds a table: encoding, delimiter, quote, comment lines, decimal mark.

The first megabyte decides, in time linear in it. `csv.Sniffer` takes quadratic time.
"""

import csv
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Protocol

from training.tables.files.text_encoding import find_encoding
from training.tables.files.text_lines import TextLines

SAMPLE_CHARS = 2**20
_MAX_SAMPLE_RECORDS = 2000
DELIMITERS = (",", ";", "\t", "|")
_SINGLE_QUOTED = re.compile(r"(?:^|[,;\t|])'[^'\r\n]*'(?=[,;\t|\r\n]|$)", re.MULTILINE)
_DECIMAL_COMMA = re.compile(r"[+-]?(?:\d{1,3}(?:\.\d{3})+|\d+),\d+")
_DECIMAL_POINT = re.compile(r"[+-]?(?:\d{1,3}(?:,\d{3})+|\d+)\.\d+")
_THOUSANDS = re.compile(r"[+-]?[1-9]\d{0,2}[.,]\d{3}")
_NUMBER = re.compile(r"[+-]?\d+(?:[.,]\d+)?")
_SEPARATOR_LINE = re.compile(r'"?sep=([,;|:^~\t])"?\s*', re.IGNORECASE)


class CsvReader(Protocol):
    """What `csv.reader` returns."""

    line_num: int
    """Number of lines read so far."""

    def __iter__(self) -> Iterator[list[str]]: ...
    def __next__(self) -> list[str]: ...


@dataclass(frozen=True)
class Dialect:
    """How a line is split into fields."""

    delimiter: str = ","
    quote: str = '"'
    skip_initial_space: bool = False


@dataclass(frozen=True, kw_only=True)
class TextFormat:
    """How a text holds a table; `notes` tell the user what was guessed."""

    encoding: str
    dialect: Dialect
    num_skipped_lines: int
    """Comments and empty lines before the header."""
    header_has_hash: bool
    """Whether the header begins with `#`, which is no part of the first name."""
    decimal: str | None
    """`.` or `,`: the decimal mark of most numbers in the sample. None if it does not tell."""
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Split:
    """The sample as one delimiter splits it."""

    dialect: Dialect
    records: Sequence[Sequence[str]]

    @property
    def width(self) -> int:
        return len(self.records[0]) if self.records else 0

    @property
    def share(self) -> float:
        """Of records that have as many fields as the header."""
        same = sum(len(record) == self.width for record in self.records)
        return same / max(len(self.records), 1)


def find_text_format(path: Path) -> TextFormat:
    """The format of the table in the text file at `path`.

    Raises TableError if the text is not in one encoding or its first megabyte is no text; OSError
    if it cannot be read.
    """
    encoding = find_encoding(path)
    lines, is_whole = _sample(path, encoding.name)
    notes = [] if encoding.note is None else [encoding.note]
    num_skipped, named = _num_leading_lines(lines)
    num_comments = sum(line.lstrip().startswith("#") for line in lines[:num_skipped])
    lines = lines[num_skipped:]
    quote = _quote(lines)
    candidates = DELIMITERS if named is None else (named,)
    best = _best_split(lines, candidates, quote, is_whole=is_whole)
    header_has_hash = False
    if num_comments == 1 == num_skipped and named is None:
        header_has_hash = _is_header(path, encoding.name, best)
        num_skipped -= header_has_hash
    elif num_comments:
        notes.append(f"{num_comments:,} comment lines before the header were skipped.")
    return TextFormat(
        encoding=encoding.name,
        dialect=best.dialect,
        num_skipped_lines=num_skipped,
        header_has_hash=header_has_hash,
        decimal=_decimal(best),
        notes=tuple(notes),
    )


def csv_reader(lines: Iterable[str], dialect: Dialect) -> CsvReader:
    """Iterates over records. An unclosed quote and text after a closing quote are a csv.Error."""
    return csv.reader(
        lines,
        delimiter=dialect.delimiter,
        quotechar=dialect.quote,
        skipinitialspace=dialect.skip_initial_space,
        strict=True,
    )


def is_plain_number(cell: str) -> bool:
    """Whether a cell is a number without exponent, unit or marks of thousands."""
    return _NUMBER.fullmatch(cell.strip()) is not None


def _sample(path: Path, encoding: str) -> tuple[list[str], bool]:
    """The lines of the first megabyte, and whether that is all of the file."""
    num_chars = 0
    lines: list[str] = []
    for line in TextLines(path, encoding):
        num_chars += len(line)
        if num_chars > SAMPLE_CHARS and lines:
            return lines, False
        lines.append(line)
    return lines, True


def _num_leading_lines(lines: Sequence[str]) -> tuple[int, str | None]:
    """Number of lines before the header, and the delimiter that Excel's `sep=` line names."""
    for index, line in enumerate(lines):
        if (found := _SEPARATOR_LINE.fullmatch(line)) is not None and index == 0:
            return 1, found[1]
        if line.strip() and not line.startswith("#"):
            return index, None
    return len(lines), None


def _quote(lines: Sequence[str]) -> str:
    text = "".join(lines)
    if '"' in text:
        return '"'
    return "'" if 2 * len(_SINGLE_QUOTED.findall(text)) > len(lines) else '"'


def _best_split(
    lines: Sequence[str], candidates: Sequence[str], quote: str, *, is_whole: bool
) -> _Split:
    splits = [_split(lines, delimiter, quote, is_whole=is_whole) for delimiter in candidates]
    wide = [split for split in splits if split.width > 1]
    if not wide:
        return splits[0]
    # max() takes the first of equals: the order of DELIMITERS decides between them.
    return max(wide, key=lambda split: (split.share, split.width))


def _split(lines: Sequence[str], delimiter: str, quote: str, *, is_whole: bool) -> _Split:
    # `1, "a, b"` quotes its second cell only if the space before the quote does not count.
    marker = f"{delimiter} {quote}"
    skips_space = delimiter != "\t" and any(marker in line for line in lines)
    dialect = Dialect(delimiter, quote, skips_space)
    reader = csv_reader(lines, dialect)
    records: list[list[str]] = []
    try:
        records.extend(record for record in islice(reader, _MAX_SAMPLE_RECORDS) if record)
    except csv.Error:
        # The records up to the faulty one are enough; reading the table names its line.
        is_whole = True
    if not is_whole and 1 < len(records) < _MAX_SAMPLE_RECORDS:
        records.pop()
    return _Split(dialect, records)


def _is_header(path: Path, encoding: str, split: _Split) -> bool:
    """Whether a single line with `#` at the start of the file has the names of the columns."""
    line = next(iter(TextLines(path, encoding)))
    num_names = line.count(split.dialect.delimiter) + 1
    has_numbers = any(is_plain_number(cell) for cell in (split.records or [[]])[0])
    return num_names > 1 and num_names == split.width and has_numbers


def _decimal(split: _Split) -> str | None:
    num_commas = num_points = 0
    for record in split.records[1:]:
        for cell in record:
            text = cell.strip()
            if len(text) > 40 or _THOUSANDS.fullmatch(text):
                continue
            num_commas += _DECIMAL_COMMA.fullmatch(text) is not None
            num_points += _DECIMAL_POINT.fullmatch(text) is not None
    if num_commas == num_points:
        # Who separates cells with commas uses them for thousands, if at all.
        return "." if num_commas or split.dialect.delimiter == "," else None
    return "," if num_commas > num_points else "."
