"""Known effects on half a million simulated people: how far estimates are from them, beside causalml's X-learner with LightGBM."""

import numpy
from causalml.inference.meta import BaseXRegressor
from common import arguments, row, say, timed, wink
from lightgbm import LGBMRegressor

PEOPLE = 500_000
FEATURES = 8


def people(chance):
    """People who visit with a probability of their own, which a treatment drawn by lot changes by an effect of their own."""
    x = chance.normal(size=(PEOPLE, FEATURES))
    given = (chance.random(PEOPLE) < 0.5).astype(int)
    usual = 0.10 + 0.05 / (1 + numpy.exp(-x[:, 0])) + 0.03 * (x[:, 1] > 0)
    effect = 0.02 + 0.05 / (1 + numpy.exp(-2 * x[:, 2])) + 0.02 * (x[:, 3] > 0.5)
    outcome = (chance.random(PEOPLE) < usual + given * effect).astype("f8")
    return x, given, outcome, effect


def main():
    directory, program = arguments()
    x, given, outcome, effect = people(numpy.random.default_rng(1))
    (directory / "features").write_text(str(FEATURES))
    for name in ("train.bin", "test.bin"):
        numpy.column_stack([x, given, outcome]).astype("<f8").tofile(directory / name)
    say("Wink's DR-learner")
    seconds = wink(program, "dr-learner", directory)["cpu_seconds"]
    far = lambda estimate: numpy.sqrt(numpy.mean((estimate - effect) ** 2))
    ours = far(numpy.fromfile(directory / "effects.bin", "<f8"))
    say("causalml's X-learner")
    learner = BaseXRegressor(learner=LGBMRegressor(n_jobs=1, verbose=-1, random_state=1), control_name=0)
    estimate, spent = timed(
        lambda: learner.fit_predict(X=x, treatment=given, y=outcome, p=numpy.full(PEOPLE, 0.5)).ravel())
    row("effects: error (PEHE)", ours, "", "causalml X", far(estimate), ours / far(estimate), 1, ours <= far(estimate))
    row("effects: fit and predict", seconds, "CPU s", "causalml X", spent, seconds / spent, 1, seconds <= spent)


if __name__ == "__main__":
    main()
