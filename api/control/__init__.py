"""Commands to runs: what is desired of each run, what it reports, and the link between the two."""
