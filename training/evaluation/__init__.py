"""What a model is worth: metrics, intervals, calibration, and the report a clinician reads."""
