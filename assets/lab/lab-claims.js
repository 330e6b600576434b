// Claims of the book, measured again in the page. Arithmetic: claims.js.
import { measured } from "./claims.js";
import { verdict } from "./runs.js";
import { actions } from "../../explorables/web/ui/actions.js";
import { loadDigits } from "../../explorables/web/ui/digits.js";
import { engine } from "../../explorables/web/ui/engine.js";
import { number } from "../../explorables/web/ui/numbers.js";

const SEEDS = Array.from({ length: 10 }, (_, i) => i);

/**
 * Puts a button into each row of the table after the host.
 * @param {HTMLElement} host
 * @param {Record<string, {above: number | null, below: number | null}[]>} bounds by claim
 * @param {AbortSignal} signal
 */
export function mount(host, bounds, signal) {
  const jobs = [];
  const work = engine(() => jobs.shift() ?? null, () => {}, signal);
  const records = new Map();
  const rows = host.closest("section").querySelectorAll("tbody tr");
  Object.keys(bounds).forEach((name, i) => {
    const cell = rows[i].lastElementChild;
    const words = cell.firstElementChild;
    words.setAttribute("aria-live", "polite");
    const { node, buttons: [button] } = actions([{ label: "Run it", act: run }]);
    cell.append(node);
    cell.classList.add("explorable");

    async function run() {
      button.disabled = true;
      words.textContent = "running …";
      try {
        jobs.push(measure(await loadDigits()));
        work.go();
      } catch (error) {
        button.disabled = false;
        words.textContent = error.message;
      }
    }
    function* measure(digits) {
      const effects = yield* measured(name, digits, SEEDS, records);
      const { holds, comparisons } = verdict(effects, bounds[name]);
      const found = comparisons.map(({ median, low, high }) =>
        `${number(median)} [${number(low)}, ${number(high)}]`);
      words.textContent = `${holds ? "holds" : "does not hold"} here: ${found.join("; ")}`;
      button.disabled = false;
    }
  });
}
