"""`notifier …`, or `python -m notifier …`."""

from __future__ import annotations

import sys

from notifier.cli.boundary import run


def main() -> None:
    """Run one command and exit with its code: 0 done, 1 failed, 2 bad input, 78 bad configuration."""
    sys.exit(run())


if __name__ == "__main__":
    main()
