"""The program: python -m evenkeel_nn train ..., or the command evenkeel."""

from __future__ import annotations

import os
import sys


def main() -> None:
    from ._loading import SPINS, native

    # The program starts itself anew where these are absent; here it is a function, and OpenMP has been loaded so.
    if "OMP_WAIT_POLICY" not in os.environ:
        os.environ.setdefault("GOMP_SPINCOUNT", SPINS)
    sys.stdout.flush()
    sys.stderr.flush()
    sys.exit(native.program(["evenkeel", *sys.argv[1:]]))


if __name__ == "__main__":
    main()
