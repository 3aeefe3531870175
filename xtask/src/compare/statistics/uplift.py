"""Hillstrom's women's e-mail and visits: rankings on random halves, beside scikit-learn's T-learner and causalml's DR-learner.

Each ranks the same halves by what it learned from the others, and the same Qini coefficient judges all. A fourth argument, `forest`, has
econml's causal forest rank them too, which takes longer than everything else together.
"""

import sys
from pathlib import Path

import numpy
import pandas
from common import arguments, qini, row, say, timed, wink

SPLITS = 20


def mailing():
    """The features of the published reference, whether the e-mail was sent, and whether a visit followed."""
    data = pandas.read_csv(Path(sys.argv[3]) / "hillstrom" / "hillstrom.csv.gz")
    data = data[data.segment.isin(["No E-Mail", "Womens E-Mail"])]
    features = numpy.column_stack([
        data.recency / 12, numpy.log1p(data.history) / 8, data.mens, data.womens, data.newbie,
        data.zip_code == "Urban", data.zip_code == "Surburban", data.channel == "Web", data.channel == "Phone",
    ]).astype("f8")
    return features, (data.segment == "Womens E-Mail").to_numpy().astype(int), data.visit.to_numpy().astype("f8")


def scikit_learn(train, test):
    from sklearn.linear_model import LogisticRegression

    x, given, outcome = train
    arms = [LogisticRegression(C=1.0).fit(x[given == arm], outcome[given == arm]) for arm in (0, 1)]
    without, with_it = (model.predict_proba(test[0])[:, 1] for model in arms)
    return with_it - without


def causalml(train, test):
    from causalml.inference.meta import BaseDRRegressor
    from lightgbm import LGBMRegressor

    x, given, outcome = train
    trees = LGBMRegressor(n_estimators=80, max_depth=3, n_jobs=1, verbose=-1, random_state=1)
    learner = BaseDRRegressor(learner=trees, control_name=0)
    learner.fit(X=x, treatment=given, y=outcome, p=numpy.full(len(given), given.mean()), seed=1)
    return learner.predict(X=test[0]).ravel()


def econml(train, test):
    from econml.dml import CausalForestDML
    from lightgbm import LGBMClassifier, LGBMRegressor

    x, given, outcome = train
    options = {"n_estimators": 80, "max_depth": 3, "n_jobs": 1, "verbose": -1, "random_state": 1}
    forest = CausalForestDML(
        model_y=LGBMRegressor(**options), model_t=LGBMClassifier(**options), discrete_treatment=True,
        n_estimators=200, min_samples_leaf=200, n_jobs=1, random_state=1)
    forest.fit(outcome, given, X=x)
    return forest.effect(test[0]).ravel()


def by_wink(part, directory, program):
    def rank(train, test):
        for name, (x, given, outcome) in (("train", train), ("test", test)):
            numpy.column_stack([x, given, outcome]).astype("<f8").tofile(directory / f"{name}.bin")
        told = wink(program, part, directory)
        return numpy.fromfile(directory / "effects.bin", "<f8"), told["cpu_seconds"]

    return rank


def main():
    directory, program = arguments()
    x, given, outcome = mailing()
    (directory / "features").write_text(str(x.shape[1]))
    peers = {"scikit-learn T": scikit_learn, "causalml DR": causalml}
    if "forest" in sys.argv[4:]:
        peers["econml forest"] = econml
    ours = {"Wink T": by_wink("t-learner", directory, program), "Wink DR": by_wink("dr-learner", directory, program)}
    areas, seconds = ({name: [] for name in peers | ours} for _ in range(2))
    for split in range(SPLITS):
        say(f"half {split + 1} of {SPLITS}")
        half = numpy.random.default_rng(split).random(len(given)) < 0.5
        train, test = ((x[side], given[side], outcome[side]) for side in (half, ~half))
        for name in peers | ours:
            if name in ours:
                effects, spent = ours[name](train, test)
            else:
                effects, spent = timed(lambda: peers[name](train, test))
            areas[name].append(qini(effects, test[1], test[2]))
            # What is imported at the first call is not the method's.
            if split or name in ours:
                seconds[name].append(spent)
    middle = {name: numpy.median(spent) for name, spent in seconds.items()}
    for own, other, target in (("Wink T", "scikit-learn T", 3), ("Wink DR", "causalml DR", 1)):
        ratio = middle[other] / middle[own]
        row(f"uplift: {own}, fit and score", middle[own], "CPU s", other, middle[other], ratio, target, ratio >= target)
    best = max(peers, key=lambda name: numpy.mean(areas[name]))
    least = numpy.mean(areas[best]) - numpy.std(areas[best], ddof=1) / numpy.sqrt(SPLITS)
    for name in peers | ours:
        mean = numpy.mean(areas[name])
        met = bool(mean >= least) if name in ours else None
        row(f"uplift: Qini of {name}", mean, "", f"{best} - 1 se", least, None, None, met)


if __name__ == "__main__":
    main()
