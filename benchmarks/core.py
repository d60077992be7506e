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


def show(title: str, contestants: dict) -> None:
    """Print a line: our time, and how many times longer each peer takes."""
    measured = seconds(contestants)
    ours = measured.pop("ours")
    ratios = "   ".join(f"{name} {peer / ours:.1f}×" for name, peer in measured.items())
    print(f"{title:44}{ours * 1e3:8.3f} ms   {ratios}")


def differences() -> None:
    """Central differences in 10, 100 and 1000 dimensions."""
    for n in (10, 100, 1000):
        x = np.random.default_rng(n).standard_normal(n)
        contestants = {
            "ours": lambda x=x: numerical_gradient(rosenbrock, x),
            "article's loop": lambda x=x: one_by_one(rosenbrock, x),
        }
        if find_spec("scipy"):
            from scipy.optimize._numdiff import approx_derivative

            contestants["scipy 3-point"] = lambda x=x: approx_derivative(rosenbrock, x)
        show(f"central differences, n = {n}", contestants)
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


def import_time() -> None:
    """`import gradcourse` beside `import numpy`, each in a fresh interpreter."""
    spent = {}
    for module in ("gradcourse", "numpy"):
        code = (
            f"import time; t = time.perf_counter(); import {module}; print(time.perf_counter() - t)"
        )
        runs = [subprocess.check_output([sys.executable, "-c", code]) for _ in range(7)]
        spent[module] = statistics.median(map(float, runs))
    print(f"{'import gradcourse':44}{spent['gradcourse'] * 1e3:8.3f} ms   "
          f"numpy {spent['numpy'] / spent['gradcourse']:.0f}×")  # fmt: skip


if __name__ == "__main__":
    for peer in ("scipy", "torch"):
        if not find_spec(peer):
            print(f"{peer} is not installed: its column is left out")
    differences()
    paths()
    import_time()
