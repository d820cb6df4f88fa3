// Extras of the reports. Every one of them is a shorter way to something that the page offers without a script.
const one = (selector, from = document) => from.querySelector(selector);
const all = (selector, from = document) => [...from.querySelectorAll(selector)];

// Keys: links and buttons say theirs in data-key. Codes, not characters: the same place on a Russian keyboard.
const keys = one("#keys");
const keysOn = one("#keys-on");
const typing = (at) => at.closest("input, select, textarea, [contenteditable]");
const wanted = () => localStorage.getItem("vestibule-keys") !== "off";
if (keys) {
  keysOn.checked = wanted();
  keysOn.addEventListener("change", () => localStorage.setItem("vestibule-keys", keysOn.checked ? "on" : "off"));
  for (const button of all("[data-show-keys]")) {
    button.hidden = false;
    button.addEventListener("click", () => keys.showModal());
  }
  document.addEventListener("keydown", pressed);
}

function pressed(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || keys.open) return;
  if (event.code === "Escape" && closeMenus()) return;
  if (typing(event.target) || !wanted()) return;
  if (event.key === "?" || (event.code === "Slash" && event.shiftKey)) return keys.showModal();
  if (event.code.startsWith("Arrow") && event.target.closest("[data-graph], .scroll")) return;
  const target = event.shiftKey ? null : one(`[data-key="${event.code}"]`);
  if (!target) return;
  event.preventDefault();
  target.click();
}

// Menus close when something else is meant.
function closeMenus(except) {
  const open = all("details.menu[open]").filter((menu) => menu !== except);
  for (const menu of open) {
    menu.open = false;
    if (menu.contains(document.activeElement)) one("summary", menu).focus();
  }
  return open.length > 0;
}
document.addEventListener("click", (event) => closeMenus(event.target.closest("details.menu")));

// A row filters by its channel wherever it is clicked; its link does so for the keyboard.
for (const row of all("tr[data-row]")) {
  row.addEventListener("click", (event) => {
    if (!event.target.closest("a, button, input, summary") && !String(getSelection())) one("a", row).click();
  });
}

// Points: one stop of the Tab key for a whole graph, the arrows go on from there; what a point says stands beside it.
function enliven(graph) {
  const points = all("[tabindex]", graph);
  points.slice(1).forEach((point) => point.setAttribute("tabindex", "-1"));
  graph.addEventListener("keydown", (event) => walk(event, points));
  graph.addEventListener("focusin", (event) => event.target.matches("[aria-label]") && tell(event.target));
  graph.addEventListener("focusout", hush);
  graph.addEventListener("pointerleave", hush);
  graph.addEventListener("pointermove", (event) => nearest(graph, event));
}
const GRAPHS = "[data-graph], .histogram";
function walk(event, points) {
  const step = { ArrowLeft: -1, ArrowRight: 1, Home: -Infinity, End: Infinity }[event.key];
  if (!step) return;
  const at = points.indexOf(document.activeElement);
  const next = points[Math.min(points.length - 1, Math.max(0, at + step))];
  points.forEach((point) => point.setAttribute("tabindex", point === next ? "0" : "-1"));
  next.focus();
  event.preventDefault();
}

const tip = document.createElement("div");
tip.className = "tip";
tip.hidden = true;
tip.setAttribute("aria-hidden", "true"); // the point's own name is read out
document.body.append(tip);
function tell(point) {
  tip.textContent = point.getAttribute("aria-label");
  tip.hidden = false;
  const spot = point.getBoundingClientRect();
  const left = Math.min(innerWidth - tip.offsetWidth - 8, Math.max(8, spot.left + spot.width / 2 - tip.offsetWidth / 2));
  tip.style.left = `${left + scrollX}px`;
  tip.style.top = `${spot.top + scrollY - tip.offsetHeight - 8}px`;
}
const hush = () => (tip.hidden = true);
function nearest(graph, event) {
  const marks = all("circle.point, rect.bin", graph);
  const away = (mark) => Math.abs(mark.getBoundingClientRect().left + mark.getBoundingClientRect().width / 2 - event.clientX);
  const note = event.target.closest(".note-mark");
  const found = note || marks.reduce((best, mark) => (away(mark) < away(best) ? mark : best), marks[0]);
  if (found) tell(found);
}
all(GRAPHS).forEach(enliven);

// The last half hour: asked for again while somebody looks.
const live = one("[data-live]");
const EVERY = 20000;
async function refresh() {
  if (document.hidden || live.contains(document.activeElement) || one("details[open]", live)) return;
  hush();
  try {
    const answer = await fetch(live.dataset.live, { headers: { Accept: "text/html" } });
    if (answer.ok && !answer.redirected) {
      live.innerHTML = await answer.text();
      all(GRAPHS, live).forEach(enliven);
    }
    live.toggleAttribute("data-stale", !answer.ok || answer.redirected);
  } catch {
    live.toggleAttribute("data-stale", true);
  }
}
if (live) setInterval(refresh, EVERY);
