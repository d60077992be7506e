"""The digits networks beside their peers, in one run, as ratios.

    pip install torch==2.13.0 autograd scikit-learn
    python benchmarks/networks.py

Peers that are not installed are left out. One thread, CPU seconds, contestants take turns; the
first call of each is told apart. Accuracy is the mean over five seeds on a fifth kept back.
"""

import os

os.environ |= dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")

import statistics
import time
import warnings
from importlib.util import find_spec
from itertools import pairwise

import numpy as np

from gradcourse.autodiff import Tensor
from gradcourse.datasets import digits, split
from gradcourse.nn import FLATTEN, IMAGES_8X8, POOL, RELU, Conv3x3, Linear, Network, fit
from gradcourse.optimizers import Adam

X_TRAIN, X_TEST, Y_TRAIN, Y_TEST = split(*digits(), rng=np.random.default_rng(0))
EPOCHS, BATCH, RATE = 20, 32, 3e-3  # 45 steps an epoch: 900 steps
CNN_EPOCHS = 3


def ours(seed: int, layers: list | None = None, epochs: int = EPOCHS) -> float:
    """Train with gradcourse and return the accuracy."""
    rng = np.random.default_rng(seed)
    network = Network(layers or [Linear(64, 64), RELU, Linear(64, 32), RELU, Linear(32, 10)], rng)
    fit(network, X_TRAIN, Y_TRAIN, Adam(RATE), epochs, BATCH, rng=rng)
    return network.accuracy(X_TEST, Y_TEST)


def our_cnn(seed: int) -> float:
    """Train the small convolutional network with gradcourse."""
    layers = [
        IMAGES_8X8,
        Conv3x3(1, 8),
        RELU,
        POOL,
        Conv3x3(8, 16),
        RELU,
        POOL,
        FLATTEN,
        Linear(64, 10),
    ]
    return ours(seed, layers, CNN_EPOCHS)


def with_torch(seed: int, cnn: bool = False) -> float:
    """Train with torch, plain loops over slices: its DataLoader would be slower."""
    import torch
    from torch import nn

    torch.set_num_threads(1)
    torch.manual_seed(seed)
    body = [nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 10)]
    if cnn:
        body = [
            nn.Unflatten(1, (1, 8, 8)),
            nn.Conv2d(1, 8, 3, padding=1),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Conv2d(8, 16, 3, padding=1),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Flatten(),
            nn.Linear(64, 10),
        ]
    network = nn.Sequential(*body)
    optimizer = torch.optim.Adam(network.parameters(), lr=RATE)
    loss = nn.CrossEntropyLoss()
    x, y = torch.tensor(X_TRAIN, dtype=torch.float32), torch.tensor(Y_TRAIN)
    for _ in range(CNN_EPOCHS if cnn else EPOCHS):
        order = torch.randperm(len(x))
        x, y = x[order], y[order]
        for i in range(0, len(x), BATCH):
            optimizer.zero_grad()
            loss(network(x[i : i + BATCH]), y[i : i + BATCH]).backward()
            optimizer.step()
    with torch.no_grad():
        found = network(torch.tensor(X_TEST, dtype=torch.float32)).argmax(1).numpy()
    return float((found == Y_TEST).mean())


def with_autograd(seed: int) -> float:
    """Train with HIPS autograd on flat parameters and Adam written by hand."""
    import autograd.numpy as anp
    from autograd import grad

    rng, sizes = np.random.default_rng(seed), (64, 64, 32, 10)
    weights = [
        (rng.standard_normal((a, b)) * (2 / a) ** 0.5, np.zeros(b)) for a, b in pairwise(sizes)
    ]

    def predict(weights, x):
        for k, (W, b) in enumerate(weights):
            x = anp.dot(x, W) + b
            x = anp.maximum(x, 0) if k < 2 else x
        return x

    def loss(weights, x, y):
        z = predict(weights, x)
        z = z - anp.max(z, axis=1, keepdims=True)
        log_p = z - anp.log(anp.sum(anp.exp(z), axis=1, keepdims=True))
        return -anp.mean(log_p[np.arange(len(y)), y])

    slope, t = grad(loss), 0
    m = [(0 * W, 0 * b) for W, b in weights]
    v = [(0 * W, 0 * b) for W, b in weights]
    for _ in range(EPOCHS):
        order = rng.permutation(len(X_TRAIN))
        for i in range(0, len(order), BATCH):
            t, rows = t + 1, order[i : i + BATCH]
            g = slope(weights, X_TRAIN[rows], Y_TRAIN[rows])
            for layer in range(3):
                m[layer] = tuple(0.9 * a + 0.1 * b for a, b in zip(m[layer], g[layer], strict=True))
                v[layer] = tuple(
                    0.999 * a + 0.001 * b * b for a, b in zip(v[layer], g[layer], strict=True)
                )
                weights[layer] = tuple(
                    w - RATE * (a / (1 - 0.9**t)) / (np.sqrt(b / (1 - 0.999**t)) + 1e-8)
                    for w, a, b in zip(weights[layer], m[layer], v[layer], strict=True)
                )
    return float((predict(weights, X_TEST).argmax(1) == Y_TEST).mean())


def with_sklearn(seed: int) -> float:
    """Train scikit-learn's MLPClassifier."""
    from sklearn.neural_network import MLPClassifier

    model = MLPClassifier(
        (64, 32),
        alpha=0,
        batch_size=BATCH,
        learning_rate_init=RATE,
        max_iter=EPOCHS,
        random_state=seed,
        tol=0,
        n_iter_no_change=10**6,
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model.fit(X_TRAIN, Y_TRAIN)
    return model.score(X_TEST, Y_TEST)


def race(title: str, contestants: dict, rounds: int = 5) -> None:
    """Let all train once per seed, in turns, and print times, ratios and mean accuracy."""
    cold, warm, accuracy = {}, {n: [] for n in contestants}, {n: [] for n in contestants}
    for name, train in contestants.items():
        begin = time.process_time()
        train(0)
        cold[name] = time.process_time() - begin
    for seed in range(rounds):
        for name, train in contestants.items():
            begin = time.process_time()
            accuracy[name].append(train(seed))
            warm[name].append(time.process_time() - begin)
    best = statistics.median(warm["ours"])
    print(title)
    for name in contestants:
        took = statistics.median(warm[name])
        print(
            f"  {name:14} warm {took * 1e3:7.0f} ms = {took / best:5.1f} ×   cold "
            f"{cold[name] * 1e3:7.0f} ms = {cold[name] / cold['ours']:5.1f} ×   "
            f"accuracy {np.mean(accuracy[name]):.3f}"
        )


def deep_chain(n: int = 100_000) -> None:
    """A chain of n multiplications and additions, forward and backward."""
    x = Tensor(1.0)
    begin, y = time.process_time(), x
    for _ in range(n // 2):
        y = y * 1.00001 + 0.0
    y.backward()
    print(
        f"a chain of {n:,} operations: {time.process_time() - begin:.2f} s, gradient off by "
        f"{abs(x.grad - 1.00001 ** (n // 2)):.0e}"
    )


def epoch_memory() -> None:
    """The largest memory that Python holds during one epoch."""
    import tracemalloc

    rng = np.random.default_rng(0)
    network = Network([Linear(64, 64), RELU, Linear(64, 32), RELU, Linear(32, 10)], rng)
    fit(network, X_TRAIN, Y_TRAIN, Adam(RATE), 1, BATCH, rng=rng)
    tracemalloc.start()
    fit(network, X_TRAIN, Y_TRAIN, Adam(RATE), 1, BATCH, rng=rng)
    peak = tracemalloc.get_traced_memory()[1]
    print(f"one epoch of the digits network: at most {peak / 1e6:.2f} MB more than before")


if __name__ == "__main__":
    peers = {"torch": with_torch, "autograd": with_autograd, "sklearn": with_sklearn}
    here = {name: train for name, train in peers.items() if find_spec(name)}
    race("digits, 64-64-32-10, 900 steps of Adam, batch 32", {"ours": ours, **here})
    cnn = {"torch": lambda seed: with_torch(seed, cnn=True)} if "torch" in here else {}
    race(f"digits, small CNN, {45 * CNN_EPOCHS} steps", {"ours": our_cnn, **cnn})
    deep_chain()
    epoch_memory()
