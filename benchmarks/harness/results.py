"""Computes and prints the results of benchmarks: percentiles, ratios by round, Markdown tables."""

import statistics
from collections.abc import Iterator, Sequence
from typing import TypeVar

T = TypeVar("T")


def interleaved(variants: Sequence[T], num_rounds: int) -> Iterator[T]:
    """Yield every variant once a round, in alternating order, so that drift favours none of them."""
    for index in range(num_rounds):
        yield from variants if index % 2 == 0 else reversed(variants)


def percentile(values: Sequence[float], percent: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * percent / 100))]


def ratios(of: Sequence[float], to: Sequence[float]) -> list[float]:
    """The ratio of each round."""
    return [value / base for value, base in zip(of, to, strict=True)]


def spread(values: Sequence[float], digits: int = 3) -> str:
    """The median, followed by the quartiles."""
    quartiles = (percentile(values, 25), percentile(values, 75))
    low, high = (f"{value:.{digits}f}" for value in quartiles)
    return f"{statistics.median(values):.{digits}f} ({low} to {high})"


def ms(seconds: float) -> str:
    return f"{seconds * 1e3:.2f} ms"


def us(seconds: float) -> str:
    return f"{seconds * 1e6:.0f} µs"


def print_table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    print(f"| {' | '.join(heads)} |")
    print(f"|{'---|' * len(heads)}")
    for row in rows:
        print(f"| {' | '.join(row)} |")
    print(flush=True)
