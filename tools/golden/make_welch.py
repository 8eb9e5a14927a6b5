#!/usr/bin/env python3
"""Writes tests/golden/welch.json: Welch's 95 % intervals by scipy. See README.md.

    python tools/golden/make_welch.py [--out tests/golden/welch.json]
"""

import argparse
import json
import random
from pathlib import Path

from scipy.stats import ttest_ind

SIZES = [(4, 4), (5, 5), (5, 12), (30, 7), (100, 100)]
SPREADS = [(0.004, 0.004), (0.03, 0.0001), (2.0, 5.0)]


def case(generator, sizes, spreads):
    a, b = ([round(generator.gauss(mean, spread), 6) for _ in range(size)] for mean, size, spread in zip((0.97, 0.98), sizes, spreads))
    result = ttest_ind(b, a, equal_var=False)
    interval = result.confidence_interval(0.95)
    return {"a": a, "b": b, "low": interval.low, "high": interval.high, "degrees_of_freedom": result.df}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--out", type=Path, default=Path(__file__).parents[2] / "tests/golden/welch.json")
    generator = random.Random(0)
    cases = [case(generator, sizes, spreads) for sizes in SIZES for spreads in SPREADS]
    # One sample without spread.
    constant = ttest_ind([0.5, 0.6, 0.55, 0.58], [0.4] * 4, equal_var=False)
    interval = constant.confidence_interval(0.95)
    cases.append({"a": [0.4] * 4, "b": [0.5, 0.6, 0.55, 0.58], "low": interval.low, "high": interval.high,
                  "degrees_of_freedom": constant.df})
    parser.parse_args().out.write_text("[\n" + ",\n".join(json.dumps(one) for one in cases) + "\n]\n")


main()
