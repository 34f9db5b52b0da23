"""Asks a running service: `python -m serving.client --health | FILE…`."""

import argparse
import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path

from google.protobuf.json_format import MessageToJson
from pydantic import ValidationError

from serving.client.diagnostic_client import HEALTH_TIMEOUT_S, DicomDiagnosticClient
from serving.client.errors import DiagnosisServiceError
from serving.client.pictures import save_pictures
from serving.client.settings import ClientSettings
from serving.client.text import diagnosis_text, health_text
from serving.v1 import diagnosis_pb2 as messages
from tracking_plugin.terminal_output import outlive_readers, plain


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit status 0 if every file has a diagnosis, or the service is healthy; else 1."""
    outlive_readers()
    try:
        given = build_parser(ClientSettings()).parse_args(arguments)
        return asyncio.run(_ask(given))
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
        description="Diagnose the images of one patient, or with --batch independent images.",
        epilog="FOVEA_SERVING_HOST, _PORT, _TOKEN and _TLS_CERTIFICATE are read from the environment; "
        "the token has no flag, because every user can read those of a process.",
    )
    parser.add_argument("files", nargs="*", metavar="FILE", type=Path, help="image to diagnose")
    parser.add_argument("--health", action="store_true", help="ask for the state of the service")
    parser.add_argument("--host", default=settings.host, help="of the service [%(default)s]")
    parser.add_argument("--port", default=settings.port, type=int, help="[%(default)s]")
    parser.add_argument(
        "--tls-certificate",
        default=settings.tls_certificate,
        type=Path,
        help="PEM file to trust; the connection then uses TLS",
    )
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
    parser.add_argument("--timeout", default=300.0, type=float, help="seconds [%(default)s]")
    parser.add_argument("--json", action="store_true", help="the whole answer as JSON")
    parser.set_defaults(token=settings.token)
    return parser


async def _ask(given: argparse.Namespace) -> int:
    if bool(given.files) == given.health:
        print("Error: FILEs or --health were expected.", file=sys.stderr)
        return 2
    client = DicomDiagnosticClient(
        given.host,
        given.port,
        token=given.token,
        certificate=given.tls_certificate,
        timeout_s=given.timeout,
    )
    async with client:
        if given.health:
            return await _show_health(client, given)
        return await _show_diagnoses(client, given)


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
