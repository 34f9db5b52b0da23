"""The entry point of Alembic: migrates the tables of api.storage.tables on a given connection."""

from alembic import context

from api.storage.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    version_table="fovea_alembic_version",
    # MLflow's own tables in the same database are none of ours.
    include_object=lambda _, name, kind, *__: kind != "table" or str(name).startswith("fovea_"),
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
