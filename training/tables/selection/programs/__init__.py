"""The parts of other engines that run in the environments of these engines."""
