"""The graph explorer: what it computes, shows and says, without a browser."""

import numpy as np
import pytest

from gradcourse.explorers.graph import EDGES, LEAVES, N_STEPS, NODES, OPS, Run


def test_all_slopes_are_those_of_backward_and_of_differences(explorer):
    explorer.set(step=N_STEPS, w1=-0.7, x=0.9)
    run, slopes = explorer.result.run, explorer.result.slopes
    run.tensors["L"].backward(keep_graph=True)
    for leaf in LEAVES:
        assert slopes[leaf] == pytest.approx(float(run.tensors[leaf].grad), rel=1e-12)
        assert slopes[leaf] == pytest.approx(run.difference(leaf), abs=1e-7)


def test_the_value_is_the_formula():
    given = {"x": 0.5, "w1": 1.1, "w2": -2.0, "v1": 0.3, "v2": 1.9, "y": 0.2}
    hidden = [np.tanh(given["w1"] * 0.5), np.tanh(given["w2"] * 0.5)]
    assert Run(given).value("L") == pytest.approx((0.3 * hidden[0] + 1.9 * hidden[1] - 0.2) ** 2)


def texts(explorer, kind):
    names = [name for name in NODES if explorer.artists[f"{name} {kind}"].text]
    return set(names) - set(LEAVES)


@pytest.mark.parametrize("step", range(N_STEPS + 1))
def test_a_step_shows_one_number_more(explorer, step):
    explorer.set(step=step)
    assert texts(explorer, "value") == set(OPS[: min(step, len(OPS))])
    shown = {name for name in NODES if explorer.artists[f"{name} slope"].text}
    done = OPS[::-1][: max(0, step - len(OPS))]
    reached = {parent for name in done for parent in NODES[name].parents} | set(done)
    assert shown == reached
    local = [edge for edge in EDGES if explorer.artists[" ".join(edge)].text]
    assert local == [(parent, child) for parent, child in EDGES if child in done]


def test_a_shared_input_adds_up_what_both_units_send(explorer):
    explorer.set(step=N_STEPS - 1)
    before = explorer.result.slopes["x"]
    explorer.set(step=N_STEPS)
    run, slopes = explorer.result.run, explorer.result.slopes
    assert slopes["x"] == pytest.approx(before + slopes["a1"] * run.value("w1"))


def test_every_step_says_where_it_is(explorer):
    sentences = set()
    for step in range(N_STEPS + 1):
        explorer.set(step=step)
        assert explorer.sentence.startswith(f"Step {step}")
        sentences.add(explorer.sentence)
    assert len(sentences) == N_STEPS + 1
    assert "by differences in brackets: w₁ 1.7084 (1.7084)" in explorer.sentence


def test_a_weight_of_zero_cuts_the_way_and_reaches_the_target(explorer):
    explorer.set(step=N_STEPS, v1=0.0)
    assert not explorer.target_reached  # the loss is too small
    explorer.set(y=-2.0)
    assert explorer.target_reached


def test_a_click_goes_to_a_nodes_value_and_again_to_its_slope(explorer):
    x, y = NODES["h1"].place
    explorer.on_click(x, y, "graph")
    assert explorer.values()["step"] == OPS.index("h1") + 1
    explorer.on_click(x, y, "graph")
    assert explorer.result.done[-1] == "h1"
