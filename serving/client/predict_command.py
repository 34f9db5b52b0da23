"""Predicts the rows of a file: `python -m serving.client predict --model NAME FILE`."""

import argparse
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from google.protobuf.json_format import MessageToDict

from serving.client.prediction_client import TablePredictionClient
from serving.tables.cells import cell_of
from serving.v1 import predictions_pb2 as messages
from tracking_plugin.terminal_output import plain


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", metavar="FILE", type=Path, help="CSV, TSV, Excel, Parquet, JSONL")
    parser.add_argument("--model", required=True, help="name of the registered model")
    parser.add_argument("--alias", default="", help="of the version [champion]")
    parser.add_argument("--explain", action="store_true", help="say why, in words")
    parser.add_argument("--top", type=int, default=5, help="number of reasons [%(default)s]")
    parser.add_argument(
        "--confidence-threshold",
        default=0.0,
        type=float,
        help="no answer below it, from 0 to 1 [%(default)s]",
    )
    parser.add_argument("--sheet", default="", help="of a workbook with several")


async def show_predictions(client: TablePredictionClient, given: argparse.Namespace) -> int:
    """Print an answer for each row as it comes, with --json as one object in a line."""
    parts = client.predict_file(
        given.model,
        given.file,
        sheet=given.sheet,
        alias=given.alias,
        explain=given.explain,
        top=given.top,
        confidence_threshold=given.confidence_threshold,
    )
    is_first = True
    async for part in parts:
        if is_first:
            _print_about(part)
        for line in _json_lines(part) if given.json else _text_lines(part):
            print(plain(line))
        is_first = False
    return 0


def _print_about(part: messages.Predictions) -> None:
    """To stderr, so that stdout has the rows alone."""
    model = part.model
    lines = [f"{part.target} by {model.name}, version {model.version}, run {model.run_id}"]
    lines += [f"note: {note}" for note in part.notes]
    lines += [part.explained.adds_up_to] if part.HasField("explained") else []
    for line in lines:
        print(plain(line), file=sys.stderr)


def _text_lines(part: messages.Predictions) -> Iterator[str]:
    for row in part.rows:
        sure = f", {row.confidence:.1%}" if row.HasField("confidence") else ""
        answer = f"no answer: {row.reason}" if row.abstained else f"{cell_of(row.label)}{sure}"
        yield f"{row.row}: {answer}"
        yield from (f"  {reason}" for reason in row.explanation.reasons)
        yield from (f"  note: {it.column}: {it.text}" for it in row.warnings)


def _json_lines(part: messages.Predictions) -> Iterator[str]:
    classes = [str(cell_of(value)) for value in part.classes]
    for row in part.rows:
        shown: dict[str, Any] = {
            "row": row.row,
            "label": cell_of(row.label),
            "probabilities": dict(zip(classes, row.probabilities, strict=True)),
            "confidence": row.confidence if row.HasField("confidence") else None,
            "abstained": row.abstained,
            "warnings": [{"column": it.column, "text": it.text} for it in row.warnings],
        }
        if row.HasField("explanation"):
            shown["explanation"] = {
                **MessageToDict(row.explanation, preserving_proto_field_name=True),
                "contributions": dict(
                    zip(part.explained.features, row.explanation.contributions, strict=True)
                ),
            }
        yield json.dumps(shown)
