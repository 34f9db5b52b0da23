"""Critical alerts: evaluates rules on the metrics of all runs, and records and publishes alerts."""
