"""Loads several variants in turn, round by round, and prints how each compares with the first."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from benchmarks.harness.results import interleaved, ms, print_table, ratios, spread
from benchmarks.serving.closed_loop import Call, Load, closed_loop

WARM_UP_S = 1.0


@dataclass
class Rounds:
    """The loads of one variant, one of each round."""

    loads: list[Load] = field(default_factory=list)

    @property
    def per_second(self) -> list[float]:
        return [load.per_second for load in self.loads]

    def percentiles_s(self, percent: float) -> list[float]:
        return [load.percentile_s(percent) for load in self.loads]

    @property
    def together(self) -> Load:
        merged = Load()
        for load in self.loads:
            merged.add(load)
        return merged


async def compare(
    calls: Mapping[str, Call], *, num_clients: int, num_rounds: int, seconds: float
) -> dict[str, Rounds]:
    """Load each variant for `seconds` in every round, after a second of warm-up."""
    for call in calls.values():
        await closed_loop(call, num_clients=num_clients, seconds=WARM_UP_S)
    rounds = {name: Rounds() for name in calls}
    for name in interleaved(list(calls), num_rounds):
        load = await closed_loop(calls[name], num_clients=num_clients, seconds=seconds)
        rounds[name].loads.append(load)
    return rounds


def print_comparison(title: str, rounds: Mapping[str, Rounds]) -> None:
    """The first variant is the base of the ratios, which are medians with their quartiles."""
    base = next(iter(rounds))
    print(f"\n{title}\n")
    heads = ("variant", "images/s", "p50", "p99", "failed", *_ratio_heads(base))
    print_table(heads, [_row(name, each, rounds[base]) for name, each in rounds.items()])


def _ratio_heads(base: str) -> Sequence[str]:
    return (f"images/s of {base}", f"p50 of {base}", f"p99 of {base}")


def _row(name: str, rounds: Rounds, base: Rounds) -> list[str]:
    load = rounds.together
    return [
        name,
        f"{load.per_second:.1f}",
        ms(load.percentile_s(50)),
        ms(load.percentile_s(99)),
        str(len(load.errors)),
        spread(ratios(rounds.per_second, base.per_second), 2),
        *(
            spread(ratios(rounds.percentiles_s(percent), base.percentiles_s(percent)), 2)
            for percent in (50, 99)
        ),
    ]
