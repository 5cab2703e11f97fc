"""`python -m mhrules` is the command `mhrules`."""

from __future__ import annotations

from mhrules.cli.main import main

if __name__ == "__main__":
    main(prog_name="mhrules")
