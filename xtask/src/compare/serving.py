"""Makes a Feast store of sixty features of ten thousand people, and turns into its Python server.

Called by `cargo xtask compare features` with an empty directory and a port. Writes `question.json`, the body that asks for all features of one
person, and then serves on the port until it is killed. The store is the one that Feast begins with: SQLite for what is served, a file for what is
defined.
"""

import json
import os
import sys
from datetime import timedelta
from pathlib import Path

import numpy
import pandas
from feast import Entity, FeatureStore, FeatureView, Field, FileSource, ValueType
from feast.types import Float64

PEOPLE = 10_000
FEATURES = 60
VIEW = "shopper"


def main():
    directory, port = Path(sys.argv[1]), sys.argv[2]
    (directory / "feature_store.yaml").write_text(
        "project: wink\nprovider: local\nregistry: registry.db\nentity_key_serialization_version: 3\n"
        "online_store:\n  type: sqlite\n  path: online.db\noffline_store:\n  type: file\n")
    names = [f"feature_{number}" for number in range(FEATURES)]
    chance = numpy.random.default_rng(1)
    rows = pandas.DataFrame(chance.lognormal(3.0, 1.0, (PEOPLE, FEATURES)), columns=names)
    rows["person"] = [f"person-{number}" for number in range(PEOPLE)]
    rows["at"] = pandas.Timestamp.now(tz="UTC")
    rows.to_parquet(directory / "rows.parquet")
    person = Entity(name="person", join_keys=["person"], value_type=ValueType.STRING)
    source = FileSource(path=str(directory / "rows.parquet"), timestamp_field="at")
    view = FeatureView(name=VIEW, entities=[person], ttl=timedelta(days=365), source=source,
        schema=[Field(name=name, dtype=Float64) for name in names])
    store = FeatureStore(repo_path=str(directory))
    store.apply([person, view])
    store.write_to_online_store(VIEW, rows)
    question = {"features": [f"{VIEW}:{name}" for name in names], "entities": {"person": ["person-7"]}}
    known = store.get_online_features(features=question["features"], entity_rows=[{"person": "person-7"}]).to_dict()
    if any(known[name] != [rows[name][7]] for name in names):
        raise SystemExit("the store does not give back what was written")
    (directory / "question.json").write_text(json.dumps(question))
    feast = Path(sys.executable).parent / "feast"
    os.chdir(directory)
    os.environ["FEAST_USAGE"] = "False"
    # A worker that is replaced drops its connections, and a rate of refusals is the rate of nothing.
    never = ["--max-requests", "0", "--max-requests-jitter", "0"]
    os.execv(feast, [str(feast), "serve", "--host", "127.0.0.1", "--port", port, "--no-access-log", *never])


if __name__ == "__main__":
    main()
