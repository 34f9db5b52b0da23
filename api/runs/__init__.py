"""The read API: what MLflow's stores hold of runs, as monitors show it."""
