"""`notifier …`, or `python -m notifier …`."""

from __future__ import annotations

import gc
import sys
from typing import Final

from notifier.cli.boundary import run

COLLECT_AFTER: Final = 50_000
"""New objects between two looks for garbage; Python's own is 700. The rows of a batch all live until it is written, and
looking through them again and again took a sixth of an import."""


def main() -> None:
    """Run one command and exit with its code: 0 done, 1 failed, 2 bad input, 78 bad configuration."""
    gc.set_threshold(COLLECT_AFTER, 20, 20)
    code = run()
    gc.freeze()  # the interpreter's last look through all it has loaded costs 0.3 s, and finds only what ends anyway
    sys.exit(code)


if __name__ == "__main__":
    main()
