"""The evaluation of classifiers: metrics, intervals, calibration and the clinical report."""
