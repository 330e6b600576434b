// What comes near the screen is measured by the theme as after a change of the window's size.
let measuring;
document.addEventListener("contentvisibilityautostatechange", (event) => {
  if (event.skipped) return;
  cancelAnimationFrame(measuring);
  measuring = requestAnimationFrame(() => dispatchEvent(new Event("resize")));
});

// The list of sections in the sidebar follows what is read; on a phone it closes when one is chosen.
const sections = document.querySelector("#pst-page-toc-nav");
if (sections) {
  sections.addEventListener("click", () => sections.closest("dialog")?.close());
  const sidebar = sections.closest(".bd-sidebar-primary");
  new MutationObserver(() => {
    const active = sections.querySelector("a.active");
    if (!active || sidebar.matches(":hover, :focus-within")) return;
    const [within, at] = [sidebar, active].map((element) => element.getBoundingClientRect());
    if (at.top < within.top || at.bottom > within.bottom) {
      sidebar.scrollTop += at.top - within.top - within.height / 3;
    }
  }).observe(sections, { subtree: true, attributeFilter: ["class"] });
}

// A click on a heading of a ".sortable" table sorts its rows; without JavaScript they keep their order.
for (const table of document.querySelectorAll("table.sortable")) {
  for (const [column, heading] of [...table.tHead.rows[0].cells].entries()) {
    const button = document.createElement("button");
    button.append(...heading.childNodes);
    heading.append(button);
    button.addEventListener("click", () => {
      const down = heading.ariaSort === "ascending";
      for (const other of table.tHead.rows[0].cells) other.ariaSort = null;
      heading.ariaSort = down ? "descending" : "ascending";
      const power = (_, raised) => "e" + raised.replace("⁻", "-").replace(/[^-]/g, (digit) => "⁰¹²³⁴⁵⁶⁷⁸⁹".indexOf(digit));
      const value = (row) => row.cells[column].innerText.replace("−", "-").replace(/×10([⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+)/, power);
      const order = (a, b) => value(a).localeCompare(value(b), "en", { numeric: true });
      const number = (a, b) => parseFloat(value(a)) - parseFloat(value(b));
      const rows = [...table.tBodies[0].rows];
      const numeric = rows.every((row) => Number.isFinite(parseFloat(value(row))));
      rows.sort(numeric ? number : order);
      table.tBodies[0].append(...(down ? rows.reverse() : rows));
    });
  }
}

// Who reports a problem does so from the section whose heading was read last.
document.addEventListener("click", ({ target }) => {
  const button = target.closest(".btn-source-issues-button");
  if (!button) return;
  const read = [...document.querySelectorAll("article :is(h1, h2, h3)")].filter(
    (heading) =>
      heading.checkVisibility({ contentVisibilityAuto: true }) &&
      heading.getBoundingClientRect().top < 150,
  );
  const address = new URL(button.href);
  address.searchParams.set("section", read.at(-1)?.innerText.replace(/#$/, "").trim() ?? "");
  button.href = address;
});

// Paper is light.
{
  const { dataset } = document.documentElement;
  let theme;
  addEventListener("beforeprint", () => {
    theme = dataset.theme;
    dataset.theme = "light";
  });
  addEventListener("afterprint", () => (dataset.theme = theme));
}
