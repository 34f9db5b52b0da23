"""The pages: the dashboard at `/monitor/`, and the panel inside MLflow's own pages."""
