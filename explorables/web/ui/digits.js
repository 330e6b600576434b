// The digits, fetched when they are first needed: by a script, which a page from a disk may, too.
import { digits, unpacked } from "../core/lab/data.js";

const folder = document.currentScript?.src;
let once;

/** @returns {Promise<import("../core/lab/data.js").Data>} */
export const loadDigits = () => (once ??= packed().then(unpacked).then(digits));

async function packed() {
  if (globalThis.bookDigits) return globalThis.bookDigits;
  const script = document.createElement("script");
  script.src = new URL("digits.js", folder);
  await new Promise((done, fail) => {
    script.onload = done;
    script.onerror = () => {
      once = null;
      fail(new Error("the digits cannot be fetched"));
    };
    document.head.append(script);
  });
  return globalThis.bookDigits;
}
