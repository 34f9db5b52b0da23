"""Settings with one meaning in all recipes for images; each recipe sets its own defaults."""

from typing import Annotated

from pydantic import Field

SkipBadImages = Annotated[bool, Field(description="leave unreadable images out and count them")]
BatchSize = Annotated[int, Field(ge=1, le=65_536, description="images per rank and micro-batch")]
MinLearningRate = Annotated[float, Field(ge=0, lt=10, description="where the half-cosine ends")]
WarmupEpochs = Annotated[float, Field(ge=0, le=1_000_000, description="epochs of linear warm-up")]
WeightDecay = Annotated[float, Field(ge=0, le=100, description="AdamW's weight decay")]
SmallestCrop = Annotated[float, Field(gt=0, le=1, description="least area a random crop keeps")]
VerticalFlip = Annotated[bool, Field(description="flip upside down at random")]
LoaderWorkers = Annotated[int, Field(ge=0, le=128, description="decoding processes per rank")]
ChannelsLast = Annotated[bool, Field(description="memory layout that convolutions prefer")]
PatientPattern = Annotated[
    str,
    Field(
        description="regular expression whose first group finds the patient in a file name, "
        "so that intervals are drawn over patients instead of images"
    ),
]
