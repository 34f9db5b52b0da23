"""Runs a server in this process, as `mlflow server` would in two: `python -m api.server --app-name fovea …`.

It takes the options of `mlflow server`. `fovea serve` and `fovea hub` start it.
"""

import gc
import sys

import click

from api.errors import ApiError


def main() -> None:
    """Run the server; a refusal is one sentence on standard error."""
    # Collecting garbage while MLflow is imported takes a second, and there is hardly any yet.
    gc.disable()
    from mlflow.exceptions import MlflowException  # noqa: PLC0415

    from api.server.process import run_server  # noqa: PLC0415

    try:
        run_server(sys.argv[1:])
    except click.ClickException as error:
        print(f"fovea: {error.format_message()}", file=sys.stderr)
        sys.exit(error.exit_code)
    except (ApiError, MlflowException) as error:
        print(f"fovea: {error}", file=sys.stderr)
        sys.exit(1)


# A second worker process imports this module under another name.
if __name__ == "__main__":
    main()
