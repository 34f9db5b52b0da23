"""`python -m api …` runs the `fovea` command, even if its script is not on the path."""

from api.cli.main import main

if __name__ == "__main__":
    main()
