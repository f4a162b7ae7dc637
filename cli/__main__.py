"""`python -m cli` is `virtubar`."""

from cli.app import main

main()
