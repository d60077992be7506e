"""The explorer of lesson 07: a small network as a graph, forward and backward, node by node."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from gradcourse import style
from gradcourse.autodiff import Tensor
from gradcourse.explorers.kit.base import Explorer
from gradcourse.explorers.kit.controls import Control, Value, player, slider
from gradcourse.explorers.kit.panels import line, panels
from gradcourse.explorers.kit.pixels import Label

LEAVES = {"x": 1.5, "w1": 0.8, "w2": -0.5, "v1": 1.2, "v2": 0.7, "y": -1.0}


class Node(NamedTuple):
    """A number in the graph: where it stands, what is written in it, what it is called."""

    x: float
    y: float
    symbol: str
    words: str
    parents: tuple[str, ...] = ()

    @property
    def place(self) -> np.ndarray:
        """Where it stands."""
        return np.array([self.x, self.y])


NODES = {  # in the order of computation
    "x": Node(0.04, 0.50, "x", "x"),
    "w1": Node(0.04, 0.86, "w₁", "w₁"),
    "w2": Node(0.04, 0.14, "w₂", "w₂"),
    "v1": Node(0.36, 0.88, "v₁", "v₁"),
    "v2": Node(0.36, 0.13, "v₂", "v₂"),
    "y": Node(0.70, 0.12, "y", "y"),
    "a1": Node(0.19, 0.72, "×", "w x of unit 1", ("w1", "x")),
    "a2": Node(0.19, 0.28, "×", "w x of unit 2", ("w2", "x")),
    "h1": Node(0.36, 0.63, "tanh", "tanh of unit 1", ("a1",)),
    "h2": Node(0.36, 0.37, "tanh", "tanh of unit 2", ("a2",)),
    "u1": Node(0.53, 0.72, "×", "v h of unit 1", ("v1", "h1")),
    "u2": Node(0.53, 0.28, "×", "v h of unit 2", ("v2", "h2")),
    "p": Node(0.68, 0.50, "+", "the prediction", ("u1", "u2")),
    "e": Node(0.83, 0.50, "−", "the error", ("p", "y")),
    "L": Node(0.96, 0.50, "e²", "the loss", ("e",)),
}
OPS = [name for name, node in NODES.items() if node.parents]
N_STEPS = 2 * len(OPS)  # forward through all, then backward through all
EDGES = [(parent, name) for name in OPS for parent in NODES[name].parents]


@dataclass(frozen=True, eq=False)
class Run:
    """The network for one set of numbers, made of the course's own tensors."""

    leaves: Mapping[str, float]

    @cached_property
    def tensors(self) -> dict[str, Tensor]:
        """All nodes by name."""
        t = {name: Tensor(np.array(value)) for name, value in self.leaves.items()}
        t["a1"] = t["w1"] * t["x"]
        t["a2"] = t["w2"] * t["x"]
        t["h1"] = t["a1"].tanh()
        t["h2"] = t["a2"].tanh()
        t["u1"] = t["v1"] * t["h1"]
        t["u2"] = t["v2"] * t["h2"]
        t["p"] = t["u1"] + t["u2"]
        t["e"] = t["p"] - t["y"]
        t["L"] = t["e"] ** 2
        return t

    def value(self, name: str) -> float:
        """Return a node's value."""
        return self.tensors[name].item()

    def local(self, parent: str, child: str) -> float:
        """Return the slope of one node along one of its parents alone: a partial derivative."""
        slopes = self.tensors[child].pullback(np.array(1.0))
        return float(slopes[NODES[child].parents.index(parent)])

    def slopes_after(self, done: Sequence[str]) -> dict[str, float]:
        """Return the slopes accumulated so far when these nodes have been gone through."""
        slopes = {"L": 1.0} if done else {}
        for name in done:
            for parent in NODES[name].parents:
                passed_on = slopes[name] * self.local(parent, name)
                slopes[parent] = slopes.get(parent, 0.0) + passed_on
        return slopes

    def difference(self, leaf: str, h: float = 1e-5) -> float:
        """Return the slope along a leaf by central differences."""
        above = Run({**self.leaves, leaf: self.leaves[leaf] + h})
        below = Run({**self.leaves, leaf: self.leaves[leaf] - h})
        return (above.value("L") - below.value("L")) / (2 * h) + 0.0


@dataclass(frozen=True, eq=False)
class Pass:
    """A run, and how far we have come: which nodes have a value, and which have passed slopes on.

    Fields:
        forward, done : the operations gone through forward, and those gone through backward
        slopes : node → the slope of the loss along it, as far as it is known
    """

    run: Run
    step: int
    forward: list[str]
    done: list[str]
    slopes: dict[str, float]

    @property
    def known(self) -> list[str]:
        """The nodes that have a value by now."""
        return [*LEAVES, *self.forward]

    @property
    def active(self) -> str:
        """The operation of this step; none at step 0."""
        if self.done:
            return self.done[-1]
        return self.forward[-1] if self.forward else ""


class GraphExplorer(Explorer[Pass]):
    """Step through a network's graph: values forward, slopes backward (lesson 07)."""

    size = (860, 430)
    alt = (
        "A graph from the input and the weights on the left to the loss on the right. Above each "
        "node its value, below it the slope of the loss along it, on the edges the local slopes."
    )
    target = "let no slope at all reach w₁, with all steps taken and a loss above 0.5."

    def make_controls(self) -> dict[str, Control]:
        leaves = {
            name: slider(NODES[name].symbol, value, -2.0, 2.0, 0.1)
            for name, value in LEAVES.items()
        }
        return {"step": player("step", len(OPS), N_STEPS, milliseconds=700), **leaves}

    def build(self, figure: Figure) -> dict[str, Artist]:
        (ax,) = panels(figure, graph=(0.005, 0.02, 0.99, 0.9))
        ax.set(xlim=(0, 1), ylim=(0, 1))
        ax.set_axis_off()
        ax.set_title(
            "Black: values, forward · red: slopes of the loss · gray: local slopes", x=0.02
        )
        _draw_graph(ax)
        self.values_shown = {name: _label(ax, name, "value") for name in NODES}
        self.slopes_shown = {name: _label(ax, name, "slope") for name in NODES}
        self.locals_shown = {edge: _edge_label(ax, *edge) for edge in EDGES}
        return {
            "flow": line(ax, color=style.UPHILL, lw=2.6),
            "active": line(ax, "o", ms=29, mfc="none", mec=style.UPHILL, mew=2.2),
            **{f"{name} value": label for name, label in self.values_shown.items()},
            **{f"{name} slope": label for name, label in self.slopes_shown.items()},
            **{" ".join(edge): label for edge, label in self.locals_shown.items()},
        }

    def compute(self, step: int, **leaves: float) -> Pass:
        run = Run(leaves)
        forward = OPS[: min(step, len(OPS))]
        done = OPS[::-1][: max(0, step - len(OPS))]
        return Pass(run, step, forward, done, run.slopes_after(done))

    def draw(self, result: Pass) -> None:
        run = result.run
        slopes = result.slopes
        active = result.active
        for name in NODES:
            value = _short(run.value(name)) if name in result.known else ""
            slope = _short(slopes[name]) if name in slopes else ""
            self.values_shown[name].set_text(value)
            self.slopes_shown[name].set_text(slope)
        for parent, child in EDGES:
            local = _short(run.local(parent, child)) if child in result.done else ""
            self.locals_shown[parent, child].set_text(local)
        nowhere = np.empty((0, 2))
        edges = [_edge(parent, child) for parent, child in EDGES if child == active]
        self.move(
            flow=np.concatenate([nowhere, *edges]).T,
            active=NODES[active].place if active else nowhere.T,
        )

    def describe(self, result: Pass) -> str:
        name = result.active
        run = result.run
        if not name:
            return "Step 0: six numbers, nothing computed yet."
        if not result.done:
            end = "; now backward" if name == "L" else ""
            return f"Step {result.step}, forward: {NODES[name].words} = {run.value(name):.4g}{end}."
        arriving = result.slopes[name]
        told = []
        for parent in NODES[name].parents:
            local = run.local(parent, name)
            product = f"{arriving:.3g} × {local:.3g} = {arriving * local:.3g}"
            told.append(f"{product} to {NODES[parent].words}")
        text = f"Step {result.step}, backward through {NODES[name].words}: {'; '.join(told)}."
        if len(result.done) < len(OPS):
            return text
        checks = [
            f"{NODES[leaf].words} {result.slopes[leaf]:.4f} ({run.difference(leaf):.4f})"
            for leaf in ("w1", "w2", "v1", "v2")
        ]
        return f"{text} All slopes, by differences in brackets: {', '.join(checks)}."

    def on_click(self, x: float, y: float, panel: str) -> None:
        """Go to the step at which the clicked node gets its value, or its slope."""

        def distance(name: str) -> float:
            return float(np.linalg.norm(NODES[name].place - (x, y)))

        name = min(OPS, key=distance)
        place = OPS.index(name) + 1
        backward = N_STEPS + 1 - place
        self.set(step=backward if self.values()["step"] == place else place)

    def reached(self, result: Pass, values: Mapping[str, Value]) -> bool:
        complete = len(result.done) == len(OPS)
        return complete and result.run.value("L") > 0.5 and result.slopes["w1"] == 0


def _draw_graph(ax: Axes) -> None:
    """Draw nodes and edges."""
    for parent, child in EDGES:
        x, y = np.transpose([NODES[parent].place, NODES[child].place])
        ax.plot(x, y, color="#c9c9cf", lw=1.5, zorder=1)
    for node in NODES.values():
        marker, face = ("o", "#f0f0f0") if node.parents else ("s", "white")
        ax.plot(node.x, node.y, marker, ms=25, mfc=face, mec=style.MUTED, zorder=2)
        ax.text(node.x, node.y, node.symbol, ha="center", va="center", fontsize=9, zorder=3)


def _label(ax: Axes, name: str, kind: str) -> Label:
    """Return the place above a node for its value, or below it for its slope."""
    node = NODES[name]
    if kind == "value":
        return Label(ax, node.x, node.y + 0.068, above=True, size=8.5, color=style.INK)
    below = node.y - 0.072
    return Label(ax, node.x, below, above=False, size=8.5, color=style.UPHILL, bold=True)


def _edge_label(ax: Axes, parent: str, child: str) -> Label:
    """Return the place in the middle of an edge for its local slope."""
    x, y = 0.5 * (NODES[parent].place + NODES[child].place)
    return Label(ax, x, y + 0.02, above=True, size=7.5, color=style.MUTED)


def _edge(parent: str, child: str) -> np.ndarray:
    """Return an edge from border to border, with a gap behind it, (3, 2)."""
    begin = NODES[parent].place
    end = NODES[child].place
    short = (end - begin) * 0.028 / np.hypot(*(end - begin) * (1, 0.5))
    return np.array([begin + short, end - short, [np.nan, np.nan]])


def _short(value: float) -> str:
    return f"{value + 0.0:.2f}" if abs(value) < 99.5 else f"{value:.0f}"
