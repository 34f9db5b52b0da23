"""The pipeline of tables that do not fit into memory."""
