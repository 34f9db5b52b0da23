"""Control of runs that another framework trains; each module needs its framework, and nothing else does."""
