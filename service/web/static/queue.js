// The queue by script: cards leave at once and their decisions follow in order; the next cards
// are in stock; what others do shows by itself. Without script every card is a plain form.

const STATUS_AFTER = { approve: "approved", reject: "rejected", spam: "spam", delete: "deleted", hold: "held" };
const STOCK = 15;
const MOST_MISSES = 10; // a rare word is looked for in so many slices; then somebody asks for more
const UNDO_MS = 30_000;
const POLL_MS = 2_000;
const LONGEST_POLL_MS = 15_000;
const RETRY_MS = [500, 1_000, 2_000, 4_000, 8_000, 15_000];
const DWELL_MS = 3_000;
const CLAIM_AGAIN_MS = 60_000;
const IDLE_MS = 110_000;
const LEAVES_MS = 3_000;
const BREAK_MS = 3_600_000;
const REST_MS = 600_000;
const TYPING = "input:not([type=checkbox]):not([type=radio]), textarea, select, [contenteditable]";

document.documentElement.classList.add("has-script");
document.addEventListener("click", (event) => {
  const button = event.target.closest(".unfold");
  if (button) unfold(button);
});

// The chart of scores: a drag chooses a range of columns, and with shift one extends the range.

const dots = document.getElementById("dots");
dots?.addEventListener("click", extendRange);
dots?.addEventListener("pointerdown", dragRange);
dots?.addEventListener("dragstart", (event) => event.preventDefault()); // a link would be dragged itself

function extendRange(event) {
  const column = event.target.closest("a");
  const least = document.getElementById("least");
  const most = document.getElementById("most");
  if (!column || !event.shiftKey || !least.value) return;
  event.preventDefault();
  askRange(Math.min(least.value, column.dataset.least), Math.max(most.value, column.dataset.most));
}

function dragRange(event) {
  const first = event.target.closest("a");
  if (!first || !event.isPrimary || event.button !== 0 || event.shiftKey) return;
  const columns = [...dots.querySelectorAll("a")];
  const watch = new AbortController();
  const whileDown = { signal: watch.signal };
  let swept = [first];
  const show = () => {
    for (const each of columns) each.classList.toggle("chosen", swept.length > 1 ? swept.includes(each) : each.hasAttribute("aria-current"));
  };
  const sweep = ({ clientX }) => {
    const ends = [columns.indexOf(first), columnAt(columns, clientX)].sort((a, b) => a - b);
    swept = columns.slice(ends[0], ends[1] + 1);
    show();
  };
  document.addEventListener("pointermove", sweep, whileDown);
  document.addEventListener("pointercancel", () => { watch.abort(); swept = [first]; show(); }, whileDown);
  document.addEventListener("pointerup", (up) => {
    watch.abort();
    sweep(up);
    if (swept.length > 1) askRange(swept[0].dataset.least, swept.at(-1).dataset.most);
  }, whileDown);
}

function columnAt(columns, x) {
  const beyond = columns.findIndex((each) => each.getBoundingClientRect().right > x);
  return beyond < 0 ? columns.length - 1 : beyond;
}

function askRange(least, most) {
  const form = document.getElementById("least").form;
  form.elements.least.value = least;
  form.elements.most.value = most;
  form.submit();
}

const room = document.getElementById("queue");
const sentences = document.getElementById("sentences")?.dataset;
const shelf = document.getElementById("cards");
const dialog = document.getElementById("dialog");
const dialogBody = document.getElementById("dialog-body");
const outbox = [];
const gone = new Set();
const arrived = new Set(); // came since, and pass the filters: the button shows them
const others = new Set(); // came since, and do not
const history = [];
let current = null;
let lastPicked = null;
let isSending = false;
let isFetching = false;
let isExhausted = false;
let misses = 0;
let claimed = "";
let dwell = 0;
let lastActive = Date.now();
let lastText = "";
if (room) open();

function open() {
  const keysOff = "keysOff" in room.dataset;
  room.classList.toggle("keys-on", !keysOff);
  if (!keysOff) document.addEventListener("keydown", onKey);
  shelf.addEventListener("submit", onCardSubmit);
  shelf.addEventListener("click", onCardClick);
  shelf.addEventListener("focusin", (event) => mark(event.target.closest(".card")));
  document.getElementById("bulk").addEventListener("submit", onBulk);
  document.getElementById("all").addEventListener("change", pickAll);
  document.getElementById("last-undo").addEventListener("click", undo);
  document.getElementById("new").addEventListener("click", showNew);
  document.querySelector("[data-help]").addEventListener("click", (event) => openPage(event, event.currentTarget.href));
  document.querySelector("#more a")?.addEventListener("click", (event) => { event.preventDefault(); fill(true); });
  dialog.addEventListener("close", () => { dialogBody.replaceChildren(); current?.focus(); });
  dialog.addEventListener("click", (event) => { if (event.target.closest("[data-close]")) { event.preventDefault(); dialog.close(); } });
  window.addEventListener("beforeunload", (event) => { if (outbox.length) event.preventDefault(); });
  window.addEventListener("online", send);
  for (const kind of ["keydown", "pointerdown"]) document.addEventListener(kind, () => { lastActive = Date.now(); }, { passive: true });
  setInterval(keepClaim, CLAIM_AGAIN_MS);
  showPicked();
  select(cards()[0], { isFirst: true });
  poll();
}

// Cards and which of them is the one

function cards() {
  return [...shelf.querySelectorAll(".card")];
}

function cardOf(id) {
  return document.getElementById(`c-${id}`);
}

function mark(card) {
  if (!card || card === current) return;
  const before = current;
  current?.removeAttribute("aria-current");
  current = card;
  card.setAttribute("aria-current", "true");
  if (before?.dataset.leaving !== undefined) leave(before);
  letGo();
  clearTimeout(dwell);
  dwell = setTimeout(claim, DWELL_MS);
}

function select(card, { isFirst = false } = {}) {
  if (!card) { current = null; return; }
  mark(card);
  const isFree = document.activeElement === document.body || document.activeElement === null;
  if (!isFirst || isFree) card.focus({ preventScroll: true });
  if (!isFirst) card.scrollIntoView({ block: "nearest" });
}

function step(by) {
  const all = cards();
  const at = all.indexOf(current);
  select(all[Math.min(Math.max(at + by, 0), all.length - 1)] ?? all[0]);
}

function neighbour(leaving) {
  const all = cards();
  const staying = (card) => card && !leaving.includes(card);
  const at = all.indexOf(leaving[0]);
  return all.slice(at).find(staying) ?? all.slice(0, at).reverse().find(staying) ?? null;
}

function leave(card) {
  if (card === current) { select(neighbour([card])); }
  card.remove();
  showPicked();
  fill();
}

function made(html) {
  const box = document.createElement("template");
  box.innerHTML = html;
  return [...box.content.querySelectorAll(".card")];
}

function nameOf(card) {
  return card.querySelector("h2").textContent.trim();
}

function unfold(button) {
  const isOpen = button.getAttribute("aria-expanded") === "true";
  button.setAttribute("aria-expanded", String(!isOpen));
  document.getElementById(button.getAttribute("aria-controls")).classList.toggle("folded", isOpen);
  if (sentences) button.textContent = isOpen ? sentences.showAll : sentences.showLess;
}

// Deciding

function decide(chosen, action, fields = {}) {
  const leaving = chosen.filter((card) => card.dataset.status !== STATUS_AFTER[action]);
  if (!leaving.length) return;
  const next = neighbour(leaving);
  const places = leaving.map((card) => [card, card.nextElementSibling]);
  const ids = leaving.map((card) => card.dataset.id);
  const did = { ids, versions: {}, at: Date.now() };
  const had = document.activeElement;
  for (const card of leaving) { gone.add(card.dataset.id); card.remove(); }
  if (leaving.includes(current) || !current) { current = null; claimed = ""; select(next); }
  else if (!document.contains(had)) current.focus({ preventScroll: true });
  history.push(did);
  count(-ids.length);
  const what = ids.length > 1 ? `${ids.length}` : nameOf(leaving[0]);
  sayDone(action, what);
  const comment = leaving.map((card) => card.dataset.token).join(" ");
  outbox.push({
    path: "decisions",
    fields: () => ({ action, comment, sure: "yes", ...fields }),
    answered: (results) => settle(results, did),
    failed: () => { forget(did, ids); places.reverse().forEach(([card, before]) => putBack(card, before)); },
  });
  showPicked();
  send();
  fill();
  work();
}

function settle(results, did) {
  for (const result of results) did.versions[result.id] = result.version;
  for (const result of results.filter((each) => !each.is_done)) {
    forget(did, [result.id]);
    say(result.says, false);
    const [card] = result.card ? made(result.card) : [];
    if (!card) continue;
    putBack(card, current);
    greyOut(card, result.says, card.dataset.status !== listed());
  }
}

function forget(did, ids) {
  did.ids = did.ids.filter((id) => !ids.includes(id));
  if (!did.ids.length && history.includes(did)) history.splice(history.indexOf(did), 1);
  for (const id of ids) gone.delete(id);
  count(ids.length);
}

function putBack(card, before) {
  cardOf(card.dataset.id)?.remove();
  shelf.insertBefore(card, before && shelf.contains(before) ? before : null);
  document.getElementById("empty").hidden = true;
  if (!current) select(card);
}

function undo() {
  const did = history.at(-1);
  if (!did) return say(sentences.nothingToUndo, false);
  if (Date.now() - did.at > UNDO_MS) return say(sentences.undoLate, false);
  history.pop();
  say("", false);
  outbox.push({
    path: "undo",
    fields: () => ({ comment: did.ids.map((id) => `${id}:${did.versions[id] ?? ""}`).join(" ") }),
    answered: (results) => results.reverse().forEach(undone),
    failed: () => history.push(did),
  });
  send();
}

function undone(result) {
  if (!result.is_done) return say(result.says, false);
  gone.delete(result.id);
  const [card] = result.card ? made(result.card) : [];
  if (!card || result.status !== listed()) return say(sentences.undone, false);
  putBack(card, current ?? shelf.firstElementChild);
  count(1);
  select(card);
  say(filled(sentences.did, sentences.undone, nameOf(card)), false);
}

function listed() {
  return new URLSearchParams(room.dataset.query).get("status") || "held";
}

// The outbox: in order, one at a time, again until the service has answered

async function send() {
  if (isSending) return;
  isSending = true;
  for (let tries = 0; outbox.length; ) {
    const task = outbox[0];
    const response = await post(`/moderate/${task.path}`, task.fields());
    if (!response || response.status >= 500) {
      say(sentences.offline, false);
      await pause(RETRY_MS[Math.min(tries++, RETRY_MS.length - 1)]);
      continue;
    }
    outbox.shift();
    if (tries) say(sentences.backOnline, false);
    tries = 0;
    const body = response.ok || response.status === 409 ? await response.json().catch(() => null) : null;
    if (body) { task.answered(body.results); continue; }
    task.failed();
    say(response.status === 401 ? sentences.signedOut : sentences.failed, false);
  }
  isSending = false;
  fill();
}

async function post(path, fields) {
  const body = new URLSearchParams({ back: room.dataset.query, ...fields });
  const headers = { Accept: "application/json", "HX-Request": "true", "X-CSRF-Token": document.body.dataset.csrf };
  try {
    return await fetch(path, { method: "POST", body, headers, keepalive: body.toString().length < 60_000 });
  } catch {
    return null;
  }
}

async function get(path) {
  try {
    const response = await fetch(path, { headers: { "HX-Request": "true" } });
    if (response.status === 401) say(sentences.signedOut, false);
    return response.ok ? response : null;
  } catch {
    return null;
  }
}

function pause(ms) {
  return new Promise((go) => setTimeout(go, ms));
}

// The stock of next cards

async function fill(isAsked = false) {
  const none = cards().length === 0;
  document.getElementById("empty").hidden = !none || isFetching || !isExhausted;
  if (isAsked) misses = 0;
  if (isFetching || misses > MOST_MISSES || (!isAsked && cards().length >= STOCK)) return;
  if (!room.dataset.next && (isExhausted || !none || outbox.length)) return;
  isFetching = true;
  const isFromStart = !room.dataset.next;
  const cursor = isFromStart ? "" : `&cursor=${encodeURIComponent(room.dataset.next)}`;
  const response = await get(`/moderate/cards?${room.dataset.query}${cursor}`);
  if (response) {
    const found = made(await response.text()).filter((card) => !gone.has(card.dataset.id) && !cardOf(card.dataset.id));
    room.dataset.next = response.headers.get("X-Next") || "";
    misses = found.length ? 0 : misses + 1;
    isExhausted = isFromStart && !found.length && !room.dataset.next;
    shelf.append(...found);
    document.getElementById("more")?.toggleAttribute("hidden", !room.dataset.next);
    if (!current && found.length) select(found[0]);
    for (const card of found) arrived.delete(card.dataset.id);
    showArrived();
  }
  isFetching = false;
  if (response) await fill();
}

// Selecting many

function picked() {
  return cards().filter((card) => card.querySelector(".pick input").checked);
}

function pick(card, isOn = !card.querySelector(".pick input").checked) {
  card.querySelector(".pick input").checked = isOn;
  lastPicked = card;
  showPicked();
}

function pickTo(card) {
  const all = cards();
  const from = all.indexOf(lastPicked ?? card);
  const to = all.indexOf(card);
  for (const each of all.slice(Math.min(from, to), Math.max(from, to) + 1)) each.querySelector(".pick input").checked = true;
  lastPicked = card;
  showPicked();
}

function pickAll(event) {
  for (const card of cards()) card.querySelector(".pick input").checked = event.target.checked;
  showPicked();
}

function showPicked() {
  const many = picked();
  document.getElementById("picked").textContent = String(many.length);
  document.getElementById("bulk").classList.toggle("some", many.length > 0);
  document.getElementById("all").checked = many.length > 0 && many.length === cards().length;
  for (const card of cards()) card.classList.toggle("picked", many.includes(card));
}

function onBulk(event) {
  event.preventDefault();
  act(event.submitter.value);
}

function act(action, fields = {}) {
  const many = picked();
  if (many.length < 2) {
    const card = many[0] ?? current;
    if (card) decide([card], action, fields);
    return;
  }
  const label = document.querySelector(`#bulk button[value="${action}"]`)?.firstChild.textContent.trim() ?? "";
  openTemplate("sure-form", () => decide(many, action, fields));
  dialogBody.querySelector(".sure-text").textContent = filled(sentences.sure, label, many.length);
}

// What a click or a submit on a card does

function onCardSubmit(event) {
  const card = event.target.closest(".card");
  const button = event.submitter;
  if (!card || !button) return;
  event.preventDefault();
  if (button.hasAttribute("formaction")) sendForm(card, button);
  else if (button.value === "reject") refuse([card]);
  else decide([card], button.value);
}

function onCardClick(event) {
  const card = event.target.closest(".card");
  if (!card) return;
  const box = event.target.closest(".pick input");
  if (box) {
    if (event.shiftKey) pickTo(card);
    else { lastPicked = card; showPicked(); }
    return;
  }
  const link = event.target.closest("a[data-dialog]");
  if (link && link.dataset.dialog === "reject") { event.preventDefault(); refuse([card]); }
  else if (link) openPage(event, link.href);
  if (!event.target.closest("a, button, summary, input, label")) select(card);
}

async function sendForm(card, button) {
  card.querySelector("details.more").open = false;
  const response = await post(button.formAction, { action: button.value });
  const body = response?.ok ? await response.json() : null;
  if (!body) return say(sentences.failed, false);
  if (body.card) renew(body.card);
  if ("who" in body) showClaim(card, button.value === "release" ? "" : body.who, body.is_mine);
  say(sentences.saved, false);
}

function renew(html) {
  const [card] = made(html);
  const old = card && cardOf(card.dataset.id);
  if (!old) return;
  const wasCurrent = old === current;
  if (wasCurrent) current = null;
  old.replaceWith(card);
  if (wasCurrent) select(card);
  showPicked();
}

function refuse(chosen) {
  openTemplate("reject-form", (form) => {
    const sent = new FormData(form);
    const reason = sent.get("reason") || sent.get("template") || "";
    decide(chosen, "reject", { reason });
  });
  dialogBody.querySelector("button").focus();
}

// The dialog

function openTemplate(name, done) {
  dialogBody.replaceChildren(document.getElementById(name).content.cloneNode(true));
  dialog.showModal();
  const form = dialogBody.querySelector("form");
  form.addEventListener("submit", (event) => { event.preventDefault(); dialog.close(); done(form); });
  dialogBody.querySelector("[autofocus]")?.focus();
}

async function openPage(event, address) {
  event.preventDefault();
  event.target.closest("details.more")?.removeAttribute("open");
  const waiting = document.createElement("p");
  waiting.textContent = sentences.loading;
  dialogBody.replaceChildren(waiting);
  dialog.showModal();
  claim();
  const response = await get(address);
  if (!dialog.open) return;
  if (!response) { dialog.close(); say(sentences.failed, false); return; }
  showForm(await response.text());
}

function showForm(html) {
  dialogBody.innerHTML = html;
  dialogBody.querySelector("form")?.addEventListener("submit", sendDialog);
  dialogBody.querySelector("[autofocus], [aria-invalid], textarea, select, input:not([type=hidden]), button")?.focus();
}

async function sendDialog(event) {
  event.preventDefault();
  const form = event.target;
  const sent = new FormData(form, event.submitter);
  const many = sent.getAll("comment");
  const action = sent.get("action");
  if (form.getAttribute("action").endsWith("/decisions")) {
    const chosen = many.map((token) => cardOf(token.split(":")[0]) ?? unseen(token));
    dialog.close();
    decide(chosen, action, { reason: sent.get("reason") || sent.get("template") || "" });
    return;
  }
  const response = await post(form.getAttribute("action"), Object.fromEntries(sent));
  if (response?.status === 422) return showForm(await response.text());
  const body = response?.ok || response?.status === 409 ? await response.json() : null;
  dialog.close();
  if (!body) return say(sentences.failed, false);
  if (body.card) { renew(body.card); say(sentences.saved, false); }
  if (body.results) edited(body.results);
}

// An edited comment is approved: it leaves like any other that was.
function edited(results) {
  const did = { ids: results.map((each) => each.id), versions: {}, at: Date.now() };
  history.push(did);
  for (const id of did.ids) {
    gone.add(id);
    count(-1);
    const card = cardOf(id);
    if (!card) continue;
    sayDone("approve", nameOf(card));
    leave(card);
  }
  settle(results, did);
  work();
}

// A comment of a campaign that is not among the cards here.
function unseen(token) {
  const card = document.createElement("article");
  card.dataset.id = token.split(":")[0];
  card.dataset.token = token;
  card.append(document.createElement("h2"));
  return card;
}

// Keys

function onKey(event) {
  if (event.ctrlKey || event.altKey || event.metaKey || event.isComposing) return;
  if (dialog.open) return onDialogKey(event);
  if (event.target.closest?.(TYPING)) return;
  const action = actionOf(event.key);
  if (!action || (event.repeat && !["next", "previous"].includes(action))) return;
  event.preventDefault();
  doKey(action);
}

function actionOf(key) {
  const keys = JSON.parse(room.dataset.keys);
  return Object.keys(keys).find((name) => keys[name] === key);
}

function doKey(action) {
  const many = picked();
  if (action === "next") return step(1);
  if (action === "previous") return step(-1);
  if (action === "undo") return undo();
  if (action === "new") return showNew();
  if (action === "search") return document.getElementById("f-words").focus();
  if (action === "help") return document.querySelector("[data-help]").click();
  if (!current) return undefined;
  if (action === "reject") return many.length > 1 ? refuse(many) : refuse([many[0] ?? current]);
  if (action in STATUS_AFTER) return act(action);
  if (action === "select") return pick(current);
  if (action === "select_to") return pickTo(current);
  if (action === "open") return current.querySelector("[data-act=open]").click();
  if (action === "reveal") return reveal(current);
  const button = current.querySelector(`[data-dialog="${action}"]`) ?? current.querySelector(`[data-key="${action}"]`);
  return button?.click();
}

function onDialogKey(event) {
  const number = Number(event.key);
  if (event.target.closest(TYPING) || !number) return;
  const choice = dialogBody.querySelectorAll("input[name=template]")[number - 1];
  if (choice) { event.preventDefault(); choice.checked = true; }
}

function reveal(card) {
  const veil = card.querySelector("details.veil");
  if (veil) veil.open = !veil.open;
  else card.querySelector(".unfold")?.click();
}

// Claims: who looks at a comment for a while has it

async function claim() {
  if (!current || document.hidden || claimed === current.dataset.id || current.dataset.leaving !== undefined) return;
  const card = current;
  claimed = card.dataset.id;
  const response = await post(`/moderate/comments/${card.dataset.id}/claim`, { action: "claim" });
  const body = response?.ok ? await response.json() : null;
  if (body && card.isConnected) showClaim(card, body.who, body.is_mine);
  if (body && !body.is_mine && claimed === card.dataset.id) claimed = "";
}

function letGo() {
  if (!claimed || claimed === current?.dataset.id) return;
  const id = claimed;
  claimed = "";
  if (gone.has(id)) return;
  post(`/moderate/comments/${id}/claim`, { action: "release" });
  const card = cardOf(id);
  if (card) showClaim(card, "", false);
}

function keepClaim() {
  if (Date.now() - lastActive > IDLE_MS) { claimed = ""; return; }
  if (claimed && claimed === current?.dataset.id) { claimed = ""; claim(); }
}

function showClaim(card, who, isMine) {
  const line = card.querySelector(".claim");
  line.hidden = !who;
  line.textContent = who ? (isMine ? sentences.mine : filled(sentences.claimed, "", who)) : "";
  card.classList.toggle("elsewhere", Boolean(who) && !isMine);
}

// What others do

async function poll() {
  let wait = POLL_MS;
  for (;;) {
    await pause(wait);
    if (document.hidden) { wait = LONGEST_POLL_MS; continue; }
    const response = await get(`/moderate/changes?${room.dataset.query}&after=${room.dataset.after}`);
    wait = response ? POLL_MS : Math.min(wait * 2, LONGEST_POLL_MS);
    if (!response || response.status === 204) continue;
    const news = await response.json();
    room.dataset.after = news.last;
    if (news.is_lost) say(sentences.lost, false);
    news.events.forEach(hear);
  }
}

document.addEventListener("visibilitychange", () => { if (!document.hidden) lastActive = Date.now(); });

function hear(news) {
  const card = cardOf(news.id);
  if (news.what === "claimed" || news.what === "released") {
    if (card && !(news.is_you && claimed === news.id)) heardClaim(card, news);
  } else if (news.what === "noted") {
    if (card && !news.is_you) refresh(card);
  } else if (news.what === listed()) {
    heardCame(card, news);
  } else {
    heardWent(card, news);
  }
}

function heardClaim(card, news) {
  const who = news.what === "claimed" ? news.who : "";
  showClaim(card, who, news.is_you);
  if (who && !news.is_you && card !== current) leaveSoon(card, () => card.classList.contains("elsewhere"));
}

function heardCame(card, news) {
  if (card) {
    if (news.version > Number(card.dataset.token.split(":")[1])) refresh(card);
    return;
  }
  if (gone.has(news.id) && news.is_you) return;
  gone.delete(news.id);
  if (!arrived.has(news.id) && !others.has(news.id)) count(1);
  for (const each of [arrived, others]) each.delete(news.id);
  (news.fits ? arrived : others).add(news.id);
  if (news.fits) isExhausted = false;
  showArrived();
}

function heardWent(card, news) {
  if (gone.has(news.id)) return;
  if (arrived.delete(news.id) || others.delete(news.id)) { count(-1); showArrived(); }
  if (!card || news.version <= Number(card.dataset.token.split(":")[1])) return;
  gone.add(news.id);
  count(-1);
  greyOut(card, news.says || news.who, true);
}

function greyOut(card, text, isLeaving) {
  const line = card.querySelector(".claim");
  line.hidden = false;
  line.textContent = text;
  if (!isLeaving) return;
  card.classList.add("elsewhere");
  card.dataset.leaving = "";
  leaveSoon(card, () => true);
}

function leaveSoon(card, isStill) {
  setTimeout(() => { if (card.isConnected && card !== current && isStill()) leave(card); }, LEAVES_MS);
}

async function refresh(card) {
  const response = await get(`/moderate/cards/${card.dataset.id}?${room.dataset.query}`);
  if (response && card.isConnected) renew(await response.text());
}

async function showNew() {
  if (!arrived.size) return;
  const query = new URLSearchParams(room.dataset.query);
  query.set("sort", "newest");
  const response = await get(`/moderate/cards?${query}`);
  if (!response) return;
  const found = made(await response.text()).filter((card) => arrived.has(card.dataset.id) && !cardOf(card.dataset.id));
  arrived.clear();
  showArrived();
  shelf.prepend(...found);
  document.getElementById("empty").hidden = cards().length > 0;
  if (found.length) select(found[0]);
}

function showArrived() {
  const button = document.getElementById("new");
  button.hidden = arrived.size === 0;
  button.textContent = filled(sentences.new, "", arrived.size);
}

// What the page says

// A sentence with its two parameters, of which `#` holds the place of the last.
function filled(sentence, first, second) {
  return sentence.replace(/##?/g, (sign) => (sign === "##" ? first : second));
}

function sayDone(action, who) {
  say(filled(sentences.did, sentences["did" + action[0].toUpperCase() + action.slice(1)], who), true);
}

function say(text, canUndo) {
  const line = document.getElementById("lastly");
  lastText = text;
  line.hidden = !text;
  document.getElementById("last-text").textContent = text;
  document.getElementById("last-undo").hidden = !canUndo;
  if (canUndo) setTimeout(() => { if (lastText === text) document.getElementById("last-undo").hidden = true; }, UNDO_MS);
}

function count(by) {
  const shown = document.querySelector(".statuses [aria-current] .number");
  if (shown) shown.textContent = String(Math.max(0, Number(shown.textContent) + by));
}

// A break after an hour of work; ten minutes without a decision count as one

function work() {
  if (!("breaks" in room.dataset)) return;
  const now = Date.now();
  const last = Number(sessionStorage.getItem("queue-last") || 0);
  if (now - last > REST_MS) sessionStorage.setItem("queue-since", String(now));
  sessionStorage.setItem("queue-last", String(now));
  if (now - Number(sessionStorage.getItem("queue-since")) > BREAK_MS) remind();
}

function remind() {
  const box = document.getElementById("break");
  if (!box.hidden) return;
  box.hidden = false;
  box.querySelector("button").addEventListener("click", () => {
    box.hidden = true;
    sessionStorage.setItem("queue-since", String(Date.now()));
    current?.focus();
  }, { once: true });
}
