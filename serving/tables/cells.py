"""Turns cells and labels into messages and back, each with its exact type."""

from collections.abc import Iterable

from serving.v1 import predictions_pb2 as messages

Cell = float | int | bool | str | None

_INT64 = range(-(2**63), 2**63)


def rows_of(rows: Iterable[messages.Row]) -> list[dict[str, Cell]]:
    """The cells of each row by the name of their column; None where one is missing."""
    return [{name: cell_of(value) for name, value in row.cells.items()} for row in rows]


def cell_of(value: messages.Value) -> Cell:
    kind = value.WhichOneof("kind")
    cell: Cell = None if kind is None else getattr(value, kind)
    return cell


def value_of(cell: Cell) -> messages.Value:
    """Of a cell or a label. An integer of more than 64 bits becomes a number."""
    match cell:
        case None:
            return messages.Value()
        case bool():
            return messages.Value(boolean=cell)
        case int() if cell in _INT64:
            return messages.Value(integer=cell)
        case int() | float():
            return messages.Value(number=cell)
        case _:
            return messages.Value(text=cell)
