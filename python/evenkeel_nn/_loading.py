"""Loads the module of the library, in the way that suits its threads."""

from __future__ import annotations

import os

# A thread of OpenMP that waits is to sleep after half a millisecond, not after 15: else it takes time from the very
# thread that it waits for. OpenMP reads this once, while it is loaded (docs/library.md, "Threads").
SPINS = "10000"


def _load():
    wanted = not ({"GOMP_SPINCOUNT", "OMP_WAIT_POLICY"} & os.environ.keys())
    if wanted:
        os.environ["GOMP_SPINCOUNT"] = SPINS
    try:
        from evenkeel_nn import _native
    finally:
        if wanted:
            del os.environ["GOMP_SPINCOUNT"]
    try:
        has_avx2 = _native.has_avx2()
    except ValueError as error:  # EVENKEEL_ISA
        raise ImportError(str(error)) from None
    if not has_avx2:
        raise ImportError(
            f"evenkeel_nn: expected a processor with AVX2 (Intel since 2013, AMD since 2015), received "
            f"{_native.machine()}. On an emulated or virtual processor, choose a model that has it.")
    return _native


native = _load()
