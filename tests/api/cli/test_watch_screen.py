"""The screen of `fovea watch` fits its terminal, and shows whether it is live."""

import io
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.console import Console

from api.cli.watch_screen import WatchScreen
from api.cli.watched_run import WatchedRun
from api.client.live import Link
from api.jobs.log_lines import LogLevel, LogLine
from api.runs.schemas import (
    CriticalCondition,
    GpuUsage,
    MetricsData,
    NotFinite,
    SystemMetrics,
    TrainingStatus,
    TrainVal,
)
from tracking_plugin.critical_conditions import ConditionStatus
from tracking_plugin.names import RunStatus

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
LIVE = Link(is_live=True, since=NOW)
LOST = Link(is_live=False, since=NOW - timedelta(seconds=12), reason="connection refused")


def rendered(
    run: WatchedRun,
    width: int = 80,
    height: int = 24,
    *,
    is_still: bool = False,
    shows_logs: bool = False,
) -> str:
    """The characters on the screen, without their colours."""
    console = Console(file=io.StringIO(), width=width, height=height, color_system=None)
    lines = console.render_lines(
        WatchScreen(run, NOW, is_still=is_still, shows_logs=shows_logs),
        console.options.update_height(height),
        pad=False,
    )
    return "\n".join("".join(segment.text for segment in line) for line in lines)


def a_run(name: str = "small", link: Link | None = LIVE) -> WatchedRun:
    run = WatchedRun(link=link, received_at=NOW - timedelta(seconds=3))
    run.status = TrainingStatus(
        status=RunStatus.TRAINING,
        run_name=name,
        message=f"reading {name}",
        alert="critical",
        epoch=3,
        total_epochs=8,
        step=230,
        total_batches=100,
        elapsed_time=192,
    )
    run.metrics = MetricsData(
        loss=TrainVal(train=0.4123),
        not_finite={"val/loss": NotFinite.NAN},
        other={name: 1.5},
        critical_conditions={
            "CNV": CriticalCondition(sensitivity=0.98, threshold=0.97, status=ConditionStatus.OK),
            "RAO": CriticalCondition(
                sensitivity=0.85,
                threshold=0.99,
                status=ConditionStatus.CRITICAL,
                support=13,
                confidence_interval=(0.578, 0.957),
            ),
            name: CriticalCondition(),
        },
    )
    run.system = SystemMetrics(cpu_usage=45.2, gpu=GpuUsage(usage=95, temperature=78))
    run.logs.extend(LogLine(level=LogLevel.INFO, message=f"{name} {n}") for n in range(100))
    for step in range(230):
        run.curves.add("train/loss", step, 1 / (1 + step))
        run.curves.add(name, step, float(step))
    return run


def test_it_shows_the_state_of_the_run() -> None:
    screen = rendered(a_run())

    for words in (
        "small  ● training",
        "● live",
        " 29%  epoch 3/8, step 230/800",
        "0:03:15",
        "! alert: critical",
        "reading small",
        "0.4123",
        "! NaN",
        "✗ RAO 0.85 (0.58 to 0.96) critical, 0.99 needed, 13 cases",
        "✓ CNV 0.98 ok, 0.97 needed",
        "? small - no data",
        "CPU 45%  GPU 95%  78 °C",
    ):
        assert words in screen


def test_the_worst_condition_comes_first() -> None:
    screen = rendered(a_run())

    assert screen.index("✗ RAO") < screen.index("✓ CNV")


def test_a_lost_link_is_shown() -> None:
    screen = rendered(a_run(link=LOST))

    assert "NOT LIVE, reconnecting for 0:00:12" in screen
    assert "as of 3 s ago" in screen
    assert "No connection: connection refused" in screen
    assert "● live" not in screen


def test_a_run_that_has_ended_is_neither_live_nor_lost() -> None:
    run = a_run(link=LOST)
    run.status = run.status.model_copy(update={"status": RunStatus.COMPLETED})

    screen = rendered(run)

    assert "✓ completed" in screen
    assert "ended" in screen
    assert "LIVE" not in screen


def test_a_still_screen_shows_its_time() -> None:
    screen = rendered(a_run(), is_still=True)

    assert "at 03:04:05 UTC" in screen
    assert "● live" not in screen
    assert "Ctrl-C" not in screen


@settings(max_examples=60)
@given(
    st.integers(1, 220),
    st.integers(1, 60),
    st.text(st.characters(exclude_categories=[]), max_size=60) | st.just("[red]\x1b[31m[/]"),
    st.sampled_from([LIVE, LOST, None]),
    st.booleans(),
)
def test_it_fits_whatever_the_terminal_and_the_names_are(
    width: int,
    height: int,
    name: str,
    link: Link | None,
    shows_logs: bool,
) -> None:
    screen = rendered(a_run(name, link), width, height, shows_logs=shows_logs)

    assert not set(screen) & {"\x1b", "\x9b", "\r", "\x07", "\u202e"}
    assert all(cell_len(line) <= width for line in screen.split("\n"))


@pytest.mark.parametrize("shows_logs", [False, True])
@pytest.mark.parametrize("height", [20, 24, 50])
def test_all_parts_fit_into_the_height(height: int, *, shows_logs: bool) -> None:
    lines = rendered(a_run(), height=height, shows_logs=shows_logs).split("\n")

    assert len(lines) <= height
    assert any("Ctrl-C ends" in line for line in lines)


def test_the_newest_output_of_the_job_is_shown_on_request() -> None:
    assert "small 99" not in rendered(a_run())

    lines = rendered(a_run(), height=30, shows_logs=True).split("\n")

    assert [line for line in lines if line.startswith("small ") and line[6:].isdigit()] == [
        f"small {n}" for n in range(90, 100)
    ]


@pytest.mark.parametrize(
    ("word", "shown"),
    [
        (RunStatus.PAUSING, "… pausing"),
        (RunStatus.PAUSED, "‖ paused"),
        (RunStatus.RESUMING, "… resuming"),
        (RunStatus.STOPPING, "… stopping"),
    ],
)
def test_a_commanded_status_is_shown_with_its_message(word: RunStatus, shown: str) -> None:
    run = a_run()
    run.status = run.status.model_copy(update={"status": word, "message": "requested by ann"})

    screen = rendered(run)

    assert shown in screen
    assert "requested by ann" in screen


@pytest.mark.parametrize("height", [20, 24, 50])
def test_the_curves_fill_the_remaining_lines(height: int) -> None:
    lines = rendered(a_run(), height=height).split("\n")

    assert len(lines) <= height
    assert any("loss  ⠒⠒ train" in line for line in lines)
    assert any("Ctrl-C ends" in line for line in lines)


def test_a_low_terminal_shows_no_curves() -> None:
    lines = rendered(a_run(), height=10).split("\n")

    assert len(lines) <= 10
    assert "training" in lines[0]
    assert "⠒⠒" not in "".join(lines)
