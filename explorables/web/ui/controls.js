// The frame of a live figure and its native controls with labels.

import { KEYS, element } from "./elements.js";
import { number } from "./numbers.js";

/**
 * Mount an explorable once; if that fails the static figure stays.
 * @param {HTMLElement} host
 * @param {(host: HTMLElement, settings: any, signal: AbortSignal) => void} mount the signal aborts
 *   when the figure goes back to its start, as a new one
 */
export function start(host, mount) {
  if ("live" in host.dataset) return;
  host.dataset.live = "";
  let shown;
  const show = () => {
    shown = new AbortController();
    mount(host, JSON.parse(host.dataset.settings), shown.signal);
  };
  try {
    show();
  } catch (error) {
    delete host.dataset.live;
    host.querySelector(".xp")?.remove();
    console.error(error);
  }
  host.addEventListener("reset", () => {
    shown.abort();
    host.querySelector(".xp").remove();
    show();
    host.querySelector(".xp-reset").focus();
  });
}

/**
 * The parts of a live figure: panels side by side, controls below, a sentence with the result.
 * @param {HTMLElement} host
 * @param {{label: string, columns?: string}} options `columns` is a CSS grid template for panels
 * @returns {{panels: HTMLElement, controls: HTMLElement, say: (text: string) => void}}
 */
export function frame(host, { label, columns = "1fr 1fr" }) {
  const panels = element("div", { class: "xp-panels", style: `--columns:${columns}` });
  const controls = element("div", { class: "xp-controls" });
  const result = element("p", { class: "xp-result", "aria-live": "polite" });
  const reset = element("button", {
    type: "button", class: "xp-button xp-reset", onclick: () => host.dispatchEvent(new Event("reset")),
  }, "Reset");
  host.append(element(
    "div", { class: "xp", role: "group", "aria-label": label },
    panels, element("div", { class: "xp-said" }, reset, result), controls,
  ));
  return { panels, controls, say: (text) => void (result.textContent = text) };
}

const control = (label, ...parts) => element(
  "label",
  { class: "xp-control" },
  element("span", {}, label),
  ...parts,
);

/**
 * A slider over a list of values. `value` is among them even if the list lacks it.
 * @param {{label: string, values: number[], value: number, show?: (v: number) => string,
 *   change: (v: number) => void}} options
 */
export function slider({ label, values, value, show = (v) => number(v, 3), change }) {
  const output = element("output", { "aria-live": "off" });
  const input = element("input", { type: "range", min: 0, step: 1, ...KEYS });
  let list = values;
  const tell = () => {
    output.textContent = show(list[input.value]);
    input.setAttribute("aria-valuetext", output.textContent);
  };
  const set = (v) => {
    list = values.includes(v) ? values : [...values, v].sort((a, b) => a - b);
    input.max = list.length - 1;
    input.value = list.indexOf(v);
    tell();
  };
  input.addEventListener("input", () => {
    tell();
    change(list[input.value]);
  });
  set(value);
  return { node: control(label, input, output), set };
}

/**
 * @param {{label: string, options: Record<string, string>, value: string,
 *   change: (v: string) => void}} options maps values to what the reader sees
 */
export function choice({ label, options, value, change }) {
  const input = element(
    "select",
    { onchange: () => change(input.value), ...KEYS },
    ...Object.entries(options).map(([key, text]) =>
      element("option", { value: key, selected: key === value }, text)),
  );
  return { node: control(label, input), set: (v) => void (input.value = v) };
}
