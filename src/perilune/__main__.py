"""`python -m perilune`: the same as the command `perilune`."""

from perilune.cli.main import main

if __name__ == "__main__":
    main()
