"""The input of an answer: the decoded files of a request, with the models' outputs and the explanations."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from serving.engine.protocol import ModelOutput
from serving.errors import ServingError
from serving.images.image import DecodedFile, Laterality
from serving.v1 import diagnosis_pb2 as pb


@dataclass(frozen=True, kw_only=True)
class ImageInput:
    """One file of a request: decoded and predicted, or with the error that prevented it."""

    position: int
    """In the request."""
    name: str = field(default="", repr=False)
    """Of the file. Only its laterality is read; it may hold a patient's name."""
    laterality: Laterality | None = None
    """From the request."""
    decoded: DecodedFile | None = None
    frame_numbers: Sequence[int] = ()
    """Of the decoded frames, in the file; empty if all frames of the file are there."""
    num_frames: int = 0
    """Of the file; 0 for the number of decoded frames."""
    outputs: Sequence[ModelOutput] = ()
    """One for each frame of the decoded file, in order."""
    quality: Sequence[Mapping[str, float]] = ()
    """Of a model of the quality, for each frame: probabilities by class. Empty without such a model."""
    error: ServingError | None = None
    """Why the file could not be decoded or predicted; the fields above may then be empty."""

    def number_of(self, position: int) -> int:
        """The number in the file of the decoded frame at `position`."""
        return self.frame_numbers[position] if self.frame_numbers else position

    def position_of(self, number: int) -> int:
        """The position among the decoded frames of the frame with that number in the file."""
        return self.frame_numbers.index(number) if self.frame_numbers else number


@dataclass(frozen=True, kw_only=True)
class Explanation:
    """The explanation of the answer about one file, for its worst frame and the class to explain."""

    heat_map: pb.HeatMap | None = None
    masks: Sequence[pb.Mask] = ()
    dicom_objects: Sequence[pb.DicomObject] = ()
