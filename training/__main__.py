"""The training program: `python -m training fit|evaluate|deliver|schema` (see `--help` of each)."""

import argparse
import json
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import mlflow

import tracking_plugin
from training.cli_options import add_flags, given_values
from training.config import EvaluateConfig, LaunchConfig
from training.errors import TrackingError, TrainingError
from training.evaluate import evaluate
from training.fit import fit
from training.job import SPOOL, work_dir
from training.logs import configure_logging
from training.recipes.registry import RECIPES, recipe_kind
from training.settings import TrainingSettings
from training.tracking.tracker import deliver

DELIVERY_TIMEOUT_S = 600.0
SHIPPED = Path(tracking_plugin.__file__).parent
RECIPE_SCHEMAS = SHIPPED / "recipes"
JOB_KIND_SCHEMAS = SHIPPED / "job_kinds"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; returns the exit status."""
    signal.signal(signal.SIGTERM, _interrupt)
    configure_logging()
    arguments = list(sys.argv[1:] if arguments is None else arguments)
    try:
        namespace = build_parser(_recipe_named_in(arguments)).parse_args(arguments)
        namespace.run(namespace)
    except TrainingError as error:
        print(f"Error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("Interrupted.", file=sys.stderr)
        return 130
    return 0


def build_parser(recipe: str) -> argparse.ArgumentParser:
    """The command line, with the flags of `recipe`."""
    parser = argparse.ArgumentParser(prog="python -m training", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="command")
    fit_parser = commands.add_parser("fit", help="train a model and record it as an MLflow run")
    add_flags(fit_parser, LaunchConfig, "launching")
    add_flags(fit_parser, recipe_kind(recipe).config_class, f"the {recipe} recipe")
    fit_parser.set_defaults(run=_fit)
    evaluate_parser = commands.add_parser("evaluate", help="score a finished run's best model")
    _add_evaluate_flags(evaluate_parser)
    evaluate_parser.set_defaults(run=_evaluate)
    schema_parser = commands.add_parser(
        "schema", help="write the JSON Schemas of the recipes and of the job kinds, for servers"
    )
    schema_parser.set_defaults(run=_write_schemas)
    deliver_parser = commands.add_parser(
        "deliver", help="send what an ended training could not deliver to the tracking server"
    )
    deliver_parser.add_argument("--run-id", required=True, help="the run it belongs to")
    deliver_parser.set_defaults(run=_deliver)
    return parser


def _fit(namespace: argparse.Namespace) -> None:
    launch = LaunchConfig.parse(given_values(namespace, LaunchConfig))
    config_class = recipe_kind(launch.recipe).config_class
    fit(launch, given_values(namespace, config_class), TrainingSettings())


def _evaluate(namespace: argparse.Namespace) -> None:
    given: dict[str, Any] = {}
    for config_class in _evaluate_classes().values():
        given |= given_values(namespace, config_class)
    evaluate(given, TrainingSettings())


def _deliver(namespace: argparse.Namespace) -> None:
    run_id: str = namespace.run_id
    spool_dir = work_dir(TrainingSettings().data_dir, run_id) / SPOOL
    if not spool_dir.is_dir():
        raise TrackingError(f"There is nothing to deliver: {spool_dir} does not exist.")
    deliver(run_id, mlflow.get_tracking_uri(), spool_dir, DELIVERY_TIMEOUT_S)


def _add_evaluate_flags(parser: argparse.ArgumentParser) -> None:
    """Add the flags of every recipe: the run to evaluate says which recipe it is of."""
    known: set[str] = set()
    for title, config_class in _evaluate_classes().items():
        add_flags(parser, config_class, title, but=known)
        known |= config_class.model_fields.keys()


def _evaluate_classes() -> dict[str, type[EvaluateConfig]]:
    """The options of `evaluate`, by the title under which `--help` lists them."""
    recipes = {f"the {name} recipe": kind.evaluate_class for name, kind in RECIPES.items()}
    return {"evaluation": EvaluateConfig, **recipes}


def _write_schemas(_: argparse.Namespace) -> None:
    for path, schema in schemas().items():
        path.parent.mkdir(exist_ok=True)
        path.write_text(json.dumps(schema, indent=2) + "\n")


def schemas() -> dict[Path, dict[str, Any]]:
    """The JSON Schemas that the package `tracking_plugin` ships, by path."""
    recipes = {
        RECIPE_SCHEMAS / f"{name}.json": kind.config_class.model_json_schema()
        for name, kind in RECIPES.items()
    }
    return {**recipes, JOB_KIND_SCHEMAS / "evaluate.json": evaluate_schema()}


def evaluate_schema() -> dict[str, Any]:
    """The options of `evaluate` for all recipes, without `job_run_id`, which the server gives."""
    schema = EvaluateConfig.model_json_schema()
    for kind in RECIPES.values():
        recipe_schema = kind.evaluate_class.model_json_schema()
        for part in ("$defs", "properties"):
            schema[part] = {**recipe_schema.get(part, {}), **schema.get(part, {})}
    del schema["properties"]["job_run_id"]
    del schema["properties"]["run_id"]["default"]
    return {**schema, "required": ["run_id"]}


def _recipe_named_in(arguments: Sequence[str]) -> str:
    finder = argparse.ArgumentParser(add_help=False)
    finder.add_argument("--recipe", default="")
    recipe: str = finder.parse_known_args(arguments)[0].recipe
    return recipe or str(LaunchConfig.model_fields["recipe"].default)


def _interrupt(_signal: int, _frame: object) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
