// Buttons of a live figure.
import { KEYS, element } from "./elements.js";

/**
 * A row of buttons. A button with `pressed` is one to switch on and off.
 * @param {{label: string, act: () => void, pressed?: boolean, strong?: boolean}[]} actions
 */
export function actions(list) {
  const buttons = list.map(({ label, act, pressed, strong }) => element("button", {
    type: "button", class: strong ? "xp-button xp-strong" : "xp-button", onclick: act,
    "aria-pressed": pressed == null ? null : String(pressed), ...KEYS,
  }, label));
  return { node: element("div", { class: "xp-actions" }, ...buttons), buttons };
}
