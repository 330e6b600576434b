// What a reader has answered: kept in this browser alone, and counted at the head of a page.
const answers = (() => {
  const KEY = "answers";
  const today = () => Math.floor((Date.now() - new Date().getTimezoneOffset() * 60000) / 86400000);
  const listed = (v) => Array.isArray(v) && v.every((one) => typeof one === "string");

  /** All that is known, by the name of a question; what is not of the right form is left out. */
  function all() {
    try {
      const kept = Object.entries(JSON.parse(localStorage.getItem(KEY)) ?? {});
      return Object.fromEntries(kept.filter(([, one]) => listed(one?.tries) && one.tries.length));
    } catch {
      return {};
    }
  }

  /** Keep what is known of a question: `tries` in words, `right` (or null), `stage` and `due`. */
  function put(name, known) {
    try {
      localStorage.setItem(KEY, JSON.stringify({ ...all(), [name]: known }));
    } catch {
      // A browser that keeps nothing still answers.
    }
    tell();
  }

  function forget() {
    try {
      localStorage.removeItem(KEY);
    } catch {
      return;
    }
    location.reload();
  }

  const word = { true: "right", false: "wrong" };
  const text = () => Object.entries(all())
    .map(([name, { tries, right }]) => `${name}: ${[...tries, word[right]].filter(Boolean).join(" > ")}`)
    .sort()
    .join("\n");

  function tell() {
    const known = all();
    for (const place of document.querySelectorAll("[data-asked]")) {
      const names = place.dataset.asked.split(" ");
      const done = names.filter((name) => known[name]);
      const checks = done.filter((name) => typeof known[name].right === "boolean");
      const first = checks.filter((name) => known[name].right && known[name].tries.length === 1);
      const right = checks.length ? `, ${first.length} of ${checks.length} right at the first try` : "";
      place.querySelector("span").textContent = `${done.length} of ${names.length} answered${right}`;
    }
  }

  addEventListener("click", async ({ target }) => {
    const wish = target.dataset?.answers;
    if (wish === "forget" && confirm("Forget all answers that this browser has kept?")) forget();
    if (wish !== "copy") return;
    const said = text() || "no answers yet";
    const box = Object.assign(document.createElement("textarea"), { value: said, readOnly: true, rows: 6 });
    box.setAttribute("aria-label", "My answers");
    target.parentNode.querySelector("textarea")?.remove();
    target.parentNode.append(box);
    box.select();
    await navigator.clipboard?.writeText(said).then(() => (target.textContent = "Copied"), () => {});
  });
  // What is folded opens for who follows a link into it, and what waits for a prediction is printed.
  const open = (place) => {
    for (let at = place; (at = at?.closest("details")); at = at.parentElement) at.open = true;
  };
  const arrive = () => {
    let name = location.hash.slice(1);
    try {
      name = decodeURIComponent(name);
    } catch {
      // A mistyped address, such as one that ends in 50%.
    }
    const place = document.getElementById(name);
    if (!place?.closest("details")) return;
    open(place);
    requestAnimationFrame(() => requestAnimationFrame(() => place.scrollIntoView()));
  };
  addEventListener("hashchange", arrive);
  addEventListener("beforeprint", () => document.querySelectorAll("details.withheld").forEach((one) => (one.open = true)));
  arrive();
  tell();
  return { all, put, today };
})();
