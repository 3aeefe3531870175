"""Choosing and learning on the same rounds, beside Vowpal Wabbit's `--cb_explore_adf -q UA`."""

import numpy
from common import arguments, row, say, timed, wink
from vowpalwabbit import Workspace

ROUNDS = 50_000
ARMS = 10
FEATURES = 8


def main():
    directory, program = arguments()
    chance = numpy.random.default_rng(1)
    x = numpy.column_stack([numpy.ones(ROUNDS), chance.normal(size=(ROUNDS, FEATURES - 1))])
    weights = chance.normal(scale=0.3, size=(ARMS, FEATURES))
    outcomes = x @ weights.T + chance.normal(scale=0.5, size=(ROUNDS, ARMS))
    numpy.column_stack([x, outcomes]).astype("<f8").tofile(directory / "rounds.bin")
    (directory / "features").write_text(str(FEATURES))
    ours = wink(program, "bandit", directory)

    say("writing the rounds for Vowpal Wabbit")
    given = chance.integers(ARMS, size=ROUNDS)
    with open(directory / "rounds.vw", "w") as out:
        for features, arm, outcome in zip(x, given, outcomes):
            shared = " ".join(f"{place}:{value:.6f}" for place, value in enumerate(features))
            out.write(f"shared |U {shared}\n")
            for action in range(ARMS):
                cost = f"0:{-outcome[arm]:.6f}:{1 / ARMS} " if action == arm else ""
                out.write(f"{cost}|A a{action}\n")
            out.write("\n")
    settings = f"--cb_explore_adf -q UA --quiet -d {directory}/rounds.vw --cache_file {directory}/rounds.cache"
    # Text is read once, into a cache; what is timed reads the cache, predicts and learns.
    Workspace(f"{settings} -k").finish()
    _, seconds = timed(lambda: Workspace(settings).finish())
    per_second = lambda spent: ROUNDS / spent
    for name, target in (("softmax", 30), ("thompson", 3)):
        spent = ours[f"{name}_seconds"]
        ratio = seconds / spent
        row(f"bandit: {name}, choose and learn", per_second(spent), "rounds per CPU s", "Vowpal Wabbit",
            per_second(seconds), ratio, target, ratio >= target)
        row(f"bandit: {name}, mean outcome", ours[f"{name}_mean"], "", "chance", outcomes.mean(), None, None, None)


if __name__ == "__main__":
    main()
