"""Gradients and descents beside their peers, in one run, as ratios.

    python benchmarks/core.py

Peers that are not installed (scipy, torch) are left out with a word. One thread, CPU seconds,
contestants take turns, medians; what is printed is how many times a peer's time ours takes less.
"""

import os

os.environ |= dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")

import statistics
import subprocess
import sys
import time
from importlib.util import find_spec

import numpy as np

from gradcourse import descend, landscapes, numerical_gradient, optimizers
from gradcourse.curvature import BFGS, NaturalGradient, Newton
from gradcourse.losses import GaussianFit, LogisticRegression


def rosenbrock(x: np.ndarray) -> np.ndarray:
    """The n-dimensional valley; the coordinates are on axis 0, so many points fit in one call."""
    return (100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2).sum(axis=0)


def one_by_one(f, point, h=1e-7):
    """Return central differences as the articles write them: copy, move and call."""
    gradient = np.zeros_like(point)
    for i in range(len(point)):
        plus, minus = point.copy(), point.copy()
        plus[i] += h
        minus[i] -= h
        gradient[i] = (f(plus) - f(minus)) / (2 * h)
    return gradient


def seconds(contestants: dict, rounds: int = 15, repeats: int = 3) -> dict[str, float]:
    """Return the median CPU seconds of each; they take turns, so that load hits all alike."""
    for run in contestants.values():
        run()  # the first call is not the one that counts
    times = {name: [] for name in contestants}
    for _ in range(rounds):
        for name, run in contestants.items():
            begin = time.process_time()
            for _ in range(repeats):
                run()
            times[name].append((time.process_time() - begin) / repeats)
    return {name: statistics.median(values) for name, values in times.items()}


def show(title: str, contestants: dict, repeats: int = 3) -> None:
    """Print a line: our time, and how many times longer each peer takes."""
    measured = seconds(contestants, repeats=repeats)
    ours = measured.pop("ours")
    ratios = "   ".join(f"{name} {peer / ours:.1f}×" for name, peer in measured.items())
    print(f"{title:44}{ours * 1e3:8.3f} ms   {ratios}")


def differences() -> None:
    """Central differences in 10, 100 and 1000 dimensions."""
    for n, repeats in {10: 100, 100: 20, 1000: 3}.items():  # turns of some milliseconds each
        x = np.random.default_rng(n).standard_normal(n)
        contestants = {
            "ours": lambda x=x: numerical_gradient(rosenbrock, x),
            "article's loop": lambda x=x: one_by_one(rosenbrock, x),
        }
        if find_spec("scipy"):
            from scipy.optimize._numdiff import approx_derivative

            contestants["scipy 3-point"] = lambda x=x: approx_derivative(rosenbrock, x)
        show(f"central differences, n = {n}", contestants, repeats)
        exact = numerical_gradient(rosenbrock, x, scheme="complex")
        error = np.abs(numerical_gradient(rosenbrock, x) - exact).max() / np.abs(exact).max()
        print(f"{'':44}relative error {error:.1e}")


def torch_path(make, start):
    """Return 200 steps of a torch optimizer on Rosenbrock's valley, the path kept."""
    import torch

    theta = torch.tensor(start, dtype=torch.float64, requires_grad=True)
    optimizer, path = make([theta]), [start]
    for _ in range(200):
        optimizer.zero_grad()
        x, y = theta
        ((1 - x) ** 2 + 100 * (y - x * x) ** 2).backward()
        optimizer.step()
        path.append(theta.detach().clone())
    return path


def paths() -> None:
    """One path of 200 steps through the public `descend`."""
    valley = landscapes.rosenbrock()
    pairs = {
        "GradientDescent": (optimizers.GradientDescent(1e-3), "SGD", {"lr": 1e-3}),
        "Momentum": (optimizers.Momentum(1e-4), "SGD", {"lr": 1e-4, "momentum": 0.9}),
        "Adam": (optimizers.Adam(0.01), "Adam", {"lr": 0.01}),
    }
    for name, (ours, theirs, options) in pairs.items():
        contestants = {
            "ours": lambda o=ours: descend(valley, valley.gradient, valley.start, o, 200)
        }
        if find_spec("torch"):
            import torch

            torch.set_num_threads(1)
            make = getattr(torch.optim, theirs)
            contestants["torch.optim"] = lambda make=make, options=options: torch_path(
                lambda params: make(params, **options), valley.start
            )
        show(f"200 steps of {name}, path kept", contestants)


def second_order() -> None:
    """Newton, BFGS and the natural gradient to a gradient below 1e-8, beside SciPy and PyTorch."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(300, 10))
    y = (X @ rng.normal(size=10) + rng.normal(size=300) > 0).astype(float)
    model, start = LogisticRegression(X, y), np.zeros(11)
    options = {"n_steps": 200, "gradient_tolerance": 1e-8}
    ours = {
        "Newton": lambda: descend(model, model.gradient, start, Newton(model.hessian), **options),
        "BFGS": lambda: descend(model, model.gradient, start, BFGS(model), **options),
    }
    peers = {"Newton": {}, "BFGS": {}}
    if find_spec("scipy"):
        from scipy.optimize import minimize

        given = {"jac": model.gradient, "options": {"gtol": 1e-8}}
        peers["Newton"]["scipy trust-exact"] = lambda: minimize(
            model, start, method="trust-exact", hess=model.hessian, **given
        )
        peers["BFGS"]["scipy BFGS"] = lambda: minimize(model, start, method="BFGS", **given)
    if find_spec("torch"):
        peers["BFGS"]["torch LBFGS"] = lambda: torch_lbfgs(model.design, y)
    for name, run in ours.items():
        show(f"{name}, logistic regression, 11 weights", {"ours": run, **peers[name]})
        lowest = {peer: float(found().fun) for peer, found in peers[name].items() if "sci" in peer}
        for peer, value in lowest.items():
            print(f"{'':44}{run().n_steps} steps, loss − {peer}'s: {run().losses[-1] - value:.0e}")
    fit = GaussianFit(rng.normal(3, 2, 200))
    natural, begin = NaturalGradient(fit.fisher, learning_rate=0.5), np.array([0.0, 0.0])
    contestants = {"ours": lambda: descend(fit, fit.gradient, begin, natural, 50)}
    if find_spec("torch"):
        contestants["torch autograd"] = lambda: torch_natural(fit.y)
        off = np.abs(contestants["ours"]().final - contestants["torch autograd"]().numpy()).max()
    show("natural gradient of a bell curve, 50 steps", contestants)
    if find_spec("torch"):
        print(f"{'':44}largest difference of the end from torch's: {off:.0e}")


def torch_lbfgs(design, labels):
    """PyTorch's quasi-Newton method on the same loss."""
    import torch

    A, y = torch.tensor(design), torch.tensor(labels)
    theta = torch.zeros(A.shape[1], dtype=torch.float64, requires_grad=True)
    loss = torch.nn.functional.binary_cross_entropy_with_logits
    optimizer = torch.optim.LBFGS(
        [theta],
        max_iter=200,
        tolerance_grad=1e-8,
        tolerance_change=0,
        line_search_fn="strong_wolfe",
    )

    def closure():
        optimizer.zero_grad()
        value = loss(A @ theta, y)
        value.backward()
        return value

    optimizer.step(closure)
    return theta


def torch_natural(sample):
    """Fifty natural-gradient steps, the gradient by autograd, the Fisher matrix by its formula."""
    import torch

    y, theta = torch.tensor(sample), torch.zeros(2, dtype=torch.float64)
    for _ in range(50):
        leaf = theta.clone().requires_grad_()
        (-torch.distributions.Normal(leaf[0], leaf[1].exp()).log_prob(y).mean()).backward()
        fisher = torch.diag(torch.stack([torch.exp(-2 * theta[1]), torch.tensor(2.0)]).double())
        theta = theta - 0.5 * torch.linalg.solve(fisher, leaf.grad)
    return theta


def import_time() -> None:
    """`import gradcourse` beside `import numpy`, each in a fresh interpreter."""
    spent = {}
    for module in ("gradcourse", "numpy"):
        code = (
            f"import time; t = time.perf_counter(); import {module}; print(time.perf_counter() - t)"
        )
        runs = [subprocess.check_output([sys.executable, "-c", code]) for _ in range(7)]
        spent[module] = statistics.median(map(float, runs))
    print(
        f"{'import gradcourse':44}{spent['gradcourse'] * 1e3:8.3f} ms   "
        f"numpy {spent['numpy'] / spent['gradcourse']:.0f}×"
    )


if __name__ == "__main__":
    for peer in ("scipy", "torch"):
        if not find_spec(peer):
            print(f"{peer} is not installed: its column is left out")
    differences()
    paths()
    second_order()
    import_time()
