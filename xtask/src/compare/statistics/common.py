"""What the comparisons of statistics share: running Wink's side, taking processor time, printing rows of the report."""

import json
import subprocess
import sys
import time
from pathlib import Path

import numpy


def arguments():
    """The directory to work in and Wink's program."""
    directory = Path(sys.argv[1])
    directory.mkdir(parents=True, exist_ok=True)
    return directory, sys.argv[2]


def wink(program, part, directory):
    """Runs a part of Wink's side over the tables in the directory."""
    said = subprocess.run([program, part, directory], check=True, capture_output=True, text=True)
    return json.loads(said.stdout)


def timed(compute):
    """Computes something, and tells how long this process had a processor for it, on all its threads."""
    begun = time.process_time()
    computed = compute()
    return computed, time.process_time() - begun


def say(text):
    print(text, file=sys.stderr, flush=True)


def row(name, value, unit, other, other_value, ratio, target, met):
    """One row: Wink's value, the other's, and whether what was asked for holds."""
    keys = ("name", "value", "unit", "limit_name", "limit_value", "ratio", "target", "met")
    told = (name, value, unit, other, other_value, ratio, target, met)
    plain = [one.item() if isinstance(one, numpy.generic) else one for one in told]
    print(json.dumps(dict(zip(keys, plain))), flush=True)


def times_faster(name, ours, other, theirs, target):
    """A row that says how many times faster Wink is than another, in processor time."""
    row(name, ours, "CPU s", other, theirs, theirs / ours, target, theirs / ours >= target)


def qini(effects, treated, outcomes):
    """The Qini coefficient as scikit-uplift computes it: the area between the curve and chance, as a share of the best curve's."""
    def area(order):
        control = numpy.cumsum(1 - treated[order])
        bought = numpy.cumsum(outcomes[order] * treated[order])
        others = numpy.cumsum(outcomes[order] * (1 - treated[order]))
        shown = numpy.cumsum(treated[order])
        curve = bought - numpy.divide(others * shown, control, out=numpy.zeros(len(order)), where=control > 0)
        places = numpy.arange(1, len(order) + 1)
        last = numpy.append(numpy.diff(effects[order]) != 0, True) if order is ranked else numpy.ones(len(order), bool)
        return numpy.trapezoid(numpy.append(0, curve[last]), numpy.append(0, places[last])), curve[-1]

    ranked = numpy.argsort(-effects, kind="stable")
    found, end = area(ranked)
    # The best order: who bought because of it first, then who did neither, and last who bought without.
    best, _ = area(numpy.argsort(-(outcomes * treated - outcomes * (1 - treated)), kind="stable"))
    chance = end * len(effects) / 2
    return (found - chance) / (best - chance)
