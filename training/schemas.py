"""The JSON files that `python -m training schema` writes for servers, which import no recipe."""

import json
from pathlib import Path
from typing import Any

import tracking_plugin
from training.config import EvaluateConfig
from training.evaluate import evaluate_classes
from training.recipes.registry import RECIPES, recipe_spec
from training.tables.leaks.known_tables import archived_tables
from training.tables.learners.hyperparameter import json_schema
from training.tables.learners.registry import LEARNERS

SHIPPED = Path(tracking_plugin.__file__).parent
RECIPE_SCHEMAS = SHIPPED / "recipes"
JOB_KIND_SCHEMAS = SHIPPED / "job_kinds"
LEARNER_SCHEMAS = SHIPPED / "learners"
ARCHIVED_TABLES = SHIPPED / "archived_tables.json"


def schemas() -> dict[Path, dict[str, Any]]:
    """What the package `tracking_plugin` ships, by path: schemas, and the tables of archives."""
    recipes = {
        RECIPE_SCHEMAS / f"{name}.json": recipe_spec(name).config_class.model_json_schema()
        for name in RECIPES
    }
    learners = {
        LEARNER_SCHEMAS / f"{name}.json": json_schema(learner.title, learner.hyperparameters())
        for name, learner in LEARNERS.items()
    }
    return {
        **recipes,
        **learners,
        JOB_KIND_SCHEMAS / "evaluate.json": evaluate_schema(),
        ARCHIVED_TABLES: archived_table_facts(),
    }


def write_schemas() -> None:
    for path, schema in schemas().items():
        path.parent.mkdir(exist_ok=True)
        path.write_text(json.dumps(schema, indent=2) + "\n")


def archived_table_facts() -> dict[str, Any]:
    """What a server needs to fetch the tables of archives and to train on them, by mission."""
    return {
        mission: {
            "name": table.name,
            "title": table.title,
            "label": table.label,
            "group": table.group,
            "file": table.archive.file,
            "url": table.archive.url,
        }
        for mission, table in archived_tables().items()
        if table.archive is not None
    }


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
