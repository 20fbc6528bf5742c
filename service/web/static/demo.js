// The demo with script: the form is sent by fetch, its verdict and the thread stay live.

const VERDICT_PAUSES_MS = [500, 1000, 2000, 4000, 8000, 15000];
const MOST_LOOKS = 60;
const THREAD_PAUSE_MS = 10000;
const FINAL = new Set(["approved", "rejected", "spam", "deleted"]);
const WORDS = {
  sending: "Envoi en cours…",
  offline: "Le service ne répond pas. Votre texte est conservé ; réessayez dans un instant.",
  correct: "Corriger",
};

const form = document.getElementById("comment-form");
const verdict = document.getElementById("verdict");
const comments = document.getElementById("comments");
const thread = document.getElementById("thread");
const button = form.querySelector("button[type=submit]");
const moments = new Intl.DateTimeFormat("fr-FR", { dateStyle: "long", timeStyle: "short" });
let threadTag = "";
let wasNudged = false;

form.addEventListener("submit", (event) => {
  event.preventDefault();
  send();
});
thread.addEventListener("click", (event) => {
  const link = event.target.closest(".reply a");
  if (!link) return;
  event.preventDefault();
  answer(link.dataset.id, link.dataset.author);
});
document.getElementById("answer-nobody").addEventListener("click", (event) => {
  event.preventDefault();
  answer("", "");
});
thread.querySelectorAll("time").forEach(setMoment);
if (comments.dataset.live === "yes") keepThreadFresh();

// Sending

async function send() {
  if (button.disabled) return;
  button.disabled = true;
  clearErrors();
  say("", [WORDS.sending]);
  try {
    const response = await fetch(`${form.action}?wait=2`, {
      method: "POST",
      headers: { "Content-Type": "application/json", Accept: "application/json" },
      body: JSON.stringify(Object.fromEntries(new FormData(form))),
    });
    const body = await response.json();
    if (response.ok) taken(body);
    else refused(body);
  } catch {
    say("warning", [WORDS.offline]);
  } finally {
    button.disabled = false;
  }
}

function taken(receipt) {
  const { suggestions = [] } = receipt;
  form.elements.content.value = "";
  form.elements.idempotency_key.value = newKey();
  forgetNudge();
  answer("", "", false);
  showVerdict(receipt);
  linkTo(receipt.links.author);
  verdict.focus();
  suggestions.forEach(suggest);
  if (!FINAL.has(receipt.status)) follow(receipt);
}

function refused(problem) {
  const errors = Object.entries(problem.errors ?? {});
  const elsewhere = errors.filter(([name]) => !fieldOf(name)).map(([, text]) => text);
  const isNudge = problem.type.endsWith(":nudge");
  const detail = problem.detail && !isNudge ? [problem.detail] : [];
  say("warning", [problem.title, ...detail, ...elsewhere], problem.reasons);
  errors.forEach(([name, text]) => showError(name, text));
  if (isNudge) rememberNudge(problem.nudge_token);
  (form.querySelector("[aria-invalid=true]") ?? verdict).focus();
}

function rememberNudge(token) {
  wasNudged = true;
  hidden("nudge_token").value = token;
}

function forgetNudge() {
  if (wasNudged) hidden("nudge_token").value = "";
  wasNudged = false;
}

function hidden(name) {
  if (!form.elements[name]) {
    form.append(Object.assign(document.createElement("input"), { type: "hidden", name }));
  }
  return form.elements[name];
}

function newKey() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

// The verdict

async function follow(receipt) {
  let tag = "";
  let { status } = receipt;
  for (let look = 0; look < MOST_LOOKS && !FINAL.has(status); look += 1) {
    await pause(VERDICT_PAUSES_MS[Math.min(look, VERDICT_PAUSES_MS.length - 1)]);
    const found = await lookAt(`${receipt.links.self}?lang=fr`, tag, receipt.edit_token);
    if (!found) continue;
    tag = found.tag;
    if (found.body.status !== status) showVerdict(found.body);
    status = found.body.status;
  }
}

function showVerdict(found) {
  say(found.status, [found.message], found.status === "approved" ? [] : found.reasons);
  if (found.status === "approved") refreshThread(found.id);
}

function linkTo(ownPage) {
  const line = document.getElementById("own-page");
  line.querySelector("a").href = ownPage;
  line.hidden = false;
}

function say(kind, sentences, reasons = []) {
  verdict.className = `notice ${kind}`;
  verdict.replaceChildren(...sentences.map((text) => element("p", text)));
  if (reasons.length) {
    const list = document.createElement("ul");
    list.append(...reasons.map((text) => element("li", text)));
    verdict.append(list);
  }
  verdict.hidden = false;
}

// Errors and suggestions beside their fields

function fieldOf(name) {
  return form.querySelector(`.field[data-field="${CSS.escape(name)}"]`);
}

function showError(name, text) {
  const field = fieldOf(name);
  if (!field) return;
  field.classList.add("wrong");
  field.querySelector("input, textarea").setAttribute("aria-invalid", "true");
  field.querySelector(".error").textContent = text;
}

function clearErrors() {
  form.querySelectorAll(".suggestion").forEach((old) => old.remove());
  form.querySelectorAll(".field.wrong").forEach((field) => {
    field.classList.remove("wrong");
    field.querySelector("input, textarea").removeAttribute("aria-invalid");
    field.querySelector(".error").textContent = "";
  });
}

function suggest({ field, value, message }) {
  const place = fieldOf(field);
  if (!place) return;
  const line = element("p", `${message} `);
  const correct = element("button", WORDS.correct);
  line.className = "suggestion";
  correct.type = "button";
  correct.addEventListener("click", () => {
    form.elements[field].value = value;
    line.remove();
    form.elements[field].focus();
  });
  line.append(correct);
  place.append(line);
}

// The thread

async function keepThreadFresh() {
  for (;;) {
    if (!document.hidden) await refreshThread();
    await pause(THREAD_PAUSE_MS);
  }
}

async function refreshThread(newId = "") {
  const found = await lookAt(comments.dataset.thread, threadTag);
  if (!found) return;
  threadTag = found.tag;
  const focused = document.activeElement?.closest?.("#thread a[data-id]")?.dataset.id;
  thread.replaceChildren(...found.body.comments.map(drawn));
  setCount(found.body.count, found.body.comments.length);
  if (focused) thread.querySelector(`a[data-id="${CSS.escape(focused)}"]`)?.focus();
  if (newId) document.getElementById(`comment-${newId}`)?.classList.add("new");
}

function drawn(comment) {
  const kind = comment.is_deleted ? "tombstone-template" : "comment-template";
  const item = document.getElementById(kind).content.firstElementChild.cloneNode(true);
  item.id = `comment-${comment.id}`;
  if (!comment.is_deleted) fill(item, comment);
  if (comment.replies.length) {
    const list = document.createElement("ol");
    list.className = "replies";
    list.append(...comment.replies.map(drawn));
    item.append(list);
  }
  return item;
}

function fill(item, comment) {
  const name = comment.author ?? "Anonyme";
  const author = item.querySelector(".author");
  if (comment.url && /^https?:/.test(comment.url)) {
    author.querySelector("a").href = comment.url;
    author.querySelector("a").textContent = name;
  } else {
    author.textContent = name;
  }
  if (!comment.is_staff) item.querySelector(".staff").remove();
  const time = item.querySelector("time");
  time.dateTime = comment.submitted_at;
  setMoment(time);
  const words = item.querySelector(".words");
  words.textContent = comment.content;
  if (comment.lang) words.lang = comment.lang;
  const link = item.querySelector(".reply a");
  link.href = `?reply_to=${comment.id}#respond`;
  link.dataset.id = comment.id;
  link.dataset.author = name;
  link.querySelector(".unseen").textContent = ` à ${name}`;
}

function setMoment(time) {
  time.textContent = moments.format(new Date(time.dateTime));
}

function setCount(count, shown) {
  document.getElementById("count").textContent = count;
  document.getElementById("count-word").textContent = count < 2 ? "commentaire" : "commentaires";
  document.getElementById("empty").hidden = shown > 0;
}

function answer(id, author, moves = true) {
  form.elements.parent.value = id;
  document.getElementById("answered").textContent = author;
  document.getElementById("answering").hidden = !id;
  if (moves) form.elements.content.focus();
}

// Small parts

async function lookAt(address, tag, token = "") {
  const headers = { Accept: "application/json" };
  if (tag) headers["If-None-Match"] = tag;
  if (token) headers["Edit-Token"] = token;
  try {
    const response = await fetch(address, { headers, cache: "no-store" });
    if (response.status !== 200) return null;
    return { body: await response.json(), tag: response.headers.get("ETag") ?? "" };
  } catch {
    return null;
  }
}

function element(name, text) {
  return Object.assign(document.createElement(name), { textContent: text });
}

function pause(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
