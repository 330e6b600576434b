"""What one move of a slider costs in each explorable: `make benchmark`, on a quiet machine.

Prints one JSON line per explorable: the median milliseconds of an event of its slowest slider, of
computing and drawing a fixed curve in the same page, the ratio of both, and its bound. Events and
curves take turns, so that a busy machine slows both alike. The run fails when a ratio is above
its bound.
"""

import json
import shutil
import statistics
import sys

from playwright.sync_api import Page, sync_playwright

from lib import explorables

BOUND = 2
ROUNDS = 120
MEASURE = """(rounds) => {
    const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
    document.querySelector(".xp-area").append(path);
    const curve = () => {
        let d = "M0 0";
        let y = 0;
        for (let x = 1; x < 8000; x++) {
            y = 0.999 * y + Math.sin(x);
            d += `L${x / 10} ${Math.round(1000 * y) / 10}`;
        }
        path.setAttribute("d", d);
    };
    const timed = (act) => {
        const start = performance.now();
        act();
        return performance.now() - start;
    };
    return [...document.querySelectorAll(".xp input")].map((input) => {
        let place = 0;
        const event = () => {
            input.value = Math.round((input.max * (place++ % 30)) / 29);
            input.dispatchEvent(new Event("input"));
        };
        return Array.from({ length: rounds }, () => [timed(event), timed(curve)]);
    });
}"""


def main() -> int:
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if not chromium:
        raise SystemExit("no Chromium on the PATH (Debian: apt install chromium)")
    missed = False
    with sync_playwright() as playwright:
        arguments = ["--no-sandbox", "--disable-gpu"]
        browser = playwright.chromium.launch(executable_path=chromium, args=arguments)
        for name in explorables.__all__:
            with browser.new_page() as page:
                page.set_content(getattr(explorables, name)().html())
                page.wait_for_selector(".explorable[data-live] .xp-panel")
                line = measure(page)
            missed |= line["ratio"] > BOUND
            print(json.dumps({"explorable": name} | line | {"bound": BOUND}), flush=True)
        browser.close()
    return int(missed)


def measure(page: Page) -> dict[str, float]:
    """The medians of the slider whose events cost most, and of the curves beside them."""
    lines = []
    for rounds in page.evaluate(MEASURE, ROUNDS):
        event, curve = (statistics.median(times) for times in zip(*rounds, strict=True))
        line = {"event_ms": event, "curve_ms": curve, "ratio": event / curve}
        lines.append({what: round(value, 2) for what, value in line.items()})
    return max(lines, key=lambda line: line["ratio"])


if __name__ == "__main__":
    sys.exit(main())
