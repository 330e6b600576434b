"""What one move of a slider costs in each explorable: `make benchmark`, on a quiet machine.

Prints one JSON line per explorable: the median milliseconds of an event of its slowest slider, of
computing and drawing a fixed curve in the same page, the ratio of both, and its bound. Events and
curves take turns, so that a busy machine slows both alike. The run fails when a ratio is above
its bound.
Then one line per network of the lab: milliseconds of an epoch of one seed, as the page trains it,
and the longest time for which the page did not answer meanwhile, with their bounds.
"""

import json
import shutil
import statistics
import sys

from playwright.sync_api import Page, sync_playwright

import explorables

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


EPOCHS = {
    "five layers of 64": ("depth=5&width=64", 100),
    "twenty of 32": ("depth=20&width=32", 200),
}
SILENCE = 50  # ms
TRAIN = """async ([hash, epochs]) => {
    location.hash = `${hash}&seeds=1&epochs=${epochs}`;
    const says = (text) => new Promise((done) => {
        const look = () => (document.querySelector(".xp-result").textContent.includes(text)
            ? done() : setTimeout(look, 1));
        look();
    });
    const [train] = document.querySelectorAll(".xp-button");
    train.click(); // once for the digits, and for the compiler
    await says(`Epoch ${epochs},`);
    const buttons = [...document.querySelectorAll(".xp-button")];
    buttons.find((button) => button.textContent === "Back to start").click();
    let [last, longest, going] = [performance.now(), 0, true];
    const channel = new MessageChannel();
    channel.port1.onmessage = () => {
        const now = performance.now();
        longest = Math.max(longest, now - last);
        last = now;
        if (going) channel.port2.postMessage(0);
    };
    channel.port2.postMessage(0);
    const begun = performance.now();
    train.click();
    await says(`Epoch ${epochs},`);
    going = false;
    return [(performance.now() - begun) / epochs, longest];
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
                if not page.locator(".xp input").count():
                    continue
                line = measure(page)
            missed |= line["ratio"] > BOUND
            print(json.dumps({"explorable": name} | line | {"bound": BOUND}), flush=True)
        for network, (settings, bound) in EPOCHS.items():
            with browser.new_page() as page:
                page.set_content(explorables.lab().html())
                page.wait_for_selector(".xp-button")
                epoch, silence = page.evaluate(TRAIN, [settings, 8])
            missed |= epoch > bound or silence > SILENCE
            line = {"epoch_ms": round(epoch, 1), "bound": bound}
            line |= {"silence_ms": round(silence, 1), "silence_bound": SILENCE}
            print(json.dumps({"lab": network} | line), flush=True)
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
