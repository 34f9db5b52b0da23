"""The service on a fake engine, as a process that starts in a second: `python -m tests.serving.fake_service`."""

import asyncio

from serving.diagnosis.urgency import built_in_rules
from serving.images.pool import DecodePool
from serving.logs import configure_logging
from serving.server.metrics import Metrics
from serving.service import Service
from serving.settings import load_settings
from tests.serving.server.fake_tables import no_tables
from tests.serving.server.fakes import FakeEngine
from tests.serving.server.running import served_model


def main() -> None:
    configure_logging()
    settings = load_settings()
    service = Service(
        settings,
        engine=FakeEngine(served_model()),
        tables=no_tables(settings),
        pool=DecodePool(num_processes=2),
        rules=built_in_rules(),
        metrics=Metrics(),
    )
    asyncio.run(service.run())


if __name__ == "__main__":
    main()
