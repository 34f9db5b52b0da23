"""The history of Fovea's own tables, which Alembic brings up to date."""
