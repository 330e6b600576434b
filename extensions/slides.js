// A deck: its keys, its steps, and a second window with notes, clock and what comes next.
{
  const slides = [...document.querySelectorAll(".slide")];
  const stage = document.querySelector(".stage");
  const stepsOf = (slide) => [...slide.querySelectorAll(".step")];
  const root = document.documentElement;
  let at = 0, shown = 0, second = null, started = Date.now();

  const show = (slide, steps) => {
    at = Math.min(Math.max(slide, 0), slides.length - 1);
    shown = Math.min(steps, stepsOf(slides[at]).length);
    slides.forEach((one, place) => {
      one.classList.toggle("now", place === at);
      one.inert = place !== at;
    });
    reveal(slides[at], shown);
    history.replaceState(null, "", `#${at + 1}`);
    slides[at].focus({ preventScroll: true });
    tell();
  };
  const reveal = (slide, steps) => {
    stepsOf(slide).forEach((step, place) => step.classList.toggle("shown", place < steps));
  };
  const on = () => shown < stepsOf(slides[at]).length ? show(at, shown + 1) : at + 1 < slides.length && show(at + 1, 0);
  const back = () => shown ? show(at, shown - 1) : at && show(at - 1, Infinity);

  const tell = () => {
    if (!second || second.closed) return;
    const find = (name) => second.document.querySelector(name);
    const steps = stepsOf(slides[at]).length;
    find(".place").textContent = `Slide ${at + 1} of ${slides.length}${steps ? `, step ${shown} of ${steps}` : ""}`;
    find(".notes").replaceChildren(slides[at].querySelector("template").content.cloneNode(true));
    find(".notes").scrollTop = 0;
    const more = shown < steps;
    const next = slides[more ? at : at + 1]?.cloneNode(true);
    if (next) reveal(next, more ? shown + 1 : 0);
    next?.classList.add("now");
    find(".next").replaceChildren(...(next ? [next] : []));
  };
  const tick = () => {
    if (!second || second.closed) return;
    const passed = Math.floor((Date.now() - started) / 1000);
    second.document.querySelector(".timer").textContent = `${Math.floor(passed / 60)}:${String(passed % 60).padStart(2, "0")}`;
  };
  const notes = () => {
    if (second && !second.closed) return second.focus();
    second = window.open("", "notes", "popup,width=1100,height=760");
    if (!second) return;
    const there = second.document;
    there.title = `Notes: ${document.title}`;
    there.documentElement.lang = "en";
    there.documentElement.dataset.theme = root.dataset.theme;
    there.head.append(document.querySelector("style").cloneNode(true));
    there.body.replaceChildren(document.getElementById("presenter").content.cloneNode(true));
    there.addEventListener("keydown", press);
    there.querySelector(".restart").addEventListener("click", () => { started = Date.now(); tick(); });
    started = Date.now();
    tick();
    tell();
  };
  const theme = (name) => {
    for (const page of [document, second?.document]) if (page) page.documentElement.dataset.theme = name;
  };

  const KEYS = {
    ArrowRight: on, ArrowDown: on, PageDown: on, " ": on, Enter: on,
    ArrowLeft: back, ArrowUp: back, PageUp: back, Backspace: back,
    Home: () => show(0, 0),
    End: () => show(slides.length - 1, Infinity),
    n: notes,
    d: () => theme(root.dataset.theme === "dark" ? "light" : "dark"),
    f: () => document.fullscreenElement ? document.exitFullscreen() : root.requestFullscreen(),
  };
  const press = (event) => {
    const taken = / |Enter/.test(event.key) ? "button, input, select, .xp *" : "input, select, .xp *";
    if (event.ctrlKey || event.metaKey || event.altKey || !KEYS[event.key]) return;
    if (event.target.closest?.(taken) && !event.key.startsWith("Page")) return;
    event.preventDefault();
    KEYS[event.key]();
  };
  document.addEventListener("keydown", press);
  document.querySelector(".controls").addEventListener("click", (event) => {
    KEYS[event.target.closest("button")?.dataset.key]?.();
  });
  for (const option of document.querySelectorAll(".choices button")) {
    option.addEventListener("click", () => { option.dataset.votes = Number(option.dataset.votes ?? 0) + 1; });
  }
  const fit = () => stage.style.setProperty("--zoom", stage.clientWidth / 880);
  addEventListener("resize", fit);
  setInterval(tick, 1000);
  theme(matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light");
  fit();
  show(Number(location.hash.slice(1)) - 1 || 0, 0);
}
