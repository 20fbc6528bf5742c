// The ops page by script: its parts are sent as they change, and the figures over time are drawn.
// Without script the page is whole, and a link loads it anew.

const POLL_MS = 2_000;
const LONGEST_POLL_MS = 15_000;
const SILENT_MS = 7_000;
const LISTEN_AGAIN_MS = 60_000;
const REDRAW_MS = { "1h": 10_000, "24h": 60_000, "30d": 600_000 };
const HEIGHT = 190;
const DASHES = [[], [8, 4], [2, 4], [10, 3, 2, 3]];
const MARKERS = ["solid", "dashed", "dotted", "double"];
const COLOURS = ["--accent", "--wrong", "--good", "--quiet"];

const room = document.getElementById("ops");
const plots = [];
let stream = null;
let begunAt = 0;
let heardAt = -Infinity;
let sounded = new Set(alerts().map((each) => each.dataset.alert));
document.documentElement.classList.add("has-script");
document.getElementById("figures-table").open = false;
listen();
setInterval(listen, LISTEN_AGAIN_MS);
watch();
draw();

// The parts: sent by a stream every two seconds, if only to say that they are still the same.
// Streams are few, and some proxies hold them back: where nothing is heard, the page asks.

function listen() {
  if (document.hidden || stream) return;
  stream = new EventSource(`/ops/events?seen=${room.dataset.edition}`);
  begunAt = performance.now();
  stream.addEventListener("parts", (event) => { heard(); take(event.data, event.lastEventId); });
  stream.addEventListener("still", heard);
  stream.addEventListener("error", () => { if (stream?.readyState === EventSource.CLOSED) hangUp(); });
}

function heard() {
  heardAt = performance.now();
  tellStale(false);
}

function hangUp() {
  stream?.close();
  stream = null;
  heardAt = -Infinity;
}

function isSilent() {
  return performance.now() - heardAt > SILENT_MS;
}

async function watch() {
  let wait = POLL_MS;
  for (;;) {
    await pause(wait);
    if (document.hidden) { wait = LONGEST_POLL_MS; continue; }
    if (!isSilent()) { wait = POLL_MS; continue; }
    if (performance.now() - begunAt > SILENT_MS) hangUp();
    const response = await ask(`/ops/now?seen=${room.dataset.edition}`);
    wait = response ? POLL_MS : Math.min(wait * 2, LONGEST_POLL_MS);
    tellStale(response === null);
    if (response?.status === 200) take(await response.text(), response.headers.get("X-Edition"));
  }
}

function take(html, edition) {
  renew(html);
  room.dataset.edition = edition;
}

function tellStale(isStale) {
  document.getElementById("stale").hidden = !isStale;
}

addEventListener("offline", hangUp);
addEventListener("online", listen);
document.addEventListener("visibilitychange", () => {
  if (document.hidden) { hangUp(); return; }
  listen();
  redraw();
});

async function ask(path) {
  try {
    const response = await fetch(path, { headers: { "HX-Request": "true" } });
    if (response.status === 401) location.reload();
    return response.ok ? response : null;
  } catch {
    return null;
  }
}

function pause(ms) {
  return new Promise((go) => setTimeout(go, ms));
}

function renew(html) {
  const box = document.createElement("template");
  box.innerHTML = html;
  for (const fresh of box.content.querySelectorAll("[data-part]")) {
    const shown = document.getElementById(fresh.id);
    if (shown) keeping(shown, () => shown.replaceChildren(...fresh.childNodes));
  }
  sound();
}

// Numbers in an alert change with every look; only one that is new is read out.
function sound() {
  const shown = alerts();
  const fresh = shown.filter((each) => !sounded.has(each.dataset.alert));
  sounded = new Set(shown.map((each) => each.dataset.alert));
  if (fresh.length) document.getElementById("alarm").textContent = fresh.map((each) => each.textContent).join(" ");
}

function alerts() {
  return [...room.querySelectorAll("[data-alert]")];
}

// Keep what somebody opened, ticked and stands on, whatever a part is replaced by.
function keeping(part, change) {
  const ids = (found) => [...part.querySelectorAll(found)].map((each) => each.id);
  const opened = ids("details[open]");
  const ticked = ids("input:checked");
  const focused = part.contains(document.activeElement) ? document.activeElement.id : "";
  const scrolled = [...part.querySelectorAll(".wide")].map((each) => [each.id, each.scrollLeft]);
  change();
  const withId = (id) => (id ? document.getElementById(id) : null);
  for (const id of opened) { const each = withId(id); if (each) each.open = true; }
  for (const id of ticked) { const each = withId(id); if (each) each.checked = true; }
  for (const [id, left] of scrolled) { const each = withId(id); if (each) each.scrollLeft = left; }
  withId(focused)?.focus({ preventScroll: true });
}

// Ticking all of a list

room.addEventListener("change", (event) => {
  if (!event.target.matches("[data-all]")) return;
  for (const box of event.target.form.querySelectorAll("input[name=id]")) box.checked = event.target.checked;
});

// The charts

async function draw() {
  const series = await figures();
  if (!series || !window.uPlot) return;
  for (const box of room.querySelectorAll("[data-chart]")) plots.push(plotted(box, series));
  const sizes = new ResizeObserver(() => plots.forEach(({ box, plot }) => plot.setSize({ width: box.clientWidth, height: HEIGHT })));
  sizes.observe(document.getElementById("charts"));
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => plots.forEach(({ plot }) => plot.redraw()));
  setInterval(redraw, REDRAW_MS[room.dataset.span]);
}

async function redraw() {
  if (document.hidden || !plots.length) return;
  const series = await figures();
  if (series) for (const { plot, names } of plots) plot.setData([series.at, ...names.map((name) => series[name])]);
}

async function figures() {
  const response = await ask(`/ops/figures?span=${room.dataset.span}`);
  return response ? response.json() : null;
}

function plotted(box, series) {
  const names = box.dataset.chart.trim().split(" ");
  const labels = box.dataset.labels.split("|");
  const colour = (name) => () => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const axis = { stroke: colour("--quiet"), grid: { stroke: colour("--rule"), width: 1 }, ticks: { show: false }, font: "12px system-ui, sans-serif" };
  const plot = new uPlot({
    width: box.clientWidth,
    height: HEIGHT,
    scales: { y: { range: (_, least, most) => [0, Math.max(most * 1.1, 1)] } },
    legend: { markers: { width: 3, dash: (_, index) => MARKERS[index - 1] } },
    cursor: { drag: { x: false, y: false } },
    axes: [
      { ...axis, values: (_, moments) => moments.map(moment), space: 80, size: 30 },
      { ...axis, values: (_, numbers) => numbers.map(number), size: 60 },
    ],
    series: [
      { label: room.dataset.time, value: (_, at) => (at === null ? "–" : moment(at)) },
      ...names.map((_, index) => ({
        label: labels[index],
        stroke: colour(COLOURS[index]),
        dash: DASHES[index],
        width: 2,
        points: { show: false },
        value: (_plot, value) => (value === null ? "–" : number(value)),
      })),
    ],
  }, [series.at, ...names.map((name) => series[name])], box);
  return { box, plot, names };
}

function moment(at) {
  const form = room.dataset.span === "30d"
    ? { day: "numeric", month: "short" }
    : { hour: "2-digit", minute: "2-digit" };
  return new Intl.DateTimeFormat(document.documentElement.lang, form).format(at * 1000);
}

function number(value) {
  return new Intl.NumberFormat(document.documentElement.lang, { maximumFractionDigits: value < 1 ? 2 : value < 10 ? 1 : 0 }).format(value);
}
