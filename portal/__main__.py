"""`python -m portal` is `vestibule`, also where the script is not on the PATH."""

from portal.cli import main

main(prog_name="vestibule")
