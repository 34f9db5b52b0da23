"""What training refuses, in sentences: what was expected, what came, what to do."""


class TrainingError(Exception):
    """A failure whose message is written for the person who started the run; never retried."""


class ConfigError(TrainingError):
    """A setting is missing, of the wrong type or out of range."""


class DataError(TrainingError):
    """The data set is not what the recipe needs."""


class WeightsError(TrainingError):
    """A weights file does not fit the model it was given for."""


class CheckpointError(TrainingError):
    """A checkpoint could not be written, or is not one to go on from."""


class TrackingError(TrainingError):
    """The tracking server could not be reached, or refused what it was sent."""


class LaunchError(TrainingError):
    """The processes or accelerators asked for are not to be had."""


def first_line(error: BaseException) -> str:
    """What a foreign error says, in one line; its type where it says nothing."""
    lines = str(error).strip().splitlines()
    return lines[0] if lines else type(error).__name__
