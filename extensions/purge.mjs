// Takes {css, content} as JSON and prints the rules of css that something in content may match.
import { readFileSync } from "node:fs";
import { PurgeCSS } from "purgecss";

const { css, content } = JSON.parse(readFileSync(0, "utf8"));
// A selector that is a pseudo-class alone would be dropped.
const starred = css.replace(/(?<=[{},]\s*)(?=:(?!root|host|where|is|not|has)[a-z])/g, "*");
const [purged] = await new PurgeCSS().purge({
  css: [{ raw: starred }],
  safelist: [/^bs-tooltip-/, /^tooltip/, "show", "fade", "collapsing"], // Bootstrap sets these
  dynamicAttributes: ["aria-sort", "data-live"], // and we these
  content: content.map((raw) => ({ raw, extension: "html" })),
});
process.stdout.write(purged.css);
