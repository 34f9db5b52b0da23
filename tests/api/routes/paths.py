"""The paths of the read API."""

PATHS_ABOUT_A_RUN = (
    "metrics/latest",
    "metrics/history",
    "metrics/performance/loss",
    "epochs",
    "epochs/1",
    "compare/epochs?epochs=1",
)
