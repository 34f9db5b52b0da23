"""The size of a message does not grow with the number of a run's metrics, and no metric is lost."""

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.live import metric_parts
from api.live.messages import MetricsUpdate
from tests.api.live.viewed_run import NOW_MS, logged, message_of, point, view
from tracking_plugin.events import LoggedPoint


@pytest.mark.parametrize("group", ["", "per_class/", "critical/", "a_group/"])
def test_the_size_of_an_update_does_not_grow_with_the_number_of_metrics(group: str) -> None:
    run = view()
    run.apply(logged(*(point(f"{group}m{index}", math.nan) for index in range(4000))), 2)
    run.apply(logged(*(point(f"{group}m{index}", 0.1, 2) for index in range(2000))), 4)
    message = message_of(run, logged(point(f"{group}m7", 0.25, 3), point("val/loss", 0.5, 3)), 6)
    assert len(json.dumps(message)) < 4000
    assert message["metrics"]["loss"]["val"] == 0.5
    assert [(each["metric"], each["value"]) for each in message["points"]] == [
        (f"{group}m7", 0.25),
        ("val/loss", 0.5),
    ]


def test_short_maps_are_sent_whole_with_every_update() -> None:
    run = view()
    run.apply(logged(*(point(f"per_class/{index}", 0.5) for index in range(28))), 2)
    metrics = message_of(run, logged(point("train/loss", step=2)), 4)["metrics"]
    assert len(metrics["per_class"]) == 28
    assert metrics["other"] == {}


@pytest.mark.parametrize("num_metrics", [1, 4000, 20_000])
def test_a_client_that_joins_late_gets_every_metric_in_messages_of_bounded_size(
    num_metrics: int,
) -> None:
    run = view()
    names = [f"block_{index}/weights/l2_norm" for index in range(num_metrics)]
    for step in (1, 2):
        run.apply(logged(*(point(name, 0.123456789, step) for name in names)), 2 * step)
    first = run.initial_state("e", 4, NOW_MS, recovered=None)
    others = run.initial_state_pages(4, NOW_MS)
    assert [page.page for page in others] == list(range(2, first.num_pages + 1))
    assert all(page.num_pages == first.num_pages for page in others)
    assert max(len(each.model_dump_json()) for each in (first, *others)) < 1024 * 1024
    metrics = first.metrics.model_copy(deep=True)
    for page in others:
        metric_parts.merge_page(metrics, page.metrics)
    assert metrics.other == dict.fromkeys(names, 0.123456789)
    assert first.history[-1].step == 2


@given(
    st.lists(
        st.lists(
            st.builds(
                point,
                st.sampled_from([*(f"m{n}" for n in range(40)), "val/loss", "per_class/a"]),
                st.floats(),
                st.integers(0, 4),
            ),
            min_size=1,
            max_size=20,
        ),
        max_size=8,
    )
)
def test_merging_the_updates_gives_the_present_state(writes: list[list[LoggedPoint]]) -> None:
    run = view()
    seen = run.initial_state("e", 0, NOW_MS, recovered=None).metrics.model_copy(deep=True)
    for write in writes:
        update = MetricsUpdate.model_validate(message_of(run, logged(*write)))
        seen = metric_parts.merge_update(
            seen, update.metrics, [each.metric for each in update.points]
        )
    now = run.initial_state("e", 2, NOW_MS, recovered=None).metrics
    assert json.loads(seen.model_dump_json()) == json.loads(now.model_dump_json())
