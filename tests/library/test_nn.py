"""Networks: gradients by complex care, layers, training that ends with a word."""

import copy
import pickle

import numpy as np
import pytest

from gradcourse import nn
from gradcourse.autodiff import Tensor
from gradcourse.clinic import Uphill
from gradcourse.datasets import digits, split
from gradcourse.diagnostics import snapshot, watch
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


# ---- what a network remembers is its own
def normalized(layers=None, seed=0, n_epochs=4):
    """A network with batch normalization, trained on some digits, and other digits."""
    X, y = digits()
    rng = np.random.default_rng(seed)
    layers = layers or [Linear(64, 16), BatchNorm(16), RELU, Linear(16, 10)]
    network = Network(layers, rng, dtype=np.float64)
    fit(network, X[:300], y[:300], Adam(0.01), n_epochs, 32, rng=rng)
    return network, X[300:400], y[300:400]


def test_two_networks_of_one_list_of_layers_do_not_know_of_each_other():
    layers = [Linear(64, 16), BatchNorm(16), RELU, Linear(16, 10)]
    first, X, _ = normalized(layers)
    before = first.predict(X)
    normalized(layers, seed=1)  # built and trained
    assert np.array_equal(first.predict(X), before)
    alone, _, _ = normalized(seed=0)
    assert np.array_equal(alone.predict(X), before)


LOOKS = {
    "snapshot": lambda network, X, y: snapshot(network, X, y),
    "watch": lambda network, X, y: watch(X, y)(network),
    "loss": lambda network, X, y: network.loss(X + 100, y),
    "gradient": lambda network, X, y: network.gradient(X + 100, y),
    "activations": lambda network, X, y: network.activations(X + 100),
    "call": lambda network, X, y: network(X + 100),
    "accuracy": lambda network, X, y: network.accuracy(X + 100, y),
    "predict": lambda network, X, y: network.predict(X + 100),
}


@pytest.mark.parametrize("look", LOOKS.values(), ids=LOOKS)
def test_looking_at_a_network_leaves_its_predictions_alone_bit_for_bit(look):
    network, X, y = normalized()
    before = network.predict(X)
    look(network, X, y)
    assert np.array_equal(network.predict(X), before)


def test_watching_a_training_does_not_change_what_is_learned():
    X, y = digits()
    ends = []
    for look in (None, watch(X[300:400] + 100, y[300:400])):
        rng = np.random.default_rng(0)
        network = Network([Linear(64, 8), BatchNorm(8), RELU, Linear(8, 10)], rng)
        fit(network, X[:300], y[:300], Adam(0.01), 3, 32, rng=rng, watch=look)
        ends.append(network.predict(X[400:500]))
    assert np.array_equal(*ends)


def test_a_step_of_training_moves_the_averages_if_it_says_so():
    network, X, y = normalized(n_epochs=0)
    before = network.predict(X)
    network.gradient(X, y, remember=True)
    mean, variance = network.averages[1]
    seen = network.activations(X)[1].data
    assert np.allclose(mean, 0.1 * seen.mean(axis=0))
    assert np.allclose(variance, 0.9 + 0.1 * seen.var(axis=0))
    assert not np.allclose(network.predict(X), before)


def test_batch_norm_of_images_goes_by_channel_in_training_and_in_use():
    rng = np.random.default_rng(0)
    network = small([IMAGES_8X8, Conv3x3(1, 2), BatchNorm(2), RELU, FLATTEN, Linear(128, 3)])
    X, y = rng.normal(size=(40, 64)), rng.integers(0, 3, 40)
    for _ in range(100):
        network.gradient(X, y, remember=True)
    assert [array.shape for array in network.averages[2]] == [(2,), (2,)]
    assert np.allclose(network.predict(X), network(X).data, atol=1e-3)


COPIES = {
    "copy": lambda network: network.copy(),
    "copy.copy": copy.copy,
    "deepcopy": copy.deepcopy,
    "pickle": lambda network: pickle.loads(pickle.dumps(network)),
}


@pytest.mark.parametrize("duplicate", COPIES.values(), ids=COPIES)
def test_a_copy_predicts_the_same_and_goes_its_own_way(duplicate):
    network, X, y = normalized()
    before = network.predict(X)
    twin = duplicate(network)
    assert np.array_equal(twin.predict(X), before)
    fit(twin, X, y, Adam(0.01), 2, 32, rng=np.random.default_rng(0))
    assert np.array_equal(network.predict(X), before)
    assert not np.allclose(twin.predict(X), before)
    twin.theta[:] = 0
    assert not twin.predict(X).any()


def test_early_stopping_by_copies_brings_back_the_best_network_whole():
    network, X, _ = normalized(n_epochs=0)
    data = digits()[0][:300], digits()[1][:300]
    look = lambda net: (net.copy(), net.predict(X))  # noqa: E731
    rng = np.random.default_rng(0)
    history = fit(network, *data, Adam(0.01), 3, 32, rng=rng, watch=look)
    for kept, predicted in history.watched:
        assert np.array_equal(kept.predict(X), predicted)


# ---- theta and grad may be set
def line():
    rng = np.random.default_rng(0)
    return small([Linear(4, 3), RELU, Linear(3, 2)]), rng.normal(size=(9, 4)), rng.integers(0, 2, 9)


def test_theta_can_be_set_as_the_lessons_write_it():
    network, X, y = line()
    other, _, _ = line()
    grad = network.gradient(X, y)[1]
    network.theta = network.theta - 0.1 * grad
    other.theta[:] -= 0.1 * other.gradient(X, y)[1]
    assert np.array_equal(network.predict(X), other.predict(X))
    network.theta -= 0.1 * network.gradient(X, y)[1]
    other.theta[:] = other.theta - 0.1 * other.gradient(X, y)[1]
    assert np.array_equal(network.predict(X), other.predict(X))


def test_theta_that_is_set_is_a_copy():
    network, X, _ = line()
    start, values = network.predict(X), np.ones_like(network.theta)
    network.theta = values
    before = network.predict(X)
    assert not np.array_equal(before, start)
    values[:] = 7
    assert np.array_equal(network.predict(X), before)


def test_a_parameters_data_can_be_set_and_theta_follows():
    network, X, _ = line()
    weights = network.parameters[0][0]
    weights.data = np.full((4, 3), 0.5)
    changed = network.predict(X)
    assert network.theta[:12].tolist() == [0.5] * 12
    assert np.array_equal(network.predict(X), changed)
    network.theta[:] = 0
    assert not network.predict(X).any()


@pytest.mark.parametrize("take_away", ["every parameter's", "one parameter's", "the network's"])
def test_a_gradient_set_to_none_comes_back(take_away):
    network, X, y = line()
    wanted = network.gradient(X, y)[1].copy()
    if take_away == "the network's":
        network.grad = None
    else:
        tensors = [tensor for some in network.parameters for tensor in some]
        for tensor in tensors if take_away.startswith("every") else tensors[:1]:
            tensor.grad = None
    assert np.array_equal(network.gradient(X, y)[1], wanted)
    assert np.array_equal(network.grad, wanted)


def test_a_loop_in_pytorchs_manner_works():
    network, X, y = line()
    wanted = network.gradient(X, y)[1].copy()
    for tensor in (tensor for some in network.parameters for tensor in some):
        tensor.grad = None
    network.loss(X, y).backward()
    assert np.allclose(network.grad, wanted, rtol=1e-12)
    network.grad *= 0.5
    assert np.allclose(network.parameters[0][0].grad.ravel(), 0.5 * wanted[:12])


def test_a_tensor_as_input_gets_slopes_of_its_own():
    network, X, y = line()
    pixels = Tensor(X)
    network.loss(pixels, y).backward()
    estimated = numerical_gradient(lambda x: network.loss(x, y).item(), X)
    assert np.allclose(pixels.grad, estimated, atol=1e-8)


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


def set_theta(values):
    network, _, _ = line()
    network.theta = values


def set_grad(values):
    network, _, _ = line()
    network.grad = values


def set_a_parameters_data(values):
    network, _, _ = line()
    network.parameters[0][0].data = values
    return network.theta


def fit_with(X=None, optimizer=None, rng=None):
    network, X_line, y = line()
    X = X_line if X is None else X
    return fit(network, X, y[: len(X)], optimizer or Adam(), 1, rng=rng or np.random.default_rng(0))


zeros = np.zeros
WRONG = {
    "a label too large": (
        lambda: nn.cross_entropy(Tensor(zeros((2, 3))), np.array([0, 3])),
        "lie from 0 to 2",
    ),
    "a label below 0": (
        lambda: nn.cross_entropy(Tensor(zeros((2, 3))), np.array([-1, 0])),
        "lie from 0 to 2",
    ),
    "labels that are no whole numbers": (
        lambda: nn.cross_entropy(Tensor(zeros((2, 3))), [0.5, 1]),
        "2 whole numbers",
    ),
    "init": (
        lambda: Network([Linear(2, 2, "he")], np.random.default_rng(0)),
        "init must be one of",
    ),
    "theta too short": (
        lambda: set_theta(zeros(5)),
        r"theta must have the shape \(23,\), but the new one has \(5,\)",
    ),
    "theta a number": (lambda: set_theta(0.0), r"theta must have the shape \(23,\)"),
    "grad too short": (lambda: set_grad(zeros(5)), r"grad must have the shape \(23,\)"),
    "a parameter's data": (
        lambda: set_a_parameters_data(zeros(3)),
        r"a parameter's data must have the shape \(4, 3\)",
    ),
    "loss of one sample": (
        lambda: line()[0].loss(zeros(4), 0),
        r"one row per sample, \(n, n_in\), but its shape is \(4,\).*write X\[None\]",
    ),
    "prediction of one sample": (lambda: line()[0].predict(zeros(4)), "one row per sample"),
    "too many features": (
        lambda: line()[0].predict(zeros((2, 5))),
        r"shapes \(2, 5\) @ \(4, 3\) do not fit",
    ),
    "accuracy with a column of labels": (
        lambda: line()[0].accuracy(zeros((2, 4)), zeros((2, 1), int)),
        "labels must be 2 whole numbers",
    ),
    "a pixel that is missing": (lambda: fit_with(X=[[0, 1, 2, np.nan]] * 4), "X contains nan at i"),
    "no samples": (lambda: fit_with(X=zeros((0, 4))), "X is empty; pass at least one number"),
    "no inputs": (lambda: Linear(0, 3), "n_in must be a whole number, 1 or more, but it is 0"),
    "no filters": (lambda: Conv3x3(1, 0), "n_out must be a whole number, 1 or more"),
    "batch norm of other columns": (
        lambda: small([Linear(4, 6), BatchNorm(1)]).predict(zeros((2, 4))),
        r"BatchNorm\(n=1\) needs 1 columns, but its input has the shape \(2, 6\)",
    ),
    "batch size": (
        lambda: fit(line()[0], *line()[1:], Adam(), 1, "all", rng=np.random.default_rng(0)),
        "batch_size must be a whole number",
    ),
}


@pytest.mark.parametrize(("wrong", "sentence"), WRONG.values(), ids=WRONG)
def test_bad_input_gets_one_sentence(wrong, sentence):
    with pytest.raises(ValueError, match=sentence):
        wrong()


RNG = np.random.default_rng(0)


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        (lambda: Network([3], RNG), r"layers\[0\] must be a layer of gradcourse.nn, but it is 3"),
        (lambda: Network(RELU, RNG), "layers must be a list of layers, but it is ReLU"),
        (lambda: Network([RELU, Linear], RNG), r"layers\[1\] must be a layer .* try Linear"),
        (lambda: Network([Linear(1, 1)], 0), "rng must be a numpy random generator, but it is 0"),
        (lambda: Network([Linear(1, 1)], RNG, int), "dtype must be a floating-point type"),
        (lambda: fit_with(optimizer=Adam), "optimizer must be a recipe from .* try GradientD"),
        (lambda: fit_with(optimizer=0.1), "optimizer must be a recipe from .*, but it is 0.1"),
    ],
)
def test_what_is_of_another_kind_gets_one_sentence(wrong, sentence):
    with pytest.raises(TypeError, match=sentence):
        wrong()


def test_a_network_of_images_can_be_pickled():
    network = small([IMAGES_8X8, Conv3x3(1, 2), POOL, FLATTEN, Linear(32, 10)])
    again = pickle.loads(pickle.dumps(network))
    X = np.random.default_rng(0).random((3, 64))
    assert np.array_equal(again.predict(X), network.predict(X))


def test_one_epoch_is_told_in_the_singular():
    assert fit_with().stopped == "The 1 epoch was taken."
