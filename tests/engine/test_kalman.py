import numpy as np
import pytest
from statsmodels.tsa.statespace.mlemodel import MLEModel

from engine.kalman import Hedge, follow

DELTA, NOISE = 1e-4, 1e-3


def make_belief(count=1):
    return Hedge(np.zeros((count, 2)), np.tile(np.eye(2), (count, 1, 1)), np.full(count, NOISE))


def test_three_sessions_are_those_of_the_golden():
    # engine.md 2.14.
    belief = make_belief()
    innovations, states = [], []

    for y, x in ((10.0, 5.0), (10.5, 5.2), (11.0, 5.6)):
        seen, belief = follow(belief, np.array([y]), np.array([x]), delta=DELTA)
        innovations.append((float(seen.error[0]), float(seen.variance[0])))
        states.append(belief.state[0].tolist())

    assert innovations[0] == pytest.approx((10.0, 26.0036003), rel=1e-8)
    assert states[0] == pytest.approx([0.3846006, 1.9230030], abs=5e-8)
    assert 10.0 - states[0][0] - 5.0 * states[0][1] == pytest.approx(0.0003846, abs=5e-8)
    assert innovations[1] == pytest.approx((0.1157840, 0.0064213), abs=5e-8)
    assert states[1] == pytest.approx([-0.3064590, 2.0746976], abs=5e-8)
    assert innovations[2][0] == pytest.approx(-0.3118477, abs=5e-8)


class DriftingLine(MLEModel):
    """The same model in the state space of statsmodels."""

    def __init__(self, y, x):
        super().__init__(y, k_states=2, k_posdef=2)
        self["design"] = np.stack([np.ones_like(x), x])[None]
        self["transition"] = self["selection"] = np.eye(2)
        self["state_cov"] = np.eye(2) * DELTA / (1.0 - DELTA)
        self["obs_cov"] = np.array([[NOISE]])
        self.ssm.initialize_known(np.zeros(2), np.eye(2) * (1.0 + DELTA / (1.0 - DELTA)))

    @property
    def start_params(self):
        return np.zeros(0)

    def update(self, params, **kwargs):
        pass


def test_innovations_are_those_of_statsmodels():
    rng = np.random.default_rng(5)
    x = 4.0 + np.cumsum(rng.normal(0.0, 0.01, 300))
    y = 0.5 + 0.8 * x + rng.normal(0.0, 0.02, 300)

    belief, errors, variances = make_belief(), [], []
    for each, other in zip(y, x, strict=True):
        seen, belief = follow(belief, np.array([each]), np.array([other]), delta=DELTA)
        errors.append(seen.error[0])
        variances.append(seen.variance[0])

    peer = DriftingLine(y, x).ssm.filter()
    np.testing.assert_allclose(errors, peer.forecasts_error[0], rtol=1e-8, atol=1e-12)
    np.testing.assert_allclose(variances, peer.forecasts_error_cov[0, 0], rtol=1e-8)
    np.testing.assert_allclose(belief.state[0], peer.filtered_state[:, -1], rtol=1e-8)


def test_a_pair_whose_prices_are_unknown_learns_nothing():
    both = make_belief(count=2)

    seen, after = follow(both, np.array([10.0, np.nan]), np.array([5.0, 5.0]), delta=DELTA)

    assert np.isnan(seen.score).tolist() == [False, True]
    assert np.isnan(seen.variance).tolist() == [False, True]
    assert after.state[1].tolist() == [0.0, 0.0]
    assert after.covariance[1].tolist() == np.eye(2).tolist()
    assert after.state[0, 1] > 1.9


def test_the_slope_of_an_innovation_is_the_one_before_it():
    belief = Hedge(np.array([[0.0, 0.7]]), np.eye(2)[None], np.array([NOISE]))

    seen, after = follow(belief, np.array([2.0]), np.array([1.0]), delta=DELTA)

    assert seen.slope.tolist() == [0.7]
    assert after.state[0, 1] > 0.7
