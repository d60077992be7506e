"""Networks: gradients by complex care, layers, training that ends with a word."""

import numpy as np
import pytest

from gradcourse import nn
from gradcourse.autodiff import Tensor
from gradcourse.clinic import Uphill
from gradcourse.datasets import digits, split
from gradcourse.differences import check_gradient, numerical_gradient
from gradcourse.losses import LogisticRegression
from gradcourse.nn import (
    ACTIVATIONS,
    FLATTEN,
    IMAGES_8X8,
    INITIALIZERS,
    POOL,
    RELU,
    BatchNorm,
    Conv3x3,
    Linear,
    Network,
    fit,
)
from gradcourse.optimizers import Adam, GradientDescent


def small(layers, seed=0):
    return Network(layers, np.random.default_rng(seed), dtype=np.float64)


NETWORKS = {
    "one layer": lambda: [Linear(6, 3)],
    **{name: (lambda f=f: [Linear(6, 5), f, Linear(5, 3)]) for name, f in ACTIVATIONS.items()},
    "batch norm": lambda: [Linear(6, 5), BatchNorm(5), ACTIVATIONS["tanh"], Linear(5, 3)],
}


@pytest.mark.parametrize("make", NETWORKS.values(), ids=NETWORKS)
def test_the_whole_gradient_is_that_of_differences(make):
    rng, network = np.random.default_rng(1), small(make())
    X, y = rng.normal(size=(7, 6)), rng.integers(0, 3, 7)
    network.theta += 0.1 * rng.normal(size=network.theta.size)  # away from biases at a kink
    begin = network.theta.copy()

    def loss(theta):
        network.theta[:] = theta
        return network.loss(X, y).item()

    estimated = numerical_gradient(loss, begin)
    network.theta[:] = begin
    _, grad = network.gradient(X, y)
    assert np.abs(grad - estimated).max() < 1e-7 * np.abs(estimated).max()


def test_a_convolutional_network_too():
    rng = np.random.default_rng(2)
    network = small(
        [IMAGES_8X8, Conv3x3(1, 2), RELU, POOL, Conv3x3(2, 3), RELU, POOL, FLATTEN, Linear(12, 4)]
    )
    network.theta += 0.1 * rng.normal(size=network.theta.size)
    X, y = rng.normal(size=(3, 64)), np.array([0, 3, 1])
    begin, (_, grad) = network.theta.copy(), network.gradient(X, y)
    grad = grad.copy()

    def loss(theta):
        network.theta[:] = theta
        return network.loss(X, y).item()

    assert check_gradient(loss, lambda theta: grad, begin, tolerance=1e-6).ok


def test_a_network_of_one_layer_is_logistic_regression():
    rng = np.random.default_rng(3)
    X, y = rng.normal(size=(20, 4)), rng.integers(0, 2, 20)
    network, model = small([Linear(4, 2)]), LogisticRegression(X, y)
    W, b = (tensor.data for tensor in network.parameters[0])
    theta = np.append(W[:, 1] - W[:, 0], b[1] - b[0])
    assert network.loss(X, y).item() == pytest.approx(float(model(theta)), rel=1e-12)


def test_all_parameters_lie_in_one_vector():
    network = small([Linear(3, 2), RELU, Linear(2, 2)])
    network.theta[:] = np.arange(14)
    assert network.parameters[0][0].data.tolist() == [[0, 1], [2, 3], [4, 5]]
    assert network.parameters[2][1].data.tolist() == [12, 13]
    _, grad = network.gradient(np.ones((1, 3)), np.array([0]))
    assert network.parameters[0][0].grad.base is grad


def test_huge_logits_do_not_overflow():
    with np.errstate(over="raise", invalid="raise"):
        loss = nn.cross_entropy(Tensor([[1e4, -1e4], [0.0, 1e4]]), np.array([1, 1]))
        assert loss.item() == pytest.approx(1e4)
        assert nn.softmax(np.array([1e4, 0.0])).tolist() == [1, 0]


@pytest.mark.parametrize("name", INITIALIZERS)
def test_initializers_have_the_spread_they_promise(name):
    W, b = Linear(200, 100, name).parameters(np.random.default_rng(0))
    wanted = {"zeros": 0, "too small": 0.01, "Xavier": (2 / 300) ** 0.5, "He": 0.1, "too large": 1}
    assert W.std() == pytest.approx(wanted[name], rel=0.02)
    assert not b.any()


def test_he_keeps_the_size_of_signals_through_twenty_relu_layers():
    rng = np.random.default_rng(0)
    spreads = {}
    for init in ("too small", "Xavier", "He", "too large"):
        layers = [layer for _ in range(20) for layer in (Linear(100, 100, init), RELU)]
        outputs = Network(layers, rng).activations(rng.normal(size=(50, 100)))
        spreads[init] = outputs[-1].data.std() / outputs[0].data.std()
    assert 0.2 < spreads["He"] < 5
    assert spreads["too small"] < 1e-12 < spreads["Xavier"] < 0.05
    assert spreads["too large"] > 1e12


def test_batch_norm_predicts_without_its_neighbors():
    rng = np.random.default_rng(0)
    network = small([Linear(4, 3), BatchNorm(3), RELU, Linear(3, 2)])
    X, y = 5 + 3 * rng.normal(size=(200, 4)), rng.integers(0, 2, 200)
    fit(network, X, y, GradientDescent(0.01), 5, 50, rng=rng)
    together = network.predict(X)
    assert np.allclose(together[:1], network.predict(X[:1]))
    before = network.predict(X)
    assert np.array_equal(network.predict(X), before)


def test_max_pool_gives_a_tie_to_the_first():
    x = Tensor(np.ones((1, 2, 2, 1)))
    nn.max_pool(x).sum().backward()
    assert x.grad[0, :, :, 0].tolist() == [[1, 0], [0, 0]]


def test_the_digits_are_learned_to_97_percent_over_five_seeds():
    X_train, X_test, y_train, y_test = split(*digits(), rng=np.random.default_rng(0))
    found = []
    for seed in range(5):
        rng = np.random.default_rng(seed)
        network = Network([Linear(64, 64), RELU, Linear(64, 32), RELU, Linear(32, 10)], rng)
        fit(network, X_train, y_train, Adam(3e-3), 20, 32, rng=rng)
        found.append(network.accuracy(X_test, y_test))
    assert np.mean(found) >= 0.97


# ---- fit
def data(n=60):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(n, 4))
    return X, (X[:, 0] > 0).astype(int)


def test_the_same_seed_trains_the_same_network():
    ends = []
    for _ in range(2):
        rng = np.random.default_rng(7)
        network = Network([Linear(4, 8), RELU, Linear(8, 2)], rng)
        fit(network, *data(), Adam(0.01), 3, 16, rng=rng)
        ends.append(network.theta)
    assert np.array_equal(*ends)


def test_history_has_an_entry_per_epoch_and_step_and_what_was_watched():
    rng = np.random.default_rng(0)
    network, (X, y) = Network([Linear(4, 2)], rng), data()
    history = fit(network, X, y, Adam(0.1), 4, 25, rng=rng, watch=lambda n: n.accuracy(X, y))
    assert (len(history.losses), len(history.step_losses), len(history.watched)) == (4, 12, 5)
    assert history.watched[-1] > 0.9
    assert history.stopped == "All 4 epochs were taken."
    assert repr(history).startswith("History(4 epochs, loss 0.")
    assert len(repr(history)) < 100


def test_history_knows_whether_an_epoch_began_downhill():
    rng = np.random.default_rng(0)
    history = fit(Network([Linear(4, 2)], rng), *data(), GradientDescent(0.1), 3, 25, rng=rng)
    assert len(history.promises) == 3
    assert max(history.promises) < 0
    uphill = fit(Network([Linear(4, 2)], rng), *data(), Uphill(0.1), 3, 25, rng=rng)
    assert min(uphill.promises) > 0


def test_what_has_faded_in_an_optimizers_memory_is_set_to_zero():
    memory = Adam().init(np.zeros(2, np.float32))
    memory.m[:] = 1e-35, 1e-20
    nn._flush_faded(memory)
    assert memory.m.tolist() == [0.0, np.float32(1e-20)]


def test_training_that_blows_up_ends_with_a_word():
    network = Network([Linear(4, 8), RELU, Linear(8, 2)], np.random.default_rng(0))
    X, y = data()
    history = fit(network, 1e18 * X, y, GradientDescent(1e6), 9, 8, rng=np.random.default_rng(0))
    assert history.stopped == "The loss stopped being finite in epoch 1."


def test_an_interrupt_keeps_what_was_learned():
    network = Network([Linear(4, 2)], np.random.default_rng(0))

    def interrupt(network):
        calls.append(1)
        if len(calls) > 3:
            raise KeyboardInterrupt

    calls = []
    history = fit(network, *data(), Adam(0.1), 9, rng=np.random.default_rng(0), watch=interrupt)
    assert history.stopped == "Interrupted in epoch 4."
    assert len(history.losses) == 3


def test_progress_is_one_line(capsys):
    rng = np.random.default_rng(0)
    fit(Network([Linear(4, 2)], rng), *data(), Adam(0.1), 3, rng=rng, show_progress=True)
    lines = capsys.readouterr().out.split("\r")
    assert lines[1].startswith("████████················ epoch 1 of 3, loss 0.")
    assert lines[3].startswith("████████████████████████ epoch 3 of 3, loss 0.")
    assert "".join(lines).count("\n") == 1


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        (lambda: nn.cross_entropy(Tensor(np.zeros((2, 3))), np.array([0, 3])), "lie from 0 to 2"),
        (lambda: nn.cross_entropy(Tensor(np.zeros((2, 3))), np.array([-1, 0])), "lie from 0 to 2"),
        (lambda: nn.cross_entropy(Tensor(np.zeros((2, 3))), [0.5, 1]), "2 whole numbers"),
        (lambda: Network([Linear(2, 2, "he")], np.random.default_rng(0)), "init must be one of"),
    ],
)
def test_bad_input_gets_one_sentence(wrong, sentence):
    with pytest.raises(ValueError, match=sentence):
        wrong()
