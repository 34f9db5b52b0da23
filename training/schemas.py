"""The JSON Schemas that `python -m training schema` writes for servers, which import no recipe."""

import json
from pathlib import Path
from typing import Any

import tracking_plugin
from training.config import EvaluateConfig
from training.evaluate import evaluate_classes
from training.recipes.registry import RECIPES, recipe_spec

SHIPPED = Path(tracking_plugin.__file__).parent
RECIPE_SCHEMAS = SHIPPED / "recipes"
JOB_KIND_SCHEMAS = SHIPPED / "job_kinds"


def schemas() -> dict[Path, dict[str, Any]]:
    """The schemas that the package `tracking_plugin` ships, by path."""
    recipes = {
        RECIPE_SCHEMAS / f"{name}.json": recipe_spec(name).config_class.model_json_schema()
        for name in RECIPES
    }
    return {**recipes, JOB_KIND_SCHEMAS / "evaluate.json": evaluate_schema()}


def write_schemas() -> None:
    for path, schema in schemas().items():
        path.parent.mkdir(exist_ok=True)
        path.write_text(json.dumps(schema, indent=2) + "\n")


def evaluate_schema() -> dict[str, Any]:
    """The options of `evaluate` of all recipes, without `job_run_id`, which the server sets."""
    schema = EvaluateConfig.model_json_schema()
    for config_class in evaluate_classes().values():
        recipe_schema = config_class.model_json_schema()
        for part in ("$defs", "properties"):
            schema[part] = {**recipe_schema.get(part, {}), **schema.get(part, {})}
    del schema["properties"]["job_run_id"]
    del schema["properties"]["run_id"]["default"]
    return {**schema, "required": ["run_id"]}
