"""The errors of the training program, whose messages say what was expected, what came and what to do."""


class TrainingError(Exception):
    """An error with a message for the person who started the run; it is never retried."""


class ConfigError(TrainingError):
    """A setting is missing, of the wrong type or out of range."""


class DataError(TrainingError):
    """The data set does not fit the recipe."""


class WeightsError(TrainingError):
    """A weights file does not fit the model it was given for."""


class CheckpointError(TrainingError):
    """A checkpoint could not be written, or a training cannot resume from it."""


class StorageError(TrainingError):
    """A disk of the machine that trains has no room."""


class TrackingError(TrainingError):
    """The tracking server could not be reached, or refused a request."""


class LaunchError(TrainingError):
    """The requested processes or accelerators are not available."""


def first_line(error: BaseException) -> str:
    """The first line of the message of a foreign error, or its type if it has no message."""
    lines = str(error).strip().splitlines()
    return lines[0] if lines else type(error).__name__
