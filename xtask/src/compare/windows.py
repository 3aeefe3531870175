"""Has Wink's fold and a query in DuckDB compute the same thirty-five windows over the same events, and compares time and answers.

Called by `cargo xtask compare features` with a directory, the fold's program and how many events there are to be. Both sides have the
events in columns before their time begins; time is what the processor worked for, on one thread each. Prints rows for the report.
"""

import json
import subprocess
import sys
import time
from pathlib import Path

import duckdb
import numpy

DAY = 86_400_000
NOW = 20_400 * DAY + DAY // 2
LANES = 64
ORDER = 5
ROUNDS = 3


def make(directory, events):
    """Makes events of a year before the instant, in the order of a journal: lane by lane, each by time."""
    chance = numpy.random.default_rng(1)
    people = max(events // 100, LANES)
    # Some come often and most rarely: shares of a lognormal.
    weight = chance.lognormal(0.0, 1.0, people)
    person = chance.choice(people, events, p=weight / weight.sum()).astype("<u4")
    at = NOW - chance.integers(0, 365 * DAY, events)
    kind = chance.choice(6, events, p=[0.35, 0.35, 0.1, 0.08, 0.07, 0.05]).astype("u1")
    cents = numpy.round(chance.lognormal(8.0, 0.8, events)).astype("<i8")
    order = numpy.lexsort((at, person % LANES))
    columns = {"person": person, "kind": kind, "happened": at.astype("<i8"), "cents": cents}
    columns = {name: column[order] for name, column in columns.items()}
    for name, column in columns.items():
        column.tofile(directory / f"{name}.bin")
    return people, columns


def query():
    """The windows, written by hand. A person of whom an event is not known has nothing to say of it."""
    over = lambda value, kind, days: f"{value} filter (kind = {kind} and day > today - {days})"
    known = lambda kind, value: f"case when count(*) filter (kind = {kind}) > 0 then {value} end"
    windows = {}
    for kind in range(6):
        for days in (7, 28, 90):
            windows[f"count_{kind}_{days}d"] = known(kind, over("count(*)", kind, days))
    windows["orders_365d"] = known(ORDER, over("count(*)", ORDER, 365))
    for days in (7, 28, 90, 365):
        windows[f"sales_{days}d"] = known(ORDER, f"coalesce({over('sum(cents)', ORDER, days)}, 0)")
    for days in (7, 28, 90):
        windows[f"viewed_{days}d"] = known(1, f"coalesce({over('sum(cents)', 1, days)}, 0)")
    windows["basket_365d"] = over("avg(cents)", ORDER, 365)
    windows["largest_365d"] = over("max(cents)", ORDER, 365)
    windows["cheapest_28d"] = over("min(cents)", 1, 28)
    for days in (28, 90):
        # A bit for each day back: a third faster than counting different days.
        windows[f"visit_days_{days}d"] = known(
            0, f"coalesce(bit_count({over('bit_or(1::hugeint << least(today - day, 120)::int)', 0, days)}), 0)")
    windows["last_basket"] = f"arg_max(cents, happened) filter (kind = {ORDER})"
    for name, kind in (("since_order", ORDER), ("since_viewed", 1), ("since_page", 0)):
        windows[name] = f"({NOW} - max(happened) filter (kind = {kind})) // {DAY}"
    columns = ", ".join(f"({value})::double as {name}" for name, value in windows.items())
    return list(windows), f"""
        create or replace table answer as select person, {columns}
        from (select *, happened // {DAY} as day, {NOW // DAY} as today from event) group by person
    """


def main():
    directory, fold, events = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
    print(f"making {events} events", file=sys.stderr)
    people, columns = make(directory, events)
    sql = duckdb.connect(config={"threads": 1})
    sql.register("given", columns)
    sql.execute("create table event as select * from given")
    names, text = query()
    ours, theirs = [], []
    for number in range(ROUNDS):
        print(f"round {number + 1} of {ROUNDS}", file=sys.stderr)
        begun = time.process_time()
        sql.execute(text)
        theirs.append(time.process_time() - begun)
        told = subprocess.run([fold, directory, str(people), str(NOW)], check=True, capture_output=True, text=True)
        told = json.loads(told.stdout)
        ours.append(told["cpu_seconds"])
    if told["features"] != names:
        raise SystemExit("the two sides do not compute the same features")
    answered = sql.execute("select * from answer order by person").fetchnumpy()
    wink = numpy.fromfile(directory / "wink.bin", "<f8").reshape(people, len(names))
    differ = 0
    for place, name in enumerate(names):
        said = numpy.full(people, numpy.nan)
        said[answered["person"]] = numpy.ma.filled(answered[name].astype("f8"), numpy.nan)
        differ += int((~numpy.isclose(wink[:, place], said, rtol=1e-9, atol=0, equal_nan=True)).sum())
    row = lambda **fields: print(json.dumps(fields))
    ratio = sorted(our / their for our, their in zip(ours, theirs))[ROUNDS // 2]
    row(name=f"windows: 35 over {events} events", value=sorted(ours)[ROUNDS // 2], unit="CPU s", limit_name="DuckDB",
        limit_value=sorted(theirs)[ROUNDS // 2], ratio=ratio, target=1.5, met=ratio <= 1.5)
    row(name=f"windows: differ, of {people * len(names)}", value=differ, unit="values", target=0, met=differ == 0)


if __name__ == "__main__":
    main()
