// Calls of the modules of explorables/web, compared with what NumPy gave: the file VECTORS holds
// [{module, call, args, expected, tolerance}], written by tests/test_explorables.py.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";

const web = new URL("../explorables/web/", import.meta.url);

for (const [i, vector] of JSON.parse(readFileSync(process.env.VECTORS, "utf8")).entries()) {
  const { module, call, args, expected, tolerance } = vector;
  test(`${i} ${module} ${call}(${JSON.stringify(args).slice(0, 90)})`, async () => {
    const found = (await import(new URL(module, web)))[call](...args);
    compare(found, expected, tolerance, "result");
  });
}

/** Numbers are equal relative to the larger one, anything else exactly; a typed array is a list. */
function compare(found, expected, tolerance, place) {
  if (typeof expected === "number") {
    const most = tolerance * Math.max(Math.abs(expected), Math.abs(found), Number.MIN_VALUE);
    const message = `${place}: ${found} is not ${expected}`;
    assert.ok(found === expected || Math.abs(found - expected) <= most, message);
  } else if (expected && typeof expected === "object") {
    const keys = Array.isArray(expected) ? expected.keys() : Object.keys(expected);
    if (Array.isArray(expected)) assert.equal(found.length, expected.length, `${place}: length`);
    for (const key of keys) compare(found[key], expected[key], tolerance, `${place}[${key}]`);
  } else {
    assert.deepEqual(found, expected, place);
  }
}
