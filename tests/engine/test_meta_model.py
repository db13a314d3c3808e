from dataclasses import fields, replace

import numpy as np
import pytest

from engine.calibration import Calibration, area_under_curve, calibrate
from engine.forest import Forest
from engine.meta_model import (
    Labelled,
    MetaModel,
    _area_within_folds,
    _calibrate_out_of_fold,
    train,
)

COUNT = 240


def make_labelled(*, edge, seed=4, count=COUNT):
    """Return overlapping trades of which the first feature tells so much."""
    rng = np.random.default_rng(seed)
    features = rng.normal(size=(count, 4))
    won = edge * features[:, 0] + rng.normal(size=count) > 0.0
    start = np.sort(rng.integers(0, 4 * count, count))
    return Labelled(
        features=features,
        start=start,
        end=start + 6,
        won=won,
        gain=np.where(won, 0.05, -0.03),
    )


def learn(labelled, *, folds=3, embargo=0.01, seed=1):
    return train(labelled, folds=folds, embargo=embargo, seed=seed)


def test_an_edge_is_found_out_of_fold_and_its_probabilities_beat_the_share_won():
    model = learn(make_labelled(edge=2.0))

    report = model.report
    assert (report["events"], report["events_scored_out_of_fold"]) == (COUNT, COUNT)
    assert report["auc"] > 0.75
    assert report["brier"] < report["brier_of_the_share_won"] - 0.03
    assert sum(row["events"] for row in report["reliability"]) == COUNT
    low, high = model.probability(np.array([[-2.0, 0, 0, 0], [2.0, 0, 0, 0]]))
    assert low < 0.3 < 0.7 < high


def test_noise_has_no_edge_out_of_fold():
    """In sample a forest finds one in anything; a mean over draws shows that none is reported."""
    areas = [learn(make_labelled(edge=0.0, seed=seed)).report["auc"] for seed in range(3)]

    assert np.mean(areas) == pytest.approx(0.5, abs=0.07)


def test_trades_that_overlap_the_fold_are_not_learnt_from():
    """Twins, one right behind the other, would tell each other's label across the folds."""
    base = make_labelled(edge=0.0, count=120)
    twins = Labelled(
        features=np.repeat(base.features, 2, axis=0),
        start=np.repeat(np.arange(120) * 2, 2),
        end=np.repeat(np.arange(120) * 2, 2) + 300,
        won=np.repeat(base.won, 2),
        gain=np.repeat(base.gain, 2),
    )

    assert learn(twins) is None
    assert learn(replace(twins, end=twins.start + 1)) is not None


def test_the_tables_say_all_that_the_model_does():
    base = make_labelled(edge=1.0, count=120)
    model = learn(base)

    tables = model.tables()

    names = [entry.name for entry in fields(Forest)]
    forest = Forest(**{name: tables[name] for name in names})
    calibration = Calibration(
        method=str(tables["calibration_method"]),
        score=tables["calibration_score"],
        probability=tables["calibration_probability"],
    )
    again = MetaModel(forest=forest, calibration=calibration, report={})
    told, kept = model.probability(base.features), again.probability(base.features)
    assert kept.tobytes() == told.tobytes()
    assert not any(table.dtype.hasobject for table in tables.values())


def test_one_class_alone_trains_nothing():
    base = make_labelled(edge=1.0)

    assert learn(replace(base, won=np.ones(COUNT, np.bool_))) is None


def test_the_seed_and_the_trades_decide_the_model():
    base = make_labelled(edge=1.0, count=120)
    grid = np.random.default_rng(0).normal(size=(20, 4))

    one, again, other = (learn(base, seed=seed).probability(grid) for seed in (1, 1, 2))

    assert one.tobytes() == again.tobytes()
    assert one.tobytes() != other.tobytes()


def test_probabilities_that_are_judged_come_from_the_other_folds():
    rng = np.random.default_rng(6)
    scores, won = rng.random(90), rng.random(90) < 0.5

    probability = _calibrate_out_of_fold(scores, won, folds=3)

    first, others = slice(0, 30), slice(30, 90)
    told = calibrate(scores[others], won[others]).apply(scores[first])
    assert probability[first].tolist() == told.tolist()


def test_a_fold_is_judged_by_the_order_within_it():
    """Two folds, each in perfect order, one scored far above the other: pooled it would be 3/4."""
    scores, won = np.array([0.8, 0.9, 0.1, 0.2]), np.array([False, True, False, True])

    assert area_under_curve(scores, won) == 0.75
    assert _area_within_folds(scores, won, folds=2) == 1.0
    assert _area_within_folds(scores, ~won, folds=2) == 0.0
    assert _area_within_folds(scores, won, folds=4) is None
