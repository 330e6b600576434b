// What is said of answers and guesses, and when a question comes back.
import assert from "node:assert/strict";
import test from "node:test";

const { DAYS, comesBack, compared, judged, part, typed } = await import("../assets/questions/judge.js");
const said = (...given) => compared(...given).replaceAll("\u00a0", " ");
const { axis, ticks } = await import("../assets/questions/plot.js");

test("numbers are read as people type them", () => {
  const texts = ["0.25", " 0,25 ", "25 %", "−3", "2e-4", "2×10^-4", "2*10-4", "1.5 · 10^3", "1/64"];
  assert.deepEqual(texts.map(typed), [0.25, 0.25, 25, -3, 2e-4, 2e-4, 2e-4, 1500, 1 / 64]);
  const printed = ["2×10⁻⁴", "10⁻³", "2e−4", "10 000", "48 000", "1,000", "-1,500.5", "105"];
  assert.deepEqual(printed.map(typed), [2e-4, 1e-3, 2e-4, 10000, 48000, 1000, -1500.5, 105]);
  for (const text of ["", "about 3", "x", "10²x", "1 2"]) assert.ok(Number.isNaN(typed(text)), text);
});

test("a number is right within its room, and a known wrong one has its feedback", () => {
  const q = { kind: "number", right: 0.5, room: 0.05, wrong: [0.25, 1] };
  assert.deepEqual(judged(q, 0.54), { right: true, of: [] });
  assert.deepEqual(judged(q, 0.25), { right: false, of: [0] });
  assert.deepEqual(judged({ ...q, right: 97, room: 0.3, wrong: [97.5, 96] }, 97.4), { right: false, of: [0] });
  assert.deepEqual(judged({ ...q, right: 97, room: 0.3, wrong: [97.5, 96] }, 96.6).of, []);
  assert.deepEqual(judged(q, 9), { right: false, of: [], hint: "That is too much." });
  assert.deepEqual(judged(q, -9), { right: false, of: [], hint: "That is too little." });
});

test("of several all are needed and no other", () => {
  const q = { kind: "several", right: [0, 2] };
  assert.ok(judged(q, [0, 2]).right);
  assert.deepEqual(judged(q, [0]), { right: false, of: [], hint: "So far right, but not all of them." });
  assert.deepEqual(judged(q, [0, 1, 2]), { right: false, of: [1], hint: "" });
});

test("an order is right when each is in its place", () => {
  assert.ok(judged({ kind: "order" }, [0, 1, 2]).right);
  assert.equal(judged({ kind: "order" }, [0, 2, 1]).hint, "1 of 3 are in their place.");
});

const seeds = [9, 10, 11, 12, 13, 14, 15, 16, 17, 70];
test("a guess is compared with the seeds", () => {
  const q = { kind: "scale", unit: "%", values: seeds };
  assert.equal(said(q, 80), "You said 80 %; all 10 seeds are below that. Their median is 13.5 %.");
  assert.equal(said(q, 60), "You said 60 %; 9 of 10 seeds are below that, 1 above. Their median is 13.5 %.");
  assert.equal(said({ ...q, values: [3] }, 2), "You said 2 %; it is 3 %.");
});

test("a part is compared with the parts of the seeds", () => {
  const q = { kind: "parts", unit: "%", cuts: [20, 60], values: seeds };
  assert.deepEqual([part(q, 19), part(q, 20), part(q, 61)], [0, 1, 2]);
  assert.equal(
    said(q, 2, ["little", "half", "all"]),
    "You said “all”. 1 of 10 seeds is there. The median is 13.5 %: “little”.",
  );
});

test("a choice is compared with which is the lowest in each seed", () => {
  const q = { kind: "which", extreme: "lowest", values: [[1, 5, 1], [2, 4, 2]] };
  assert.equal(said(q, 1, ["a", "b"]), "You said “b”: lowest in 1 of 3 seeds. “a” is in 2.");
  assert.equal(said(q, 0, ["a", "b"]), "You said “a”: lowest in 2 of 3 seeds.");
});

test("a curve is compared where it is farthest off", () => {
  const q = { kind: "curve", x: [1, 10], xLabel: "layer", range: [1e-4, 1], log: true, values: [[0.1, 1e-3], [0.1, 1e-3]] };
  assert.equal(said(q, [0.1, 1]), "At 10 (layer) you drew 1; the median of 2 seeds is 0.001.");
  assert.match(said(q, [0.1, 1.1e-3]), /^Close everywhere\. /);
});

test("a missed question comes back after 1, 3, 7 and 21 days, then no more", () => {
  assert.deepEqual(comesBack(undefined, true, 100), {});
  let known = comesBack(undefined, false, 100);
  const waits = [known.due - 100];
  for (let today = known.due; known.due !== null; today = known.due ?? today) {
    known = comesBack(known, true, today);
    if (known.due !== null) waits.push(known.due - today);
  }
  assert.deepEqual(waits, DAYS);
  assert.deepEqual(comesBack({ stage: 2, due: 100 }, false, 100), { stage: 0, due: 101 });
});

test("axes have a few round ticks", () => {
  assert.deepEqual(ticks(0, 100, false), [0, 20, 40, 60, 80, 100]);
  assert.deepEqual(ticks(-8, 0, true), [-8, -6, -4, -2, 0]);
  assert.deepEqual(ticks(0.31, 0.52, false), [0.35, 0.4, 0.45, 0.5]);
  for (const value of [1e-8, 1e-3, 1]) assert.ok(Math.abs(axis(1e-8, 1, true, "").back(axis(1e-8, 1, true, "").f(value)) / value - 1) < 1e-12);
});
