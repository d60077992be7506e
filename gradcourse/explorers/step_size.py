"""The explorer of lesson 02: shrink the step of a difference until rounding eats it."""

from functools import lru_cache

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from gradcourse import style
from gradcourse.explorers.kit.base import Explorer
from gradcourse.explorers.kit.controls import Control, log_slider, menu, slider

STEPS = np.geomspace(1e-13, 1e-1, 241)
LEAST, MOST = 1e-17, 1e2  # what the error axis shows; an error outside runs along its edge
SIDEWAYS, RISE = np.linspace(-1.6, 1.6, 161), 12.0  # the left panel, in units of h
DASHES = {"forward": "--", "central": "-", "complex": ":"}

# name -> the function, and its derivative
FUNCTIONS = {
    "e^x sin x": (lambda x: np.exp(x) * np.sin(x), lambda x: np.exp(x) * (np.sin(x) + np.cos(x))),
    "x³": (lambda x: x * x * x, lambda x: 3 * x * x),
    "sqrt(x)": (np.sqrt, lambda x: 0.5 / np.sqrt(x)),
    "|x|": (np.abs, lambda x: x / np.abs(x)),
}


class StepSizeExplorer(Explorer):
    """Choose the step of a difference and see two errors trade places (lesson 02)."""

    size = (8.0, 3.9)
    alt = (
        "Left the function close to x, its tangent, and the secant that the difference takes for "
        "it. Right the error over the step h on log scales, a V with a star at the chosen step."
    )
    target = "use central differences in float64 and get the error below 1e-10."

    def controls(self) -> dict[str, Control]:
        """The step, how it is used, in which precision, for which function, where."""
        return {
            "h": log_slider("step h", 0.03, STEPS[0], STEPS[-1]),
            "scheme": menu("scheme", "forward", list(DASHES)),
            "dtype": menu("dtype", "float64", ["float64", "float32"]),
            "function": menu("function", "e^x sin x", list(FUNCTIONS)),
            "x": slider("position x", 1.0, 0.0, 1.5, 0.05),
        }

    def build(self, figure: Figure) -> dict[str, object]:
        """Lay out the close-up on the left and the errors on the right."""
        near, errors = figure.subplots(1, 2)
        figure.subplots_adjust(left=0.085, right=0.985, bottom=0.14, top=0.87, wspace=0.27)
        near.set(xlim=(SIDEWAYS[0], SIDEWAYS[-1]), ylim=(-RISE, RISE))
        near.set(xlabel="distance from x (in steps h)", ylabel="rise of f (in steps h)")
        near.set_title("The secant (black) stands in for\nthe tangent (red); f is gray")
        style.log_axis(errors, "xy")
        errors.set(xlim=(STEPS[0] / 2, STEPS[-1] * 2), ylim=(LEAST / 3, MOST))
        errors.set(xlabel="step h (log scale)", ylabel="error of the slope (log scale)")
        errors.set_title("Too long a step bends away,\ntoo short a one drowns in rounding")
        ink, faint = {"color": style.INK}, {"color": style.MUTED, "linewidth": 1.2}
        drawn = {
            name: errors.plot(STEPS, STEPS, dashes, label=name, **faint)[0]
            for name, dashes in DASHES.items()
        }
        errors.legend(loc="lower right", fontsize=9, handlelength=1.8)
        return drawn | {
            "curve": near.plot(SIDEWAYS, SIDEWAYS, color=style.MUTED, linewidth=3, alpha=0.6)[0],
            "tangent": near.plot([], [], color=style.UPHILL)[0],
            "secant": near.plot([], [], linewidth=1.4, **ink)[0],
            "ends": near.plot([], [], "o", mfc="white", markersize=8, **ink)[0],
            "chosen": errors.plot(STEPS, STEPS, linewidth=1.8, **ink)[0],
            "here": errors.plot([], [], "*", mec="white", markersize=15, **ink)[0],
        }

    def compute(self, h: float, scheme: str, dtype: str, function: str, x: float) -> dict:
        """The slope that this step estimates, the true one, and the errors of all steps."""
        f, derivative = FUNCTIONS[function]
        point, close = np.dtype(dtype).type(x), (x + h * SIDEWAYS).astype(dtype)
        estimate = float(_estimates(f, x, np.array([h]), dtype)[scheme][0])
        truth = float(derivative(np.float64(x)))
        return {
            "h": h,
            "scheme": scheme,
            "dtype": dtype,
            "estimate": estimate,
            "truth": truth,
            "error": abs(estimate - truth),
            "errors": _errors(function, x, dtype),
            "rises": (f(close) - f(point)).astype(float) / h,
            "lost": point + close.dtype.type(h) == point,
        }

    def draw(self, result: dict) -> None:
        """Lay the secant beside the tangent and put the star on its curve."""
        draw, ends = self.artists, SIDEWAYS[[0, -1]]
        estimate = np.nan_to_num(result["estimate"])
        at = {"forward": [0.0, 1.0], "central": [-1.0, 1.0], "complex": [0.0]}[result["scheme"]]
        rises = np.nan_to_num(result["rises"]).clip(-1e3, 1e3)
        start = np.interp(at[0], SIDEWAYS, rises) if result["scheme"] == "central" else 0.0
        draw["curve"].set_ydata(rises)
        draw["tangent"].set_data(ends, np.nan_to_num(result["truth"], posinf=1e3) * ends)
        draw["secant"].set_data(ends, (start + estimate * (ends - at[0])).clip(-1e3, 1e3))
        draw["ends"].set_data(at, start + estimate * (np.array(at) - at[0]))
        for name in DASHES:
            draw[name].set_ydata(result["errors"][name])
        draw["chosen"].set_ydata(result["errors"][result["scheme"]])
        draw["here"].set_data([result["h"]], _held([result["error"]]))

    def describe(self, result: dict) -> str:
        """Say how far off the slope is and which of the two errors is to blame."""
        if not np.isfinite(result["estimate"]):
            return f"No estimate: {_why_none(result['scheme'])}."
        if not np.isfinite(result["truth"]):
            return (
                f"There is no single slope at this place: the estimate {result['estimate']:.6g} "
                "comes without a warning and means nothing."
            )
        return (
            f"The estimate is {result['estimate']:.10g}, the true slope {result['truth']:.10g}: "
            f"an error of {result['error']:.1e}, {self._blame(result)}."
        )

    def _blame(self, result: dict) -> str:
        scheme, rounding = result["scheme"], np.finfo(result["dtype"]).eps
        if scheme == "complex":
            return "with no subtraction, and so no digits lost, however short the step"
        if result["lost"]:
            return "because x + h rounds to x and the step is lost"
        ratio = result["h"] / rounding ** (1 / 2 if scheme == "forward" else 1 / 3)
        if ratio > 4:
            return "mostly because the curve bends within the step (truncation)"
        if ratio < 0.25:
            return "mostly because the two values agree in nearly all digits (rounding)"
        return "near the best step, where both errors are of a size"

    def on_click(self, x: float, y: float, ax: Axes) -> None:
        """Take the step that is clicked in the right panel."""
        if ax is self.figure.axes[1]:
            self.set(h=float(f"{x:.3g}"))

    def reached(self, result: dict) -> bool:
        """Whether central differences in float64 come close enough."""
        wanted = result["scheme"] == "central" and result["dtype"] == "float64"
        return wanted and result["error"] < 1e-10


def _estimates(f: object, x: float, h: np.ndarray, dtype: str) -> dict[str, np.ndarray]:
    """The three schemes as textbooks write them, in this precision, for every step."""
    x, h = np.dtype(dtype).type(x), h.astype(dtype)
    turned = f(x + np.result_type(dtype, "c8").type(1j) * h)
    return {
        "forward": (f(x + h) - f(x)) / h,
        "central": (f(x + h) - f(x - h)) / (2 * h),
        "complex": turned.imag / h if np.iscomplexobj(turned) else np.full(h.shape, np.nan),
    }


@lru_cache(maxsize=8)
def _errors(function: str, x: float, dtype: str) -> dict[str, np.ndarray]:
    """The error of every scheme at all STEPS."""
    f, derivative = FUNCTIONS[function]
    with np.errstate(all="ignore"):
        truth = derivative(np.float64(x))
        estimates = _estimates(f, x, STEPS, dtype)
    return {name: _held(np.abs(value - truth)) for name, value in estimates.items()}


def _held(errors: np.ndarray) -> np.ndarray:
    return np.nan_to_num(np.asarray(errors, float), nan=MOST, posinf=MOST).clip(LEAST, MOST)


def _why_none(scheme: str) -> str:
    if scheme == "complex":
        return "|x| drops the imaginary part, and the complex step lives on it"
    return "a moved point lies where the function is not defined"
