// A card with what stands behind a link into the book: on hover, on focus and on a long press.
{
  const root = new URL("..", document.currentScript.src).pathname;
  const LINKS = "article a.reference.internal[href*='#']";
  const card = Object.assign(document.createElement("div"), { className: "preview", id: "preview", popover: "manual" });
  card.setAttribute("role", "tooltip");
  const loaded = {};
  let link, timer, pressed;

  const known = (page) => (loaded[page] ??= new Promise((done) => {
    const script = document.createElement("script");
    script.src = `${root}previews/${page}.js`;
    script.onload = script.onerror = () => done(window.previews?.[page] ?? {});
    document.head.append(script);
  }));

  function hide() {
    clearTimeout(timer);
    link?.removeAttribute("aria-describedby");
    link = null;
    card.remove();
  }

  async function show(at) {
    if (at === link) return;
    hide();
    link = at;
    const page = at.pathname.slice(root.length).replace(/\.html$/, "");
    const html = (await known(page))[decodeURIComponent(at.hash.slice(1))];
    if (!html || link !== at) return;
    card.innerHTML = html;
    card.style.fontSize = "";
    document.querySelector("article").append(card);
    card.showPopover?.();
    const wide = card.scrollWidth / card.clientWidth;
    if (wide > 1) card.style.fontSize = `${0.95 / wide}em`;
    const { left, top, bottom } = at.getClientRects()[0];
    const below = bottom + 6 + card.offsetHeight < innerHeight || top < innerHeight / 2;
    card.style.top = `${scrollY + (below ? bottom + 6 : top - 6 - card.offsetHeight)}px`;
    card.style.left = `${scrollX + Math.max(8, Math.min(left, document.documentElement.clientWidth - card.offsetWidth - 8))}px`;
    at.setAttribute("aria-describedby", "preview");
  }

  const later = (what, time, at) => {
    clearTimeout(timer);
    timer = setTimeout(what, time, at);
  };
  const over = ({ target }) => target.closest?.(LINKS);

  addEventListener("pointerover", (event) => {
    if (event.pointerType === "touch") return;
    const at = over(event);
    if (at) later(show, 250, at);
    else if (card.contains(event.target)) clearTimeout(timer);
    else if (!link?.matches(":focus-visible")) later(hide, 250);
  });
  addEventListener("focusin", (event) => {
    const at = over(event);
    if (at?.matches(":focus-visible")) show(at);
    else if (at !== link) hide();
  });
  addEventListener("keydown", ({ key }) => key === "Escape" && hide());
  addEventListener("pointerdown", (event) => {
    pressed = false;
    if (!card.contains(event.target)) hide();
    const at = over(event);
    if (at && event.pointerType === "touch") {
      later(() => {
        pressed = true;
        show(at);
      }, 450);
    }
  });
  for (const end of ["pointerup", "pointercancel", "pointermove"]) {
    addEventListener(end, (event) => {
      if (event.pointerType === "touch" && !pressed) clearTimeout(timer);
    });
  }
  // A long press is neither a click nor a wish for the browser's menu.
  for (const end of ["click", "contextmenu"]) {
    addEventListener(end, (event) => {
      if (event.pointerType === "touch" && over(event) && (pressed || end === "contextmenu")) event.preventDefault();
    });
  }
}
