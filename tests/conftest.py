"""What holds for every test."""

import signal

# A shell that starts the tests in the background leaves SIGINT ignored, also in what they start.
signal.signal(signal.SIGINT, signal.default_int_handler)
