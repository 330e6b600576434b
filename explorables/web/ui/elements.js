// Elements of the page and of its drawings.

/** On whatever takes arrow keys, lest JupyterLab takes them for its own. */
export const KEYS = { "data-lm-suppress-shortcuts": "true" };

/**
 * An element with attributes and children; `on…` attributes are listeners.
 * @param {string} tag "svg:" before it makes an element of SVG
 * @param {Record<string, any>} [attributes]
 * @param {...(Node | string)} children
 * @returns {any}
 */
export function element(tag, attributes = {}, ...children) {
  const node = tag.startsWith("svg:")
    ? document.createElementNS("http://www.w3.org/2000/svg", tag.slice(4))
    : document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (value === true) node.setAttribute(name, "");
    else if (value !== false && value != null) node.setAttribute(name, value);
  }
  node.append(...children);
  return node;
}

/**
 * Set attributes of an element of SVG; numbers are rounded to tenths of a pixel.
 * @param {Element} node
 * @param {Record<string, string | number>} attributes
 */
export function update(node, attributes) {
  for (const [name, value] of Object.entries(attributes)) {
    node.setAttribute(name, typeof value === "number" ? tenth(value) : value);
  }
}

/** Put settings into the address, without a step in the history. @param {string} hash */
export function readdress(hash) {
  try {
    history.replaceState(null, "", `#${hash}`);
  } catch { /* a frame without an address of its own */ }
}

export const clamp = (v, low, high) => Math.min(high, Math.max(low, v));
export const tenth = (v) => Math.round(clamp(v, -1e4, 1e4) * 10) / 10;
