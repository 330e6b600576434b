// Curves over seeds in a panel: the median as a line, in a band from the lowest to the highest.
import { median } from "../core/statistics.js";
import { element } from "./elements.js";

/**
 * A band in the look of a series.
 * @param {ReturnType<typeof import("./panel.js").panel>} plot
 * @param {number} k series
 * @returns {(x: number[], rows: number[][]) => void} draws it: `rows` holds, by x, a number a seed
 */
export function band(plot, k) {
  const area = element("svg:path", { style: `fill:var(--c${k})`, "fill-opacity": 0.16 });
  plot.area.append(area);
  const line = plot.series(k);
  return (x, rows) => {
    const [high, low, middle] = [[], [], []];
    rows.forEach((row, i) => {
      const values = row.filter(Number.isFinite);
      if (!values.length) return;
      high.push([x[i], Math.max(...values)]);
      low.unshift([x[i], Math.min(...values)]);
      middle.push([x[i], median(values)]);
    });
    plot.trail(area, [...high, ...low]);
    plot.trail(line, middle);
  };
}
