"""The depth explorer: what it computes, shows and says, without a browser."""

import numpy as np
import pytest

from gradcourse.explorers.depth import N_STEPS, deep_network, images, train
from gradcourse.nn import Linear


def test_the_first_norms_are_those_of_the_network():
    X, y = images()
    network = deep_network(5, "tanh", 1.3, norm=False)
    network.gradient(X, y)
    norms = [np.linalg.norm(some[0].grad) for some in network.parameters if some]
    assert np.allclose(train(5, "tanh", 1.3, 0.1, 100.0, False).start, norms)


def test_the_scale_multiplies_xaviers_weights():
    one, three = (deep_network(4, "ReLU", scale, norm=False) for scale in (1.0, 3.0))
    assert np.allclose(3 * one.parameters[0][0].data, three.parameters[0][0].data)


@pytest.mark.parametrize("norm", [False, True])
@pytest.mark.parametrize("depth", [1, 2, 12])
def test_there_is_a_point_for_each_layer(explorer, depth, norm):
    explorer.set(depth=depth, norm=norm)
    for name in ("start", "end", "signals"):
        assert explorer.artists[name].get_xdata().tolist() == list(range(1, depth + 1))
    network = deep_network(depth, "ReLU", 1.0, norm)
    assert sum(isinstance(layer, Linear) for layer in network.layers) == depth


def test_deep_sigmoids_vanish_and_batch_norm_brings_the_gradient_back(explorer):
    explorer.set(depth=10)
    first, last = explorer.result.training.start[0], explorer.result.training.start[-1]
    assert first < 1e-3 * last
    explorer.set(norm=True)
    assert 0.1 < explorer.result.training.start[0] / explorer.result.training.start[-1] < 10


def test_large_weights_explode_with_relu(explorer):
    explorer.set(activation="ReLU", depth=10, scale=5.0)
    assert explorer.result.training.start[0] > 1e4


def test_clipped_steps_are_no_longer_than_the_limit(explorer):
    explorer.set(activation="ReLU", scale=2.0, clip=0.5, learning_rate=0.1)
    assert explorer.result.training.clipped.any()
    assert f"{explorer.result.training.clipped.sum()} of them clipped" in explorer.sentence
    explorer.set(clip=100.0, scale=1.0)
    assert not explorer.result.training.clipped.any()


def test_at_every_extreme_the_numbers_stay_finite(explorer):
    for activation in ("ReLU", "tanh", "sigmoid"):
        explorer.set(activation=activation, depth=12, scale=10.0, learning_rate=3.0, clip=100.0)
        assert np.isfinite(explorer.result.training.losses).all()
        assert len(explorer.artists["loss"].get_xdata()) == N_STEPS + 1


def test_ten_layers_can_be_trained_and_reach_the_target(explorer):
    explorer.set(depth=10, activation="tanh", scale=1.2, learning_rate=0.1, norm=True)
    assert explorer.target_reached
