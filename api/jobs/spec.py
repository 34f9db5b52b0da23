"""What is to be trained, and the command of the job that trains it."""

import shlex
from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, Field


class JobSpec(BaseModel):
    """As it was asked for; kept as JSON beside the run."""

    model_config = ConfigDict(frozen=True)

    recipe: str
    data: str | None = None
    params: Mapping[str, Any] = Field(default_factory=dict)
    workers: int = 1
    output_name: str | None = None


def command(spec: JobSpec, run_id: str) -> str:
    """One line for a shell: whatever a parameter holds, it stays one word."""
    words = [
        *("python", "-m", "training", "fit", "--run-id", run_id),
        *("--recipe", spec.recipe, "--launcher", "ray", "--workers", str(spec.workers)),
    ]
    if spec.data:
        words.append(f"--data={spec.data}")
    if spec.output_name:
        words.append(f"--register-as={spec.output_name}")
    for name, value in spec.params.items():
        words += _flag(name, value)
    return shlex.join(words)


def _flag(name: str, value: object) -> list[str]:
    flag = name.replace("_", "-")
    if isinstance(value, bool):
        return [f"--{flag}" if value else f"--no-{flag}"]
    # With "=", so that a value which begins with a dash is no flag.
    return [] if value is None else [f"--{flag}={value}"]
