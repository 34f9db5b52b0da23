"""What people look at: the dashboard at `/monitor/`, and the panel inside MLflow's own pages."""
