"""The report in a real browser without a screen: nothing is fetched, nothing fails, and the player plays."""

import os
import shutil
from pathlib import Path

import pytest
from helpers import line, shop

import twin

api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
BROWSER = shutil.which("chromium")
pytestmark = pytest.mark.skipif(BROWSER is None, reason="Chromium is not installed")


@pytest.fixture(scope="module")
def browser():
    with api.sync_playwright() as play:
        # No sandbox: tests may run as root, where Chromium has none, and the page is our own.
        chromium = play.chromium.launch(executable_path=BROWSER, args=["--no-sandbox"])
        yield chromium
        chromium.close()


@pytest.fixture(params=[shop, line], ids=["shop", "line"])
def page(request, browser, tmp_path):
    """Open the report of a plant; what goes wrong or is asked of a network is kept in `page.wrong`."""
    plant = request.param()
    path = tmp_path / "out.html"
    twin.write_report(path, plant, twin.simulate(plant, 3), operations=800)
    page = browser.new_page(viewport={"width": 1100, "height": 900})
    page.wrong = []
    page.on("pageerror", lambda error: page.wrong.append(str(error)))
    page.on("console", lambda said: page.wrong.append(said.text))
    page.on("request", lambda asked: page.wrong.append(asked.url) if asked.url.startswith("http") else None)
    page.goto(path.as_uri())
    yield page
    page.close()


def seek(page, share):
    page.locator("#slider").evaluate(
        "(slider, share) => { slider.value = String(Math.round(slider.max * share));"
        " slider.dispatchEvent(new Event('input')); }",
        share,
    )


def shown(page):
    """Read what the drawing shows: lots in queues, conditions, lots in the plant and finished."""
    return page.evaluate(
        """() => ({
          queues: [...document.querySelectorAll('[id^="queue-"]')].map((e) => Number(e.textContent)),
          conditions: [...document.querySelectorAll('[id^="machine-"]')].map((e) => e.getAttribute("class")),
          wip: Number(document.getElementById("wip").textContent),
          done: Number(document.getElementById("done").textContent),
          clock: document.getElementById("clock").textContent,
        })"""
    )


def recorded(page, share):
    """Read the same from the record, by the page's own function for it, which other tests hold against the history."""
    return page.evaluate(
        """(share) => {
          const record = JSON.parse(document.getElementById("record").textContent);
          return twinRecord(record).at(Math.round(record.span_ms * share));
        }""",
        share,
    )


def test_the_drawing_shows_the_record_wherever_the_slider_stands(page):
    for share in (0.0, 0.21, 0.5, 0.77, 1.0):
        seek(page, share)
        drawn, kept = shown(page), recorded(page, share)
        assert drawn["queues"] == kept["queues"]
        assert drawn["conditions"] == kept["conditions"]
        assert drawn["wip"] == sum(kept["wip"])
        assert drawn["done"] == sum(kept["done"])
    assert page.wrong == []


def test_play_moves_on_and_stops_at_the_end(page):
    seek(page, 0.0)
    first = shown(page)["clock"]
    page.click("#play")
    page.wait_for_function("before => document.getElementById('clock').textContent > before", arg=first, timeout=20_000)
    page.click("#play")
    assert "play" in page.inner_text("#play")
    page.select_option("#speed", index=page.locator("#speed option").count() - 1)
    seek(page, 0.999)
    page.click("#play")
    page.wait_for_function("() => { const s = document.getElementById('slider'); return s.value === s.max; }",
                           timeout=30_000)  # fmt: skip
    assert page.wrong == []


def test_boxes_lie_within_the_page_and_are_painted(page):
    drawing = page.locator("svg").first
    area = drawing.bounding_box()
    for box in page.locator("[id^='machine-']").all():
        inner = box.bounding_box()
        assert area["x"] <= inner["x"]
        assert inner["x"] + inner["width"] <= area["x"] + area["width"]
    seek(page, 0.4)
    colours = {box.evaluate("e => getComputedStyle(e).fill") for box in page.locator("[id^='machine-']").all()}
    assert "none" not in colours
    picture = page.screenshot(full_page=True)
    assert len(picture) > 20_000
    if folder := os.environ.get("TWIN_PICTURES"):  # to be looked at
        (Path(folder) / f"report-{page.title()}.png").write_bytes(picture)
