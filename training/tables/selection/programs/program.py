"""Fits and asks an engine in its own environment, which has nothing of Fovea.

    PYTHON program.py ENGINE fit MODEL_FOLDER WORK_FOLDER
    PYTHON program.py ENGINE predict MODEL_FOLDER WORK_FOLDER

`../engine_program.py` writes the work folder, and reads `report.json` and `predictions.npy` there.
"""

import importlib
import json
import sys
from pathlib import Path


def main() -> None:
    """Do what the arguments say; errors go into the report."""
    engine, action, model_folder, work = sys.argv[1:]
    try:
        # The folder of this file is where Python looks first.
        module = importlib.import_module(f"{engine}_program")
        work_on = module.fit if action == "fit" else module.predict
        report = work_on(Path(model_folder), Path(work))
    except ImportError:
        report = {"is_installed": False}
    # The edge of this process: the engine shows the error, without its text, which may have cells.
    except Exception as error:  # noqa: BLE001
        report = {"error": f"{type(error).__name__}."}
    (Path(work) / "report.json").write_text(json.dumps(report))


if __name__ == "__main__":
    main()
