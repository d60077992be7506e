"""Lesson 03 in a real JupyterLab: the slider is moved by keyboard and by dragging, and answers."""

import os

import pytest
from lab import browser, chromium_path, hide_sidebar, jupyter_lab, open_notebook, run_all

pytestmark = pytest.mark.skipif(
    not chromium_path() and not os.environ.get("CI"), reason="needs the system's Chromium"
)
LESSON = "lessons/03_gradient_descent.ipynb"
PATIENCE = 600  # times 50 ms; a quiet machine needs one
HARMLESS = ("favicon", "Failed to load resource: the server responded with a status of 404")


@pytest.fixture(scope="module")
def page():
    """Lesson 03, run from top to bottom, the prediction before its explorer made."""
    with jupyter_lab() as address, browser() as chromium:
        page = chromium.new_page(viewport={"width": 1200, "height": 1000})
        page.set_default_timeout(120_000)
        page.console_errors = []
        page.on("console", lambda m: m.type == "error" and page.console_errors.append(m.text))
        page.on("pageerror", lambda error: page.console_errors.append(str(error)))
        open_notebook(page, address, LESSON)
        hide_sidebar(page)
        run_all(page)
        find_explorer(page)
        yield page


def find_explorer(page):
    """Scroll until the explorer's prediction is in view, make it, wait for the picture."""
    scroller = page.locator(".jp-WindowedPanel-outer").first
    for top in 10 * list(range(0, 20_000, 500)):  # on a busy machine cells show up late
        scroller.evaluate("(e, y) => { e.scrollTop = y }", top)
        page.wait_for_timeout(150)
        if page.locator(".gc-explorer").count():
            break
        buttons = page.locator(".gradcourse-quiz", has_text="Predict:").locator("button")
        if buttons.count() and not page.locator("text=Noted.").count():
            buttons.first.click()
            page.wait_for_timeout(500)
    page.locator(".gc-explorer").first.scroll_into_view_if_needed()
    page.wait_for_function(SHOWN)


SHOWN = "() => { const i = document.querySelector('.gc-picture img'); return i && i.naturalWidth; }"


def state(page) -> tuple[str, str, str]:
    """Where picture, status line and number field stand."""
    explorer = page.locator(".gc-explorer").first
    return (
        explorer.locator(".gc-picture img").get_attribute("src"),
        explorer.locator(".gc-status").inner_text(),
        rate(page).input_value(),
    )


def rate(page):
    return page.get_by_label("learning rate").first


def handle(page):
    return page.locator(".gc-control", has=rate(page)).locator(".noUi-handle")


def wait_for_change(page, before):
    for _ in range(PATIENCE):
        page.wait_for_timeout(50)
        after = state(page)
        if all(new != old for new, old in zip(after, before, strict=True)):
            return after
    raise AssertionError(f"nothing changed: {before} → {state(page)}")


def test_a_key_press_moves_picture_sentence_and_number(page):
    before = state(page)
    handle(page).focus()
    page.keyboard.press("ArrowRight")
    after = wait_for_change(page, before)
    assert float(after[2]) > float(before[2])


def test_dragging_moves_picture_sentence_and_number(page):
    before = state(page)
    box = handle(page).bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 60, y, steps=12)
    page.mouse.up()
    after = wait_for_change(page, before)
    assert float(after[2]) > float(before[2])
    page.wait_for_timeout(500)
    assert state(page)[2] in state(page)[1]  # no picture lags behind: the sentence has this rate


def test_a_typed_rate_stays_as_it_was_typed(page):
    before = state(page)
    rate(page).fill("0.0317")
    rate(page).press("Tab")
    assert wait_for_change(page, before)[2] == "0.0317"
    page.wait_for_timeout(500)
    assert state(page)[2] == "0.0317"


def test_a_click_on_the_map_sets_the_start(page):
    before = state(page)[:2]
    page.locator(".gc-hit").first.click(position={"x": 150, "y": 120})
    for _ in range(PATIENCE):
        page.wait_for_timeout(50)
        if state(page)[0] != before[0] and state(page)[1] != before[1]:
            break
    assert state(page)[0] != before[0]
    assert state(page)[1] != before[1]


def test_the_link_to_the_exercises_opens_them(page):
    scroller = page.locator(".jp-WindowedPanel-outer").first
    link = page.locator('a:text-is("exercises 03")')
    for top in range(0, scroller.evaluate("e => e.scrollHeight"), 400):
        scroller.evaluate("(e, y) => { e.scrollTop = y }", top)
        page.wait_for_timeout(100)
        if link.count():
            break
    link.first.click()
    page.wait_for_selector('h1:has-text("Exercises 03")', timeout=30_000)


def test_nothing_is_red_and_the_console_is_silent(page):
    assert page.locator('[data-mime-type="application/vnd.jupyter.stderr"]').count() == 0
    assert page.locator(".gc-error").count() == 0
    errors = [e for e in page.console_errors if not any(word in e for word in HARMLESS)]
    assert errors == []
