"""Store PyTorch's numbers, so that the tests can compare with them where PyTorch isn't installed.

In an environment of its own, with torch 2.13.0, and SciPy for second order:

    pip install torch==2.13.0 numpy scipy
    python tools/golden.py

It rewrites tests/golden/{optimizers,schedules,losses,curvature,autodiff}.json; running it again
changes nothing. The formulas are written here once more, with gradients by autograd, and share no
code with gradcourse.
"""

import json
import math
from pathlib import Path

import numpy as np
import scipy.optimize
import torch
from torch.autograd.functional import hessian
from torch.distributions import Normal, kl_divergence
from torch.nn import functional
from torch.optim import lr_scheduler

GOLDEN = Path(__file__).parents[1] / "tests" / "golden"
N_STEPS, EVERY = 200, 10  # every tenth point of a path is stored

# name -> height, start, a rate that suits methods whose steps grow with the gradient
LANDSCAPES = {
    "bowl": (lambda x, y: (x**2 + y**2) / 2, (-2.5, 2.0), 0.1),
    "ravine": (lambda x, y: (x**2 + 25 * y**2) / 2, (-2.5, 1.5), 0.02),
    "saddle": (lambda x, y: x**2 / 2 - y**2 / 2 + y**4 / 8, (-2.0, 0.01), 0.1),
    "plateau": (lambda x, y: 1 - 1 / (1 + x**2 + y**2) ** 2, (-3.0, 2.0), 0.15),
    "two_wells": (lambda x, y: (x**2 - 1) ** 2 / 4 + x / 8 + y**2 / 2, (1.6, 1.0), 0.1),
    "rosenbrock": (lambda x, y: (1 - x) ** 2 + 100 * (y - x**2) ** 2, (-1.2, 1.0), 5e-4),
    "himmelblau": (
        lambda x, y: (x**2 + y - 11) ** 2 + (x + y**2 - 7) ** 2,
        (-0.5, -0.5),
        2e-3,
    ),
    "rastrigin": (
        lambda x, y: (
            20 + x**2 + y**2 - 10 * torch.cos(2 * math.pi * x) - 10 * torch.cos(2 * math.pi * y)
        ),
        (1.9, -1.2),
        5e-4,
    ),
}

# our name, PyTorch's class, the settings in our words and in PyTorch's; without a learning rate
# the landscape's own is taken. All rates are small enough for a path that rounding can't bend:
# where an adaptive method bounces, the last digit of a gradient decides where it is 200 steps on.
OPTIMIZERS = [
    ("GradientDescent", torch.optim.SGD, {}, {}),
    ("GradientDescent", torch.optim.SGD, {"learning_rate": 3e-4}, {"lr": 3e-4}),
    ("Momentum", torch.optim.SGD, {"momentum": 0.9}, {"momentum": 0.9}),
    ("Momentum", torch.optim.SGD, {"momentum": 0.37}, {"momentum": 0.37}),
    (
        "Momentum",
        torch.optim.SGD,
        {"momentum": 0.9, "nesterov": True},
        {"momentum": 0.9, "nesterov": True},
    ),
    (
        "Momentum",
        torch.optim.SGD,
        {"momentum": 0.37, "nesterov": True},
        {"momentum": 0.37, "nesterov": True},
    ),
    ("AdaGrad", torch.optim.Adagrad, {"learning_rate": 0.1}, {"lr": 0.1}),
    (
        "AdaGrad",
        torch.optim.Adagrad,
        {"learning_rate": 0.7, "eps": 1e-3},
        {"lr": 0.7, "eps": 1e-3},
    ),
    ("RMSProp", torch.optim.RMSprop, {"learning_rate": 0.01}, {"lr": 0.01}),
    (
        "RMSProp",
        torch.optim.RMSprop,
        {"decay": 0.83, "eps": 0.5},
        {"alpha": 0.83, "eps": 0.5},
    ),
    ("Adam", torch.optim.Adam, {"learning_rate": 0.01}, {"lr": 0.01}),
    (
        "Adam",
        torch.optim.Adam,
        {"learning_rate": 0.01, "beta1": 0.7, "beta2": 0.93, "eps": 0.5},
        {"lr": 0.01, "betas": (0.7, 0.93), "eps": 0.5},
    ),
]

# our schedule as written -> PyTorch's
SCHEDULES = {
    "Constant(0.25)": lambda o: lr_scheduler.LambdaLR(o, lambda step: 0.25),
    "StepDecay(every=7, factor=0.3)": lambda o: lr_scheduler.StepLR(o, 7, gamma=0.3),
    "Exponential(0.93)": lambda o: lr_scheduler.ExponentialLR(o, gamma=0.93),
    "Cosine(40)": lambda o: lr_scheduler.CosineAnnealingLR(o, T_max=40),
    "Cosine(40, floor=0.2)": lambda o: lr_scheduler.CosineAnnealingLR(o, T_max=40, eta_min=0.2),
    "WarmUp(10, start=0.05)": lambda o: lr_scheduler.LinearLR(o, 0.05, total_iters=10),
    "WarmUp(10, start=0.05, then=Cosine(30))": lambda o: lr_scheduler.SequentialLR(
        o,
        [
            lr_scheduler.LinearLR(o, 0.05, total_iters=10),
            lr_scheduler.CosineAnnealingLR(o, T_max=30),
        ],
        milestones=[10],
    ),
}


def walk(height, start, make_optimizer, make_schedule=None) -> list[list[float]]:
    """Give every tenth point of the path PyTorch takes, the start first."""
    theta = torch.tensor(start, dtype=torch.float64, requires_grad=True)
    optimizer = make_optimizer([theta])
    schedule = make_schedule(optimizer) if make_schedule else None
    path = [theta.tolist()]
    for _ in range(N_STEPS):
        optimizer.zero_grad()
        height(*theta).backward()
        optimizer.step()
        if schedule:
            schedule.step()
        path.append(theta.tolist())
    return path[::EVERY]


def optimizer_runs() -> list[dict]:
    """Walk over every landscape with every optimizer and both its settings."""
    runs = []
    for name, kind, ours, theirs in OPTIMIZERS:
        for landscape, (height, start, rate) in LANDSCAPES.items():
            settings = {"learning_rate": rate, **ours}
            path = walk(height, start, lambda p: kind(p, **{"lr": rate, **theirs}))  # noqa: B023
            runs.append(
                {"optimizer": name, "settings": settings, "landscape": landscape, "path": path}
            )
    return runs


def schedule_runs() -> list[dict]:
    """Record each schedule's factors over 41 steps, and one path descended with it."""
    runs = []
    for name, make in SCHEDULES.items():
        optimizer = torch.optim.SGD([torch.zeros(1)], lr=1.0)
        schedule, factors = make(optimizer), []
        for _ in range(41):
            factors.append(schedule.get_last_lr()[0])
            optimizer.step()
            schedule.step()
        runs.append({"schedule": name, "factors": factors})
    height, start, _ = LANDSCAPES["himmelblau"]
    path = walk(
        height,
        start,
        lambda p: torch.optim.Adam(p, lr=0.1),
        SCHEDULES["StepDecay(every=7, factor=0.3)"],
    )
    return [*runs, {"schedule": "StepDecay(every=7, factor=0.3)", "path": path}]


def loss_values() -> list[dict]:
    """Evaluate both smooth losses and their gradients at seeded predictions."""
    torch.manual_seed(0)
    y_pred = torch.randn(8, dtype=torch.float64) * 3
    real, labels = torch.randn(8, dtype=torch.float64), (torch.randn(8) > 0).double()
    values = []
    for name, loss, y in [
        ("mean_squared_error", functional.mse_loss, real),
        ("logistic_loss", functional.binary_cross_entropy_with_logits, labels),
    ]:
        leaf = y_pred.clone().requires_grad_()
        value = loss(leaf, y)
        value.backward()
        record = {"y_pred": y_pred, "y": y, "value": value.detach(), "gradient": leaf.grad}
        values.append({"loss": name, **{key: tensor.tolist() for key, tensor in record.items()}})
    return values


def gaussian_loss(theta: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    """The mean −log probability of y under a bell curve with theta = (μ, log σ)."""
    return -Normal(theta[0], theta[1].exp()).log_prob(y).mean()


def newton_path(height, start, damping: float, n_steps: int = 8) -> list[list[float]]:
    """Walk with Newton's method, gradient and Hessian by autograd."""
    theta, path = torch.tensor(start, dtype=torch.float64), [list(start)]
    for _ in range(n_steps):
        leaf = theta.clone().requires_grad_()
        height(*leaf).backward()
        bend = hessian(lambda t: height(*t), theta) + damping * torch.eye(2, dtype=torch.float64)
        theta = theta - torch.linalg.solve(bend, leaf.grad)
        path.append(theta.tolist())
    return path


def curvature_values() -> list[dict]:
    """Hessians, Fisher matrices, Newton's paths by autograd; BFGS updates and minima by SciPy."""
    records = []
    for name, (height, start, _) in LANDSCAPES.items():
        at = torch.tensor(start, dtype=torch.float64)
        bend = hessian(lambda t: height(*t), at)  # noqa: B023
        records.append({"hessian": name, "theta": start, "value": bend.tolist()})
    for name, damping in [("rosenbrock", 0.0), ("himmelblau", 30.0), ("saddle", 2.5)]:
        height, start, _ = LANDSCAPES[name]
        path = newton_path(height, start, damping)
        records.append({"newton": name, "damping": damping, "path": path})

    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(40, 3)), (rng.random(40) < 0.4).astype(float)
    A, labels = torch.tensor(np.column_stack([X, np.ones(40)])), torch.tensor(y)
    loss = lambda t: functional.binary_cross_entropy_with_logits(A @ t, labels)  # noqa: E731
    theta = torch.tensor([0.3, -0.5, 1.0, 0.2], dtype=torch.float64)
    best = scipy.optimize.minimize(
        lambda t: float(loss(torch.tensor(t))), np.zeros(4), method="BFGS", options={"gtol": 1e-10}
    )
    records.append(
        {
            "logistic": {"X": X.tolist(), "y": y.tolist()},
            "theta": theta.tolist(),
            "hessian": hessian(loss, theta).tolist(),
            "lowest": best.fun,
        }
    )

    sample = torch.tensor(rng.normal(3.0, 2.0, 25))
    theta = torch.tensor([1.0, 0.4], dtype=torch.float64)
    here = Normal(theta[0], theta[1].exp())
    spread = lambda t: kl_divergence(here, Normal(t[0], t[1].exp()))  # noqa: E731
    leaf = theta.clone().requires_grad_()
    gaussian_loss(leaf, sample).backward()
    records.append(
        {
            "gaussian": sample.tolist(),
            "theta": theta.tolist(),
            "value": float(gaussian_loss(theta, sample)),
            "gradient": leaf.grad.tolist(),
            "hessian": hessian(lambda t: gaussian_loss(t, sample), theta).tolist(),
            "fisher": hessian(spread, theta).tolist(),
        }
    )

    guess = scipy.optimize.BFGS(init_scale=1.0)
    guess.initialize(4, "inv_hess")
    bend = np.diag([1.0, 5.0, 20.0, 100.0]) + 0.3
    for _ in range(6):
        step = rng.normal(size=4)
        guess.update(step, bend @ step)
        record = {"s": step, "y": bend @ step, "inverse": guess.get_matrix()}
        records.append({"bfgs": True, **{key: array.tolist() for key, array in record.items()}})
    return records


# name -> PyTorch's function of its inputs, and their shapes; tests/test_autodiff.py has ours
OPERATIONS = {
    "add": (lambda a, b: a + b, [(3, 4), (4,)]),
    "subtract": (lambda a, b: a - b, [(3, 1), (3, 4)]),
    "multiply": (lambda a, b: a * b, [(2, 3, 4), (3, 1)]),
    "divide": (lambda a, b: a / b, [(3, 4), ()]),
    "negate": (lambda a: -a, [(3,)]),
    "power": (lambda a: (a * a + 1) ** 1.7, [(3, 4)]),
    "from a number": (lambda a: 2 - 3 / (a * a + 1), [(5,)]),
    "matrix product": (lambda a, b: a @ b, [(3, 4), (4, 2)]),
    "matrix times vector": (lambda a, b: a @ b, [(3, 4), (4,)]),
    "vector times matrix": (lambda a, b: a @ b, [(3,), (3, 2)]),
    "vector times vector": (lambda a, b: a @ b, [(4,), (4,)]),
    "stacked products": (lambda a, b: a @ b, [(5, 3, 4), (4, 2)]),
    "pick": (lambda a: a[[0, 2, 0]], [(3, 4)]),
    "slice": (lambda a: a[1:, ::2], [(3, 4)]),
    "exp": (lambda a: a.exp(), [(3, 4)]),
    "log": (lambda a: (a * a + 0.1).log(), [(3, 4)]),
    "tanh": (lambda a: a.tanh(), [(3, 4)]),
    "sigmoid": (lambda a: a.sigmoid(), [(3, 4)]),
    "relu": (lambda a: a.relu(), [(3, 4)]),
    "sum": (lambda a: a.sum(), [(3, 4)]),
    "sum over rows": (lambda a: a.sum(0), [(3, 4)]),
    "sum over columns, kept": (lambda a: a.sum(1, keepdims=True), [(3, 4)]),
    "mean": (lambda a: a.mean(), [(3, 4)]),
    "mean over rows": (lambda a: a.mean(0), [(3, 4)]),
    "max": (lambda a: a.max(), [(3, 4)]),
    "max over columns": (lambda a: a.amax(1), [(3, 4)]),
    "reshape": (lambda a: a.reshape(2, 6), [(3, 4)]),
    "transpose": (lambda a: a.T @ a, [(3, 4)]),
    "shared": (lambda a: a * a + a.exp() * a, [(3,)]),
    "softmax": (lambda a: a.exp() / a.exp().sum(1, keepdims=True), [(3, 4)]),
    "linear": (lambda x, W, b: x @ W + b, [(5, 3), (3, 2), (2,)]),
    "cross-entropy": (
        lambda z: functional.cross_entropy(z, torch.tensor([1, 0, 3, 3, 2])),
        [(5, 4)],
    ),
    "batch norm": (
        lambda x, w, b: functional.batch_norm(x, None, None, w, b, training=True),
        [(6, 3), (3,), (3,)],
    ),
    "convolution": (
        lambda x, W, b: functional.conv2d(
            x.permute(0, 3, 1, 2), W.reshape(3, 3, 2, 4).permute(3, 2, 0, 1), b, padding=1
        ).permute(0, 2, 3, 1),
        [(2, 4, 6, 2), (18, 4), (4,)],
    ),
    "max pool": (
        lambda x: functional.max_pool2d(x.permute(0, 3, 1, 2), 2).permute(0, 2, 3, 1),
        [(2, 4, 6, 2)],
    ),
}


def operation_values() -> list[dict]:
    """Each operation's value and gradients, for a random slope along the result."""
    records = []
    for name, (function, shapes) in OPERATIONS.items():
        torch.manual_seed(len(records))
        inputs = [torch.randn(shape, dtype=torch.float64).requires_grad_() for shape in shapes]
        value = function(*inputs)
        slope = torch.randn(value.shape, dtype=torch.float64)
        value.backward(slope)
        records.append(
            {
                "operation": name,
                "inputs": [x.tolist() for x in inputs],
                "value": value.tolist(),
                "slope": slope.tolist(),
                "gradients": [x.grad.tolist() for x in inputs],
            }
        )
    return records


def store(name: str, records: list[dict]) -> None:
    """Write one record a line, so that a change shows as the lines it touches."""
    lines = ",\n".join(json.dumps(record) for record in records)
    text = f'{{"torch": "{torch.__version__.split("+")[0]}", "records": [\n{lines}\n]}}\n'
    (GOLDEN / f"{name}.json").write_text(text, "utf-8")


if __name__ == "__main__":
    store("optimizers", optimizer_runs())
    store("schedules", schedule_runs())
    store("losses", loss_values())
    store("curvature", curvature_values())
    store("autodiff", operation_values())
