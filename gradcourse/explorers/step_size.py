"""The explorer of lesson 02: shrink the step of a difference until rounding eats it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from matplotlib.artist import Artist
from matplotlib.figure import Figure

from gradcourse import style
from gradcourse.explorers.kit.base import Click, Explorer
from gradcourse.explorers.kit.controls import Control, Value, log_slider, menu, slider
from gradcourse.explorers.kit.panels import line
from gradcourse.explorers.kit.words import held

STEPS = np.geomspace(1e-13, 1e-1, 241)
ERRORS = (1e-17, 1e2)  # what the error axis shows; an error outside runs along its edge
SIDEWAYS = np.linspace(-1.6, 1.6, 161)  # what the left panel shows, in steps h
RISE = 12.0  # its height, in steps h
FARTHEST = 1e3  # a line that leaves the left panel ends here
DASHES = {"forward": "--", "central": "-", "complex": ":"}
ENDS = {"forward": [0.0, 1.0], "central": [-1.0, 1.0], "complex": [0.0]}

# name -> the function, and its derivative
FUNCTIONS: dict[str, tuple[Callable, Callable]] = {
    "e^x sin x": (
        lambda x: np.exp(x) * np.sin(x),
        lambda x: np.exp(x) * (np.sin(x) + np.cos(x)),
    ),
    "x³": (lambda x: x * x * x, lambda x: 3 * x * x),
    "sqrt(x)": (np.sqrt, lambda x: 0.5 / np.sqrt(x)),
    "|x|": (np.abs, lambda x: x / np.abs(x)),
}


@dataclass(frozen=True, eq=False)
class Difference:
    """What a step estimates, what is true, and the errors of all steps.

    Fields:
        estimate, truth, error : the slope in the chosen scheme, the true one, how far they differ
        errors : scheme → (241,) – the error for each of STEPS
        rises : (161,) – how much the function rises to each place of SIDEWAYS, in steps h
        step_is_lost : whether x + h rounds to x
    """

    h: float
    scheme: str
    dtype: str
    estimate: float
    truth: float
    error: float
    errors: dict[str, np.ndarray]
    rises: np.ndarray
    step_is_lost: bool


class StepSizeExplorer(Explorer[Difference]):
    """Choose the step of a difference and see two errors trade places (lesson 02)."""

    size = (800, 390)
    alt = (
        "Left the function close to x, its tangent, and the secant that the difference takes for "
        "it. Right the error over the step h on log scales, a V with a star at the chosen step."
    )
    target = "use central differences in float64 and get the error below 1e-10."
    clicks = (Click("errors", "h"),)

    def make_controls(self) -> dict[str, Control]:
        return {
            "h": log_slider("step h", 0.03, STEPS[0], STEPS[-1]),
            "scheme": menu("scheme", "forward", DASHES),
            "dtype": menu("dtype", "float64", ["float64", "float32"]),
            "function": menu("function", "e^x sin x", FUNCTIONS),
            "x": slider("position x", 1.0, 0.0, 1.5, 0.05),
        }

    def build(self, figure: Figure) -> dict[str, Artist]:
        near, errors = figure.subplot_mosaic([["near", "errors"]]).values()
        figure.subplots_adjust(left=0.085, right=0.985, bottom=0.14, top=0.87, wspace=0.27)
        near.set(xlim=(SIDEWAYS[0], SIDEWAYS[-1]), ylim=(-RISE, RISE))
        near.set(xlabel="distance from x (in steps h)", ylabel="rise of f (in steps h)")
        near.set_title("The secant (black) stands in for\nthe tangent (red); f is gray")
        style.log_axis(errors, "xy")
        errors.set_xlim(STEPS[0] / 2, STEPS[-1] * 2)
        errors.set_ylim(ERRORS[0] / 3, ERRORS[1])
        errors.set(xlabel="step h (log scale)", ylabel="error of the slope (log scale)")
        errors.set_title("Too long a step bends away,\ntoo short a one drowns in rounding")
        schemes: dict[str, Artist] = {
            name: line(errors, dashes, label=name, color=style.MUTED, linewidth=1.2)
            for name, dashes in DASHES.items()
        }
        errors.legend(loc="lower right", fontsize=9, handlelength=1.8)
        return schemes | {
            "curve": line(near, color=style.MUTED, linewidth=3, alpha=0.6),
            "tangent": line(near, color=style.UPHILL),
            "secant": line(near, color=style.INK, linewidth=1.4),
            "ends": line(near, "o", color=style.INK, mfc="white", markersize=8),
            "chosen": line(errors, color=style.INK, linewidth=1.8),
            "here": line(errors, "*", color=style.INK, mec="white", markersize=15),
        }

    def compute(self, h: float, scheme: str, dtype: str, function: str, x: float) -> Difference:
        f, derivative = FUNCTIONS[function]
        point = np.dtype(dtype).type(x)
        close = (x + h * SIDEWAYS).astype(dtype)
        estimates = _estimates(f, x, np.array([h]), dtype)
        estimate = float(estimates[scheme][0])
        truth = float(derivative(np.float64(x)))
        return Difference(
            h=h,
            scheme=scheme,
            dtype=dtype,
            estimate=estimate,
            truth=truth,
            error=abs(estimate - truth),
            errors=_errors(function, x, dtype),
            rises=(f(close) - f(point)).astype(float) / h,
            step_is_lost=bool(point + close.dtype.type(h) == point),
        )

    def draw(self, result: Difference) -> None:
        estimate = np.nan_to_num(result.estimate)
        truth = np.nan_to_num(result.truth, posinf=FARTHEST)
        rises = np.nan_to_num(result.rises).clip(-FARTHEST, FARTHEST)
        ends = np.array(ENDS[result.scheme])
        first = np.interp(-1.0, SIDEWAYS, rises) if result.scheme == "central" else 0.0

        def secant(x: np.ndarray) -> np.ndarray:
            return (first + estimate * (x - ends[0])).clip(-FARTHEST, FARTHEST)

        self.move(
            curve=(SIDEWAYS, rises),
            tangent=(SIDEWAYS[[0, -1]], truth * SIDEWAYS[[0, -1]]),
            secant=(SIDEWAYS[[0, -1]], secant(SIDEWAYS[[0, -1]])),
            ends=(ends, secant(ends)),
            chosen=(STEPS, result.errors[result.scheme]),
            here=(result.h, held(result.error, *ERRORS)),
        )
        for name in DASHES:
            self.move(**{name: (STEPS, result.errors[name])})

    def describe(self, result: Difference) -> str:
        if not np.isfinite(result.estimate):
            return f"No estimate: {_why_none(result.scheme)}."
        if not np.isfinite(result.truth):
            return (
                f"There is no single slope at this place: the estimate {result.estimate:.6g} "
                "comes without a warning and means nothing."
            )
        return (
            f"The estimate is {result.estimate:.10g}, the true slope {result.truth:.10g}: "
            f"an error of {result.error:.1e}, {_blame(result)}."
        )

    def reached(self, result: Difference, values: Mapping[str, Value]) -> bool:
        wanted = result.scheme == "central" and result.dtype == "float64"
        return wanted and result.error < 1e-10


def _blame(result: Difference) -> str:
    """Say which of the two errors is larger, by how far h is from the best step."""
    if result.scheme == "complex":
        return "with no subtraction, and so no digits lost, however short the step"
    if result.step_is_lost:
        return "because x + h rounds to x and the step is lost"
    rounding = np.finfo(result.dtype).eps
    best = rounding ** (1 / 2) if result.scheme == "forward" else rounding ** (1 / 3)
    if result.h > 4 * best:
        return "mostly because the curve bends within the step (truncation)"
    if result.h < best / 4:
        return "mostly because the two values agree in nearly all digits (rounding)"
    return "near the best step, where both errors are of a size"


def _why_none(scheme: str) -> str:
    if scheme == "complex":
        return "|x| drops the imaginary part, and the complex step lives on it"
    return "a moved point lies where the function is not defined"


def _estimates(f: Callable, x: float, h: np.ndarray, dtype: str) -> dict[str, np.ndarray]:
    """Return what the three schemes, as textbooks write them, give in this precision."""
    point = np.dtype(dtype).type(x)
    h = h.astype(dtype)
    turned = f(point + np.result_type(dtype, "c8").type(1j) * h)
    return {
        "forward": (f(point + h) - f(point)) / h,
        "central": (f(point + h) - f(point - h)) / (2 * h),
        "complex": turned.imag / h if np.iscomplexobj(turned) else np.full(h.shape, np.nan),
    }


@lru_cache(maxsize=8)
def _errors(function: str, x: float, dtype: str) -> dict[str, np.ndarray]:
    """Return the error of every scheme at all STEPS."""
    f, derivative = FUNCTIONS[function]
    with np.errstate(all="ignore"):
        truth = derivative(np.float64(x))
        estimates = _estimates(f, x, STEPS, dtype)
    return {name: held(np.abs(value - truth), *ERRORS) for name, value in estimates.items()}
