"""`python -m api.documents FOLDER` writes the documents that clients are generated from, as JSON files."""

import json
import sys
from pathlib import Path

from api.app import create_app
from api.control.transitions import allowed_actions
from api.live.asyncapi import asyncapi_document
from api.projects.asyncapi import with_project_stream


def write_documents(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    documents = {
        "openapi": create_app().openapi(),
        "asyncapi": with_project_stream(asyncapi_document()),
        "allowed_actions": allowed_actions(),
    }
    for name, document in documents.items():
        (folder / f"{name}.json").write_text(json.dumps(document))


if __name__ == "__main__":
    write_documents(Path(sys.argv[1]))
