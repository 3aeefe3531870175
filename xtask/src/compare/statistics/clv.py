"""BG/NBD, P(alive), expected purchases and gamma-gamma on a million simulated customers, beside lifetimes."""

from statistics import median

import numpy
import pandas
from common import arguments, row, say, timed, times_faster, wink
from lifetimes import BetaGeoFitter, GammaGammaFitter

CUSTOMERS = 1_000_000
# How often a prediction is asked of lifetimes; its first answer takes longer than those after it.
ROUNDS = 5
R, ALPHA, A, B = 0.6, 6.0, 0.9, 2.4
P, Q, GAMMA = 6.0, 4.0, 15.0


def customers(chance):
    """Customers who buy and leave as BG/NBD says, watched for 39 to 78 weeks; times are days, in weeks."""
    watched = chance.integers(39 * 7, 78 * 7, CUSTOMERS) / 7
    rate, leaves = chance.gamma(R, 1 / ALPHA, CUSTOMERS), chance.beta(A, B, CUSTOMERS)
    repeats, last = numpy.zeros(CUSTOMERS), numpy.zeros(CUSTOMERS)
    here = numpy.arange(CUSTOMERS)
    while len(here):
        at = last[here] + chance.exponential(1, len(here)) / numpy.maximum(rate[here], 1e-12)
        here, at = here[at < watched[here]], at[at < watched[here]]
        repeats[here] += 1
        last[here] = at
        here = here[chance.random(len(here)) >= leaves[here]]
    # What is bought lies on a day, the first of them a day after the first purchase at the earliest.
    last = numpy.where(repeats > 0, numpy.minimum(numpy.maximum(numpy.ceil(last * 7), 1) / 7, watched), 0)
    many = numpy.maximum(repeats, 1)
    spend = chance.gamma(P * many) / many / chance.gamma(Q, 1 / GAMMA, CUSTOMERS)
    return repeats, last, watched, spend


def main():
    directory, program = arguments()
    say(f"making {CUSTOMERS} customers")
    x, last, watched, spend = customers(numpy.random.default_rng(1))
    numpy.column_stack([x, last, watched, spend]).astype("<f8").tofile(directory / "customers.bin")
    ours = wink(program, "clv", directory)

    say("fitting with lifetimes")
    # Customers who look alike are one row with a weight, which is its way to be fast too. Counting them is no part of the fit on either side.
    different, weights = numpy.unique(numpy.column_stack([x, last, watched]), axis=0, return_counts=True)
    theirs, seconds = timed(lambda: BetaGeoFitter().fit(*different.T, weights=weights))
    times_faster(f"clv: BG/NBD fit to {len(different)} different", ours["fit_seconds"], "lifetimes", seconds, 40)
    row("clv: counting who looks alike", ours["cells_seconds"], "CPU s", "", None, None, None, None)
    apart = max(abs(theirs.params_[name] / own - 1) for name, own in zip(("r", "alpha", "a", "b"), ours["parameters"]))
    row("clv: parameters apart at most", apart, "share", "", None, None, 5e-4, apart < 5e-4)
    # Its own log-likelihood is a mean.
    lower = -theirs._negative_log_likelihood(
        numpy.log(theirs.params_.values), *different.T, weights, 0.0) * weights.sum()
    row("clv: log-likelihood", ours["log_likelihood"], "nats", "lifetimes", lower, None, None, None)

    same = BetaGeoFitter()
    same.params_ = theirs.params_
    # Its summary of transactions is a table of pandas, and its guide hands over the table's columns; bare arrays it takes as well.
    table = pandas.DataFrame({"frequency": x, "recency": last, "T": watched})
    columns = (table["frequency"], table["recency"], table["T"])
    alive = same.conditional_probability_alive(x, last, watched)
    of_columns, of_arrays = (
        median(timed(lambda: same.conditional_probability_alive(*given))[1] for _ in range(ROUNDS))
        for given in (columns, (x, last, watched)))
    times_faster("clv: P(alive)", ours["alive_seconds"], "lifetimes, of columns", of_columns, 10)
    for name, key in (("into new memory", "alive_seconds"), ("into memory that is there", "alive_again_seconds")):
        row(f"clv: P(alive), {name}", ours[key], "CPU s", "lifetimes, of bare arrays", of_arrays, of_arrays / ours[key], None, None)
    # Wink finds out once which times differ, for all that is predicted; lifetimes takes the columns as they are.
    found = ours["many_seconds"] + ours["alive_seconds"]
    row("clv: P(alive), with finding the different times", found, "CPU s", "lifetimes, of columns", of_columns,
        of_columns / found, None, None)
    row("clv: P(alive), one by one", ours["alive_each_seconds"], "CPU s", "lifetimes, of columns", of_columns,
        of_columns / ours["alive_each_seconds"], None, None)
    row("clv: writing as many numbers to new memory", ours["written_seconds"], "CPU s", "", None, None, None, None)
    apart = numpy.abs(numpy.fromfile(directory / "alive.bin", "<f8") - alive).max()
    row("clv: P(alive) apart at most", apart, "", "", None, None, 1e-3, apart < 1e-3)
    expected = same.conditional_expected_number_of_purchases_up_to_time(10, x, last, watched)
    seconds = median(
        timed(lambda: same.conditional_expected_number_of_purchases_up_to_time(10, *columns))[1]
        for _ in range(ROUNDS))
    times_faster("clv: purchases in 10 weeks", ours["expected_seconds"], "lifetimes", seconds, 10)
    found = ours["many_seconds"] + ours["expected_seconds"]
    times_faster("clv: purchases, with finding the different times", found, "lifetimes", seconds, 10)
    apart = numpy.nanmax(numpy.abs(numpy.fromfile(directory / "expected.bin", "<f8") - expected))
    row("clv: purchases apart at most", apart, "", "", None, None, 1e-2, apart < 1e-2)

    again = x > 0
    spent, seconds = timed(lambda: GammaGammaFitter().fit(x[again], spend[again]))
    times_faster("clv: gamma-gamma fit", ours["spend_seconds"], "lifetimes", seconds, 20)
    apart = max(abs(spent.params_[name] / own - 1) for name, own in zip(("p", "q", "v"), ours["spend_parameters"]))
    row("clv: gamma-gamma parameters apart at most", apart, "share", "", None, None, 5e-4, apart < 5e-4)


if __name__ == "__main__":
    main()
