"""The training program: `python -m training fit|evaluate|scan|tstr|deliver|schema` (see `--help` of each)."""

import argparse
import signal
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from tracking_plugin.data_folder import make_data_folder
from tracking_plugin.data_roots import DataRoots
from tracking_plugin.server_address import without_credentials
from tracking_plugin.terminal_output import outlive_readers, plain
from training.cli_options import add_flags, given_values
from training.config import EvaluateConfig, LaunchConfig
from training.errors import ConfigError, TrackingError, TrainingError
from training.fit import fit
from training.job import SPOOL, work_dir
from training.logs import configure_logging
from training.recipes.registry import recipe_spec
from training.recording.run_record import find_run
from training.recording.tracking_server import open_tracking_server
from training.settings import TrainingSettings
from training.socket_paths import keep_socket_paths_short
from training.tracking.tracker import deliver

DELIVERY_TIMEOUT_S = 600.0


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; returns the exit status."""
    signal.signal(signal.SIGTERM, _interrupt)
    if signal.getsignal(signal.SIGHUP) is signal.SIG_DFL:
        # The terminal was closed, and nohup was not asked for.
        signal.signal(signal.SIGHUP, _interrupt)
    configure_logging()
    keep_socket_paths_short()
    arguments = list(sys.argv[1:] if arguments is None else arguments)
    try:
        parser = build_parser(_recipe_named_in(arguments), arguments[0] if arguments else "")
        namespace = parser.parse_args(arguments)
        namespace.run(namespace)
    except TrainingError as error:
        print(plain(without_credentials(f"Error: {error}")), file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("Interrupted.", file=sys.stderr)
        return 130
    return 0


def build_parser(recipe: str, command: str | None = None) -> argparse.ArgumentParser:
    """The command line, with the flags of `recipe`; with a `command`, only that one has flags.

    The flags of some commands need torch, which the others do without.
    """
    parser = argparse.ArgumentParser(prog="python -m training", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="command")

    def add(name: str, text: str, run: Callable[[argparse.Namespace], None]) -> Any:
        command_parser = commands.add_parser(name, help=text)
        command_parser.set_defaults(run=run)
        return command_parser if command in (None, name) else None

    if fit_parser := add("fit", "train a model and record it as an MLflow run", _fit):
        add_flags(fit_parser, LaunchConfig, "launching")
        add_flags(fit_parser, recipe_spec(recipe).config_class, f"the {recipe} recipe")
    if evaluate_parser := add("evaluate", "score a finished run's best model", _evaluate):
        _add_evaluate_flags(evaluate_parser)
    if scan_parser := add("scan", "list what a data set has, leaves out and has twice", _scan):
        scan_parser.add_argument(
            "--data", required=True, help="folder with train|val|test/<class>/"
        )
    if tstr_parser := add("tstr", "train on synthetic images and test on real ones", _tstr):
        _add_tstr_flags(tstr_parser)
    if import_parser := add(
        "import", "turn settings of kohya's scripts or ai-toolkit into a command", _import
    ):
        import_parser.add_argument("file", help="a .toml of kohya's scripts or .yaml of ai-toolkit")
    add("schema", "write the JSON Schemas of the recipes and of the job kinds", _write_schemas)
    if deliver_parser := add("deliver", "send the undelivered records of an ended run", _deliver):
        deliver_parser.add_argument("--run-id", required=True, help="the run of the records")
    return parser


def _fit(namespace: argparse.Namespace) -> None:
    launch = LaunchConfig.parse(given_values(namespace, LaunchConfig))
    config_class = recipe_spec(launch.recipe).config_class
    fit(launch, given_values(namespace, config_class), _settings())


def _evaluate(namespace: argparse.Namespace) -> None:
    from training.evaluate import evaluate, evaluate_classes  # noqa: PLC0415

    given = given_values(namespace, EvaluateConfig)
    for config_class in evaluate_classes().values():
        given |= given_values(namespace, config_class)
    evaluate(given, _settings())


def _settings() -> TrainingSettings:
    """The settings, with the data folder made for its owner alone."""
    settings = TrainingSettings()
    try:
        make_data_folder(settings.data_dir)
    except OSError as error:
        raise ConfigError(
            f"The data folder {settings.data_dir.absolute()} cannot be made ({error.strerror}): "
            "name another one with FOVEA_DATA_DIR."
        ) from None
    return settings


def _scan(namespace: argparse.Namespace) -> None:
    from training.data.full_scan import print_full_scan  # noqa: PLC0415
    from training.process import current_process  # noqa: PLC0415

    root = Path(namespace.data).expanduser()
    roots = DataRoots(TrainingSettings().data_roots)
    print_full_scan(root, roots, current_process(use_gpu=False))


def _tstr(namespace: argparse.Namespace) -> None:
    from training.diffusion.quality.synthetic_training import train_on_synthetic  # noqa: PLC0415
    from training.diffusion.quality.tstr_config import TstrConfig  # noqa: PLC0415

    train_on_synthetic(given_values(namespace, TstrConfig), _settings())


def _import(namespace: argparse.Namespace) -> None:
    from training.recipes.diffusion.imported import (  # noqa: PLC0415
        command_line,
        import_settings,
    )

    settings, lines = import_settings(Path(namespace.file))
    print(plain(command_line(settings)))
    for line in lines:
        print(plain(line), file=sys.stderr)


def _deliver(namespace: argparse.Namespace) -> None:
    run_id: str = namespace.run_id
    tracking_uri = open_tracking_server()
    run_id = find_run(tracking_uri, run_id).info.run_id
    spool_dir = work_dir(TrainingSettings().data_dir, run_id) / SPOOL
    if not spool_dir.is_dir():
        raise TrackingError(f"There is nothing to deliver: {spool_dir} does not exist.")
    deliver(run_id, tracking_uri, spool_dir, DELIVERY_TIMEOUT_S)


def _write_schemas(_: argparse.Namespace) -> None:
    from training.schemas import write_schemas  # noqa: PLC0415

    write_schemas()


def _add_evaluate_flags(parser: argparse.ArgumentParser) -> None:
    """Add the flags of every recipe, because only the run says which recipe it is of."""
    from training.evaluate import evaluate_classes  # noqa: PLC0415

    add_flags(parser, EvaluateConfig, "evaluation")
    known = set(EvaluateConfig.model_fields)
    for recipe, config_class in evaluate_classes().items():
        add_flags(parser, config_class, f"the {recipe} recipe", but=known)
        known |= config_class.model_fields.keys()


def _add_tstr_flags(parser: argparse.ArgumentParser) -> None:
    from training.diffusion.quality.tstr_config import TstrConfig  # noqa: PLC0415

    add_flags(parser, TstrConfig, "training on synthetic images")


def _recipe_named_in(arguments: Sequence[str]) -> str:
    finder = argparse.ArgumentParser(add_help=False)
    finder.add_argument("--recipe", default="")
    recipe: str = finder.parse_known_args(arguments)[0].recipe
    return recipe or str(LaunchConfig.model_fields["recipe"].default)


def _interrupt(_signal: int, _frame: object) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    outlive_readers()
    sys.exit(main())
