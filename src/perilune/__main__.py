"""`python -m perilune` is `perilune`."""

from perilune.cli.main import main

main()
