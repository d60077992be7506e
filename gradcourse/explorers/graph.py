"""The explorer of lesson 07: a small network as a graph, forward and backward, node by node."""

from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from gradcourse import style
from gradcourse.autodiff import Tensor, graph
from gradcourse.explorers.kit.base import Explorer
from gradcourse.explorers.kit.controls import Control, player, slider
from gradcourse.explorers.kit.pixels import Label

LEAVES = {"x": 1.5, "w1": 0.8, "w2": -0.5, "v1": 1.2, "v2": 0.7, "y": -1.0}
NAMES = {"x": "x", "w1": "w₁", "w2": "w₂", "v1": "v₁", "v2": "v₂", "y": "y"}
# node -> place, what is written in it, its parents; in the order of computation
NODES = {
    "x": ((0.04, 0.50), "x", ()),
    "w1": ((0.04, 0.86), "w₁", ()),
    "w2": ((0.04, 0.14), "w₂", ()),
    "v1": ((0.36, 0.88), "v₁", ()),
    "v2": ((0.36, 0.13), "v₂", ()),
    "y": ((0.70, 0.12), "y", ()),
    "a1": ((0.19, 0.72), "×", ("w1", "x")),
    "a2": ((0.19, 0.28), "×", ("w2", "x")),
    "h1": ((0.36, 0.63), "tanh", ("a1",)),
    "h2": ((0.36, 0.37), "tanh", ("a2",)),
    "u1": ((0.53, 0.72), "×", ("v1", "h1")),
    "u2": ((0.53, 0.28), "×", ("v2", "h2")),
    "p": ((0.68, 0.50), "+", ("u1", "u2")),
    "e": ((0.83, 0.50), "−", ("p", "y")),
    "L": ((0.96, 0.50), "e²", ("e",)),
}
OPS = [name for name, (_, _, parents) in NODES.items() if parents]
N_STEPS = 2 * len(OPS)  # forward through all, then backward through all
EDGES = [(parent, name) for name in OPS for parent in NODES[name][2]]


class GraphExplorer(Explorer):
    """Step through a network's graph: values forward, slopes backward (lesson 07)."""

    size = (8.6, 4.3)
    alt = (
        "A graph from the input and the weights on the left to the loss on the right. Above each "
        "node its value, below it the slope of the loss along it, on the edges the local slopes."
    )
    target = "let no slope at all reach w₁, with all steps taken and a loss above 0.5."

    def controls(self) -> dict[str, Control]:
        """How many steps are taken, and the six numbers that go in."""
        return {
            "step": player("step", len(OPS), N_STEPS, milliseconds=700),
            **{name: slider(NAMES[name], value, -2.0, 2.0, 0.1) for name, value in LEAVES.items()},
        }

    def build(self, figure: Figure) -> dict[str, object]:
        """Draw nodes and edges; the numbers on them will change."""
        ax = figure.add_axes([0.005, 0.02, 0.99, 0.9])
        ax.set(xlim=(0, 1), ylim=(0, 1), xlabel=" ", ylabel=" ")
        ax.set_axis_off()
        ax.set_title(
            "Black: values, forward · red: slopes of the loss · gray: local slopes", x=0.02
        )
        for parent, child in EDGES:
            ax.plot(*np.transpose([_at(parent), _at(child)]), color="#c9c9cf", lw=1.5, zorder=1)
        for (x, y), text, parents in NODES.values():
            face = "#f0f0f0" if parents else "white"
            ax.plot(x, y, "o" if parents else "s", ms=25, mfc=face, mec=style.MUTED, zorder=2)
            ax.text(x, y, text, ha="center", va="center", fontsize=9, zorder=3)
        artists = {"flow": ax.plot([], [], color=style.UPHILL, lw=2.6)[0]}
        artists["active"] = ax.plot([], [], "o", ms=29, mfc="none", mec=style.UPHILL, mew=2.2)[0]
        value = {"above": True, "size": 8.5, "color": style.INK}
        slope = {"above": False, "size": 8.5, "color": style.UPHILL, "bold": True}
        local = {"above": True, "size": 7.5, "color": style.MUTED}
        for name in NODES:
            x, y = _at(name)
            artists[f"{name} value"] = Label(ax, x, y + 0.068, **value)
            artists[f"{name} slope"] = Label(ax, x, y - 0.072, **slope)
        for parent, child in EDGES:
            x, y = 0.5 * (_at(parent) + _at(child))
            artists[f"{parent} {child}"] = Label(ax, x, y + 0.02, **local)
        return artists

    def compute(self, step: int, **leaves: float) -> dict[str, object]:
        """Run the graph forward, then backward as far as `step` says."""
        run = Run(leaves)
        forward, backward = min(step, len(OPS)), max(0, step - len(OPS))
        done = OPS[::-1][:backward]
        slopes = run.slopes_after(done)
        return {
            "run": run,
            "step": step,
            "known": [*LEAVES, *OPS[:forward]],
            "done": done,
            "slopes": slopes,
            "leaves": leaves,
        }

    def draw(self, result: dict[str, object]) -> None:
        """Write the numbers that are known by now."""
        draw, run, slopes, done = self.artists, result["run"], result["slopes"], result["done"]
        known, forward = result["known"], result["known"][len(LEAVES) :]
        for name in NODES:
            draw[f"{name} value"].set_text(_short(run.value(name)) if name in known else "")
            draw[f"{name} slope"].set_text(_short(slopes[name]) if name in slopes else "")
        for parent, child in EDGES:
            local = _short(run.local(parent, child)) if child in done else ""
            draw[f"{parent} {child}"].set_text(local)
        active = done[-1] if done else forward[-1] if forward else None
        draw["active"].set_data(*(_at(active)[:, None] if active else ([], [])))
        edges = [_edge(parent, active) for parent in NODES[active][2]] if active else []
        draw["flow"].set_data(*np.concatenate([*edges, np.empty((0, 2))]).T)

    def describe(self, result: dict[str, object]) -> str:
        """Say in words what the last step did."""
        run, done, forward = result["run"], result["done"], result["known"][len(LEAVES) :]
        if not forward:
            return "Step 0: six numbers, nothing computed yet."
        if not done:
            name = forward[-1]
            end = "; now backward" * (name == "L")
            step = result["step"]
            return f"Step {step}, forward: {_words(name)} = {run.value(name):.4g}{end}."
        name, arriving = done[-1], result["slopes"][done[-1]]
        told = [
            f"{arriving:.3g} × {run.local(parent, name):.3g} = "
            f"{arriving * run.local(parent, name):.3g} to {_words(parent)}"
            for parent in NODES[name][2]
        ]
        text = f"Step {result['step']}, backward through {_words(name)}: {'; '.join(told)}."
        if len(done) < len(OPS):
            return text
        checks = [
            f"{NAMES[leaf]} {result['slopes'][leaf]:.4f} ({run.difference(leaf):.4f})"
            for leaf in ("w1", "w2", "v1", "v2")
        ]
        return f"{text} All slopes, by differences in brackets: {', '.join(checks)}."

    def on_click(self, x: float, y: float, ax: Axes) -> None:
        """Go to the step at which the clicked node gets its value, or its slope."""
        name = min(OPS, key=lambda op: np.hypot(*(_at(op) - (x, y))))
        place = OPS.index(name) + 1
        backward = N_STEPS + 1 - place
        self.set(step=backward if self.values()["step"] == place else place)

    def reached(self, result: dict[str, object]) -> bool:
        """Whether w1 gets no slope though there is something to learn."""
        complete = len(result["done"]) == len(OPS)
        return bool(complete and result["run"].value("L") > 0.5 and result["slopes"]["w1"] == 0)


@dataclass(frozen=True, eq=False)
class Run:
    """The network for one set of numbers, made of the course's own tensors."""

    leaves: dict[str, float]

    def __post_init__(self):
        t = {name: Tensor(value) for name, value in self.leaves.items()}
        t["a1"], t["a2"] = t["w1"] * t["x"], t["w2"] * t["x"]
        t["h1"], t["h2"] = t["a1"].tanh(), t["a2"].tanh()
        t["u1"], t["u2"] = t["v1"] * t["h1"], t["v2"] * t["h2"]
        t["p"] = t["u1"] + t["u2"]
        t["e"] = t["p"] - t["y"]
        t["L"] = t["e"] ** 2
        assert graph(t["L"])[-1] is t["L"]
        object.__setattr__(self, "tensors", t)

    def value(self, name: str) -> float:
        """Return a node's value."""
        return self.tensors[name].item()

    def local(self, parent: str, child: str) -> float:
        """Return the slope of one node along one of its parents alone."""
        slopes = self.tensors[child].pullback(np.array(1.0))
        return float(slopes[NODES[child][2].index(parent)])

    def slopes_after(self, done: list[str]) -> dict[str, float]:
        """Return the slopes accumulated so far when these nodes have been gone through."""
        slopes = {"L": 1.0} if done else {}
        for name in done:
            for parent in NODES[name][2]:
                slopes[parent] = slopes.get(parent, 0.0) + slopes[name] * self.local(parent, name)
        return slopes

    def difference(self, leaf: str, h: float = 1e-5) -> float:
        """Return the slope along a leaf by central differences."""
        above, below = (
            Run({**self.leaves, leaf: self.leaves[leaf] + move}).value("L") for move in (h, -h)
        )
        return (above - below) / (2 * h) + 0.0


def _at(name: str) -> np.ndarray:
    return np.array(NODES[name][0])


def _edge(parent: str, child: str) -> np.ndarray:
    """Return an edge from border to border, with a gap behind it, (3, 2)."""
    begin, end = _at(parent), _at(child)
    short = (end - begin) * 0.028 / np.hypot(*(end - begin) * (1, 0.5))
    return np.array([begin + short, end - short, [np.nan, np.nan]])


def _words(name: str) -> str:
    """Return what a node is called in a sentence."""
    hidden = {"a": "w x", "h": "tanh", "u": "v h"}
    if name in NAMES:
        return NAMES[name]
    if name in ("p", "e", "L"):
        return {"p": "the prediction", "e": "the error", "L": "the loss"}[name]
    return f"{hidden[name[0]]} of unit {name[1]}"


def _short(value: float) -> str:
    return f"{value + 0.0:.2f}" if abs(value) < 99.5 else f"{value:.0f}"
