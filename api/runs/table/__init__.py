"""The table of runs: filtered, sorted, grouped and compared by what they have logged."""
