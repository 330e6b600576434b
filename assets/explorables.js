// Brings the explorables and the questions of the page to life before they come into view.
{
  const folder = new URL("explorables/", document.currentScript.src);
  const asked = new Set();
  const seen = new IntersectionObserver(
    (entries) => {
      for (const { isIntersecting, target } of entries) {
        const name = target.dataset.explorable ?? "questions";
        if (!isIntersecting || asked.has(name)) continue;
        asked.add(name);
        document.head.append(Object.assign(document.createElement("script"), { src: new URL(`${name}.js`, folder) }));
      }
    },
    { rootMargin: "100%" },
  );
  for (const host of document.querySelectorAll("[data-explorable], .question")) seen.observe(host);
}
