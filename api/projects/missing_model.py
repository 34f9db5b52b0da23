"""Says why a project has no model that predicts rows, and what to do; does no I/O."""

from api.projects.records import Project
from api.projects.stages import PipelinePosition


def why_no_model(project: Project, position: PipelinePosition) -> str:
    """A sentence for a project without a version of its registered model."""
    settings = project.settings
    if settings.pretrained is not None:
        return (
            f"The project trains no model: it predicts with {settings.pretrained!r}. "
            "Ask that model, with POST /api/pretrained/predict"
        )
    if settings.engine is not None:
        return (
            f"The project is trained with {settings.engine}, whose model is measured but not "
            "kept: its predictions are in project/predictions.json of its run. Upload the table "
            "without `engine` for a model that can be asked"
        )
    if not position.status.is_end:
        return (
            "The project has no model yet. Its pipeline registers one in its last stage; "
            f"see GET /api/v1/projects/{project.project_id}/progress"
        )
    return (
        f"The pipeline of the project has ended as {position.status} and left no model. "
        f"{position.message.rstrip('.')}. Upload the table again, or choose another project"
    )


def how_to_diagnose(project: Project) -> str:
    """A sentence for a project of images, of which the diagnosis service serves one model."""
    return (
        "The project is of images, and has no rows to predict. Start the service with "
        f"`python -m serving --model {project.model_name}`, or with FOVEA_SERVING_MODEL, and send "
        "images to POST /api/v1/dicom/diagnose"
    )
