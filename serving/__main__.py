"""Answers about retinal images and tables over gRPC: `python -m serving [--port 50051] …` (see `--help`)."""

import asyncio
import os
import sys
from collections.abc import Sequence

from serving.diagnosis.urgency import UrgencyRules, built_in_rules, load_rules
from serving.engine import open_engine
from serving.flags import parse_flags
from serving.images.limits import DecodeLimits
from serving.images.pool import DecodePool
from serving.images.process import StartError as DecodeStartError
from serving.logs import configure_logging
from serving.server.decoding import AT_ONE_TIME
from serving.server.metrics import Metrics
from serving.service import Service
from serving.settings import ServingSettings, StartError, load_settings
from serving.tables.opening import open_tables
from tracking_plugin.server_address import without_credentials
from tracking_plugin.terminal_output import plain
from training.errors import DataError

FEWEST_WORKERS, MOST_WORKERS = 2, 8


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until the program is ended; returns the exit status."""
    configure_logging()
    try:
        settings = load_settings(**parse_flags(arguments, __doc__ or ""))
        asyncio.run(open_service(settings).run())
    except (StartError, DecodeStartError, DataError) as error:
        print(plain(without_credentials(f"Error: {error}")), file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


def open_service(settings: ServingSettings) -> Service:
    """The service with its parts. Raises StartError or DataError."""
    metrics = Metrics()
    return Service(
        settings,
        engine=open_engine(settings, metrics.count_batch),
        tables=open_tables(settings, metrics.count_rows),
        pool=_decode_pool(settings),
        rules=_rules(settings),
        metrics=metrics,
    )


def _decode_pool(settings: ServingSettings) -> DecodePool:
    by_cores = min(max(os.cpu_count() or 1, FEWEST_WORKERS), MOST_WORKERS)
    return DecodePool(
        num_processes=settings.decode_workers or by_cores,
        # Requests in work are bounded, so the queue of the pool never refuses one.
        max_waiting=settings.max_active * AT_ONE_TIME,
        limits=DecodeLimits(
            file_bytes=settings.max_upload_bytes,
            inflated_bytes=settings.max_inflated_bytes,
            total_pixels=settings.max_pixels,
            memory_bytes=settings.decode_memory_bytes,
            timeout_s=settings.decode_timeout_s,
        ),
    )


def _rules(settings: ServingSettings) -> UrgencyRules:
    if settings.urgency_rules is None:
        return built_in_rules()
    return load_rules(settings.urgency_rules)


if __name__ == "__main__":
    sys.exit(main())
