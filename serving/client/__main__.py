"""Asks a running service: `python -m serving.client --health | FILE… | predict --model NAME FILE`."""

import argparse
import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from google.protobuf.json_format import MessageToJson
from pydantic import ValidationError

from serving.client.diagnostic_client import HEALTH_TIMEOUT_S, DicomDiagnosticClient
from serving.client.errors import DiagnosisServiceError
from serving.client.pictures import save_pictures
from serving.client.predict_command import add_arguments, show_predictions
from serving.client.prediction_client import TablePredictionClient
from serving.client.settings import ClientSettings
from serving.client.text import diagnosis_text, health_text
from serving.v1 import diagnosis_pb2 as messages
from tracking_plugin.terminal_output import outlive_readers, plain

PREDICT = "predict"
_EPILOG = (
    "FOVEA_SERVING_HOST, _PORT, _TOKEN and _TLS_CERTIFICATE are read from the environment; the token "
    "has no flag, because every user can read those of a process."
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit status 0 if every file has a diagnosis, or the service is healthy; else 1."""
    outlive_readers()
    texts = list(sys.argv[1:] if arguments is None else arguments)
    try:
        if texts[:1] == [PREDICT]:
            return asyncio.run(_predict(_prediction_parser(ClientSettings()).parse_args(texts[1:])))
        return asyncio.run(_ask(build_parser(ClientSettings()).parse_args(texts)))
    except (DiagnosisServiceError, OSError) as error:
        print(plain(f"Error: {error}"), file=sys.stderr)
    except ValidationError as error:
        names = ", ".join(f"FOVEA_SERVING_{str(it['loc'][0]).upper()}" for it in error.errors())
        print(plain(f"Error: {names} cannot be read."), file=sys.stderr)
    except KeyboardInterrupt:
        print("Interrupted.", file=sys.stderr)
        return 130
    return 1


def build_parser(settings: ClientSettings) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m serving.client",
        description="Diagnose the images of one patient, or with --batch independent images. "
        f"`{PREDICT} --help` is about rows of tables.",
        epilog=_EPILOG,
    )
    _add_service(parser, settings)
    parser.add_argument("files", nargs="*", metavar="FILE", type=Path, help="image to diagnose")
    parser.add_argument("--health", action="store_true", help="ask for the state of the service")
    parser.add_argument("--batch", action="store_true", help="each FILE on its own")
    parser.add_argument(
        "--confidence-threshold",
        default=0.5,
        type=float,
        help="no diagnosis below it, from 0 to 1 [%(default)s]",
    )
    parser.add_argument("--segmentation", action="store_true", help="ask for masks")
    parser.add_argument("--gradcam", action="store_true", help="ask for a heat map")
    parser.add_argument(
        "--dicom",
        action="store_true",
        help="ask for heat map and masks of DICOM input as DICOM objects too",
    )
    parser.add_argument(
        "--output", type=Path, metavar="FOLDER", help="write heat maps, masks and objects there"
    )
    parser.add_argument("--jurisdiction", default="", help="of the urgency rules")
    return parser


def _prediction_parser(settings: ClientSettings) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog=f"python -m serving.client {PREDICT}",
        description="Predict the rows of a file by a registered model.",
        epilog=_EPILOG,
    )
    _add_service(parser, settings)
    add_arguments(parser)
    return parser


def _add_service(parser: argparse.ArgumentParser, settings: ClientSettings) -> None:
    parser.add_argument("--host", default=settings.host, help="of the service [%(default)s]")
    parser.add_argument("--port", default=settings.port, type=int, help="[%(default)s]")
    parser.add_argument(
        "--tls-certificate",
        default=settings.tls_certificate,
        type=Path,
        help="PEM file to trust; the connection then uses TLS",
    )
    parser.add_argument("--timeout", default=300.0, type=float, help="seconds [%(default)s]")
    parser.add_argument("--json", action="store_true", help="the whole answer as JSON")
    parser.set_defaults(token=settings.token)


async def _ask(given: argparse.Namespace) -> int:
    if bool(given.files) == given.health:
        print("Error: FILEs or --health were expected.", file=sys.stderr)
        return 2
    async with DicomDiagnosticClient(**_service(given)) as client:
        if given.health:
            return await _show_health(client, given)
        return await _show_diagnoses(client, given)


async def _predict(given: argparse.Namespace) -> int:
    async with TablePredictionClient(**_service(given)) as client:
        return await show_predictions(client, given)


def _service(given: argparse.Namespace) -> dict[str, Any]:
    """Where the service is, as the clients take it."""
    return {
        "host": given.host,
        "port": given.port,
        "token": given.token,
        "certificate": given.tls_certificate,
        "timeout_s": given.timeout,
    }


async def _show_health(client: DicomDiagnosticClient, given: argparse.Namespace) -> int:
    health = await client.health_check(timeout_s=min(given.timeout, HEALTH_TIMEOUT_S))
    _print(health_text(health), health, as_json=given.json)
    return 0 if health.is_healthy else 1


async def _show_diagnoses(client: DicomDiagnosticClient, given: argparse.Namespace) -> int:
    options = {
        "confidence_threshold": given.confidence_threshold,
        "include_segmentation": given.segmentation,
        "include_gradcam": given.gradcam,
        "include_dicom": given.dicom,
        "jurisdiction": given.jurisdiction,
    }
    names = [path.name for path in given.files]
    if not given.batch:
        diagnosis = await client.diagnose_patient(given.files, **options)
        _print(diagnosis_text(diagnosis, names), diagnosis, as_json=given.json)
        if given.output is not None:
            save_pictures(diagnosis, names, given.output)
        return 0
    num_failed = 0
    async for position, diagnosis in client.stream_batch(given.files, **options):
        _print(diagnosis_text(diagnosis, [names[position]]), diagnosis, as_json=given.json)
        if given.output is not None:
            save_pictures(diagnosis, [names[position]], given.output, first_number=position + 1)
        num_failed += diagnosis.HasField("error")
    return 1 if num_failed else 0


def _print(
    text: str, message: messages.Diagnosis | messages.HealthResponse, *, as_json: bool
) -> None:
    if as_json:
        text = MessageToJson(
            message, preserving_proto_field_name=True, always_print_fields_with_no_presence=True
        )
    for line in text.splitlines():
        print(plain(line))


if __name__ == "__main__":
    sys.exit(main())
