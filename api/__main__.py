"""`python -m api …` is the `fovea` command, for where its script is not on the path."""

from api.cli.main import main

if __name__ == "__main__":
    main()
