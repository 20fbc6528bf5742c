// Écluse's comments under any page, without a dependency, a cookie or a build step:
//
//   <script src="https://comments.example/embed.js" data-site="journal" defer></script>
//
// docs/embed.md has the attributes and the CSS variables. What people wrote becomes text
// nodes and nothing else; the page's policy needs `script-src` and `connect-src` for our host.

(() => {
"use strict";

const script = document.currentScript ?? document.querySelector('script[data-site][src*="embed.js"]');
if (!script || customElements.get("ecluse-comments")) return;

const BASE = new URL(".", script.src).href;
const PATIENCE_MS = 15_000;
const FORM_TOKEN_AGES_MS = 12 * 3_600_000;
const SHORTEST_PAUSE_MS = 10_000;
const LONGEST_PAUSE_MS = 120_000;
const VERDICT_PAUSES_MS = [1_000, 2_000, 4_000, 8_000, 15_000, 30_000, 60_000];
const MOST_LOOKS = 90;
const WAIT_S = 2;
const PAGES_AT_ONCE = 100;
const MOST_OWN = 10;
const FIELDS = ["content", "author", "email", "url"];
const FINAL = new Set(["approved", "rejected", "spam", "deleted"]);

const WORDS = {
  fr: {
    count: (n) => `${n} ${n < 2 ? "commentaire" : "commentaires"}`,
    arrived: (n) => (n < 2 ? "Un nouveau commentaire est arrivé." : `${n} nouveaux commentaires sont arrivés.`),
    title: "Laisser un commentaire",
    notes: "Votre adresse e-mail ne sera pas publiée. Les champs obligatoires sont indiqués avec *",
    content: "Commentaire",
    author: "Nom",
    email: "E-mail",
    url: "Site web",
    trap: "Laissez ce champ vide",
    kept: "Votre texte et votre nom sont gardés dans ce navigateur, et nulle part ailleurs avant l’envoi.",
    forget: "Les effacer",
    forgotten: "Votre texte et votre nom sont effacés de ce navigateur.",
    send: "Publier le commentaire",
    sending: "Envoi en cours…",
    offline: "Le service ne répond pas. Votre texte est conservé\u202f; réessayez dans un instant.",
    closed: "Les commentaires ne peuvent pas être chargés.",
    retry: "Réessayer",
    empty: "Soyez la première personne à réagir.",
    anonymous: "Anonyme",
    staff: "Rédaction",
    deleted: "Ce commentaire a été supprimé.",
    reply: "Répondre",
    replyTo: (name) => `Répondre à ${name}`,
    answering: (name) => `En réponse à ${name}.`,
    noReply: "Annuler la réponse",
    more: "Commentaires suivants",
    moreReplies: "Afficher les autres réponses",
    yours: "Vos commentaires récents",
    edit: "Modifier",
    withdraw: "Retirer",
    follow: "Suivre ce commentaire",
    save: "Enregistrer",
    cancel: "Annuler",
    keep: "Le garder",
    sure: "Retirer ce commentaire\u202f?",
    gone: "Votre commentaire est retiré.",
    correct: "Corriger",
    change: "Modifier mon texte",
    asItIs: "L’envoyer tel quel",
    report: "Signaler",
    reportOf: (name) => `Signaler le commentaire de ${name}`,
    reason: "Motif",
    note: "Précision (facultative)",
    reasons: {
      spam: "Publicité, spam",
      insult: "Insulte",
      hate: "Haine",
      threat: "Menace",
      "off-topic": "Hors sujet",
      private: "Vie privée",
      other: "Autre",
    },
  },
  en: {
    count: (n) => `${n} ${n === 1 ? "comment" : "comments"}`,
    arrived: (n) => (n === 1 ? "A new comment has arrived." : `${n} new comments have arrived.`),
    title: "Leave a comment",
    notes: "Your email address will not be published. Required fields are marked *",
    content: "Comment",
    author: "Name",
    email: "Email",
    url: "Website",
    trap: "Leave this field empty",
    kept: "Your text and your name are kept in this browser, and nowhere else before you send them.",
    forget: "Forget them",
    forgotten: "Your text and your name are gone from this browser.",
    send: "Post the comment",
    sending: "Sending…",
    offline: "The service does not answer. Your text is kept; try again in a moment.",
    closed: "The comments cannot be loaded.",
    retry: "Try again",
    empty: "Be the first to comment.",
    anonymous: "Anonymous",
    staff: "Staff",
    deleted: "This comment was deleted.",
    reply: "Reply",
    replyTo: (name) => `Reply to ${name}`,
    answering: (name) => `In reply to ${name}.`,
    noReply: "Cancel the reply",
    more: "More comments",
    moreReplies: "Show the other replies",
    yours: "Your recent comments",
    edit: "Edit",
    withdraw: "Withdraw",
    follow: "Follow this comment",
    save: "Save",
    cancel: "Cancel",
    keep: "Keep it",
    sure: "Withdraw this comment?",
    gone: "Your comment is withdrawn.",
    correct: "Correct it",
    change: "Change my text",
    asItIs: "Send it as it is",
    report: "Report",
    reportOf: (name) => `Report the comment of ${name}`,
    reason: "Reason",
    note: "Details (optional)",
    reasons: {
      spam: "Advertising, spam",
      insult: "Insult",
      hate: "Hatred",
      threat: "Threat",
      "off-topic": "Off topic",
      private: "Privacy",
      other: "Other",
    },
  },
};

// Colours follow the page's: its text colour, and its color-scheme for the few of our own.
const STYLE = `
:host {
  --accent: var(--ecluse-accent, light-dark(#0f5468, #7cc4d4));
  --on-accent: var(--ecluse-on-accent, light-dark(#fff, #0c2229));
  --wrong: var(--ecluse-wrong, light-dark(#a3160f, #ff9d95));
  --quiet: var(--ecluse-quiet, color-mix(in srgb, currentColor 78%, transparent));
  --rule: var(--ecluse-rule, color-mix(in srgb, currentColor 22%, transparent));
  --edge: var(--ecluse-edge, color-mix(in srgb, currentColor 60%, transparent));
  --tint: var(--ecluse-tint, color-mix(in srgb, currentColor 6%, transparent));
  --radius: var(--ecluse-radius, 3px);
  display: block;
  color: var(--ecluse-ink, inherit);
  background: var(--ecluse-paper, none);
  font: var(--ecluse-font, inherit);
  overflow-wrap: break-word;
}
:host([theme=light]) { color-scheme: light; color: var(--ecluse-ink, #1b1b1a); }
:host([theme=dark]) { color-scheme: dark; color: var(--ecluse-ink, #e9e6df); }
*, ::before, ::after { box-sizing: border-box; }
[hidden] { display: none !important; }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
h2 { margin: 1.5rem 0 1rem; font-size: 1.35em; line-height: 1.25; }
a { color: var(--accent); }
p { margin: .4rem 0; }
ol { margin: 0; padding: 0; list-style: none; }
ol ol { margin-inline-start: .25rem; padding-inline-start: clamp(.6rem, 3vw, 1.25rem); border-inline-start: 2px solid var(--rule); }
ol ol ol ol ol { margin-inline-start: 0; padding-inline-start: 0; border: 0; }
article { padding: 1rem 0; border-top: 1px solid var(--rule); }
article.new { background: var(--tint); box-shadow: 0 0 0 .5rem var(--tint); }
header { display: flex; flex-wrap: wrap; gap: .1rem .75rem; align-items: baseline; }
.author { font-weight: 650; overflow-wrap: anywhere; }
.staff { padding: 0 .4em; border: 1px solid; border-radius: var(--radius); color: var(--accent); font-size: .8em; }
time, .hint { color: var(--quiet); font-size: .9em; }
.words { white-space: pre-line; overflow-wrap: anywhere; }
.gone { color: var(--quiet); font-style: italic; }
.star, .error { color: var(--wrong); }
.error { font-weight: 600; }
.error:empty, .notice:empty { display: none; }
.field { margin: 0 0 1rem; }
label { display: block; margin-bottom: .3rem; font-weight: 600; }
input, textarea, select { width: 100%; padding: .6rem .7rem; border: 1px solid var(--edge); border-radius: var(--radius); background: var(--ecluse-field, transparent); color: inherit; font: inherit; }
option { background: Canvas; color: CanvasText; }
textarea { min-height: 8rem; resize: vertical; }
[aria-invalid=true] { border: 2px solid var(--wrong); }
.trap { position: absolute; inset-inline-start: -100vw; width: 1px; height: 1px; overflow: hidden; }
button { min-height: 2rem; padding: .5rem 1.1rem; border: 1px solid var(--accent); border-radius: var(--radius); background: var(--accent); color: var(--on-accent); font: inherit; font-weight: 600; cursor: pointer; }
button.quiet { padding: .2rem .6rem; border-color: var(--edge); background: transparent; color: var(--accent); font-size: .9em; }
button[disabled] { opacity: .6; cursor: progress; }
.actions { display: flex; flex-wrap: wrap; gap: .5rem; align-items: center; }
.notice, .own article { margin: 1rem 0; padding: .5rem 1rem; border: 0; border-inline-start: 4px solid var(--accent); background: var(--tint); }
.notice.wrong { border-color: var(--wrong); }
.unseen { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
dialog { width: min(32rem, 92vw); border: 1px solid var(--edge); border-radius: var(--radius); background: var(--ecluse-dialog, Canvas); color: var(--ecluse-ink, CanvasText); }
dialog::backdrop { background: rgb(0 0 0 / .5); }
`;

let sheet;

function styleSheet() {
  if (!sheet) {
    sheet = new CSSStyleSheet();
    sheet.replaceSync(STYLE);
  }
  return sheet;
}

// Small parts

function make(name, properties = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(properties)) {
    if (key in made) made[key] = value;
    else made.setAttribute(key, value);
  }
  made.append(...children);
  return made;
}

function button(text, action, kind = "quiet") {
  const made = make("button", { type: "button", className: kind, part: "button" }, text);
  made.addEventListener("click", action);
  return made;
}

function pause(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

function newKey() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function address(path) {
  return new URL(path.replace(/^\//, ""), BASE);
}

function isWebAddress(text) {
  return /^https?:\/\//i.test(text ?? "");
}

function languageOf(element) {
  const tag = element.closest("[lang]")?.lang ?? "";
  return known(tag);
}

function known(tag) {
  const short = (tag ?? "").slice(0, 2).toLowerCase();
  return short in WORDS ? short : "";
}

// What this browser keeps; where it may keep nothing, nothing is kept.

function kept(storage, key) {
  try {
    return JSON.parse(window[storage].getItem(key));
  } catch {
    return null;
  }
}

function keep(storage, key, value) {
  try {
    if (value?.length) window[storage].setItem(key, JSON.stringify(value));
    else window[storage].removeItem(key);
  } catch {
    // Storage is full or forbidden: the page works without.
  }
}

// The API. `no-cache` leaves the conditional request to the browser, which knows the ETag: a
// header of ours would cost a preflight each time.

async function ask(path, { method = "GET", body, token, cache = "no-store" } = {}) {
  const headers = { Accept: "application/json" };
  if (body) headers["Content-Type"] = "application/json";
  if (token) headers["Edit-Token"] = token;
  const response = await fetch(address(path), {
    method,
    headers,
    cache,
    body: body && JSON.stringify(body),
    credentials: "omit",
    signal: AbortSignal.timeout(PATIENCE_MS),
  });
  const data = await response.json();
  return {
    data,
    isGood: response.ok,
    status: response.status,
    tag: response.headers.get("ETag"),
    retryMs: 1_000 * (Number(response.headers.get("Retry-After")) || 0),
  };
}

function sitePath(site) {
  return `v1/sites/${encodeURIComponent(site)}`;
}

// The thread: items are kept by id and changed in place, so that focus and a reply in the
// making survive an arrival.

class Thread {
  constructor(home) {
    this.home = home;
    this.words = home.words;
    this.items = new Map();
    this.list = make("ol", { part: "thread" });
    this.moments = new Intl.DateTimeFormat(home.tongue, { dateStyle: "long", timeStyle: "short" });
  }

  // Make the list begin with `comments`; return the ids that were not there before.
  // Where not `isWhole`, what follows the last of them may stay; where not `isAll`, replies too.
  merge(comments, { list = this.list, isWhole = true, isAll = true } = {}) {
    const wanted = new Set(comments.map((comment) => comment.id));
    for (const item of this.gone([...list.children], wanted, isWhole)) this.remove(item);
    const fresh = [];
    let place = list.firstElementChild;
    for (const comment of comments) {
      const item = this.item(comment, fresh, isAll);
      if (item === place) place = place.nextElementSibling;
      else list.insertBefore(item, place);
    }
    return fresh;
  }

  add(comments, list = this.list) {
    const fresh = comments.filter((comment) => !this.items.has(comment.id));
    list.append(...fresh.map((comment) => this.item(comment, [])));
    return fresh.length;
  }

  // Put replies, given flat and oldest first, each below the comment it answers.
  addReplies(comments, root) {
    let added = 0;
    for (const comment of comments) {
      const above = this.items.get(comment.parent) ?? root;
      added += this.add([comment], above.replies);
    }
    return added;
  }

  gone(items, wanted, isWhole) {
    const last = isWhole ? items.length : items.findLastIndex((item) => wanted.has(item.ecluseId));
    return items.filter((item, index) => index < last && !wanted.has(item.ecluseId));
  }

  remove(item) {
    if (item.contains(this.home.form.element)) this.home.form.answer(null);
    for (const inside of item.querySelectorAll("li")) this.items.delete(inside.ecluseId);
    this.items.delete(item.ecluseId);
    item.remove();
  }

  item(comment, fresh, isWhole = true) {
    let item = this.items.get(comment.id);
    if (!item) {
      item = this.newItem(comment.id);
      fresh.push(comment.id);
    }
    const { replies, more_replies: more, ...own } = comment;
    const signature = JSON.stringify(own);
    if (item.signature !== signature) this.fill(item, own);
    item.signature = signature;
    const isAll = isWhole && !more;
    fresh.push(...this.merge(replies, { list: item.replies, isWhole: isAll, isAll }));
    item.more.path = more;
    item.more.hidden = !more || item.isComplete === true;
    if (more && item.isComplete) this.showReplies(item);
    return item;
  }

  newItem(id) {
    const item = make("li", { id: `comment-${id}`, part: "comment" });
    item.ecluseId = id;
    item.article = make("article");
    item.replies = make("ol");
    item.more = button(this.words.moreReplies, () => this.showReplies(item));
    item.append(item.article, item.replies, item.more);
    this.items.set(id, item);
    return item;
  }

  fill({ article }, comment) {
    if (comment.is_deleted) {
      article.replaceChildren(make("p", { className: "gone" }, this.words.deleted));
      return;
    }
    const name = comment.author || this.words.anonymous;
    const reply = button(this.words.reply, () => this.home.form.answer(comment));
    reply.setAttribute("aria-label", this.words.replyTo(name));
    const report = button(this.words.report, () => this.report(comment, name, told));
    report.setAttribute("aria-label", this.words.reportOf(name));
    const told = make("span", { className: "hint", role: "status" });
    const text = make("p", { className: "words", dir: "auto", part: "words" }, comment.content ?? "");
    if (comment.lang) text.lang = comment.lang;
    article.replaceChildren(this.head(comment, name), text, make("p", { className: "actions" }, reply, report, told));
  }

  head(comment, name) {
    const { url } = comment;
    const rel = "ugc nofollow noopener noreferrer";
    const author = isWebAddress(url) ? make("a", { href: url, rel }, name) : name;
    const head = make("header", {}, make("span", { className: "author", part: "author" }, author));
    if (comment.is_staff) head.append(make("span", { className: "staff" }, this.words.staff));
    head.append(this.moment(comment.submitted_at));
    return head;
  }

  moment(iso) {
    return make("time", { dateTime: iso }, this.moments.format(new Date(iso)));
  }

  async report({ id }, name, told) {
    const { words } = this;
    const options = Object.entries(words.reasons).map(([value, text]) => make("option", { value }, text));
    const reason = make("select", { id: "reason" }, ...options);
    const note = make("textarea", { id: "note", maxLength: 500 });
    const fields = [
      make("label", { htmlFor: "reason" }, words.reason),
      reason,
      make("label", { htmlFor: "note" }, words.note),
      note,
    ];
    const choice = await this.home.choose(words.reportOf(name), fields, [words.cancel, words.report]);
    if (choice !== words.report) return;
    try {
      const body = { reason: reason.value, note: note.value };
      const { data } = await ask(this.home.path(`/comments/${id}/reports`), { method: "POST", body });
      told.textContent = data.message ?? data.title;
    } catch {
      told.textContent = words.offline;
    }
  }

  // The listing begins with the replies that the thread's answer held already.
  async showReplies(item) {
    item.more.disabled = true;
    try {
      while (!(await this.showSomeReplies(item)));
    } catch {
      this.home.say([this.words.offline], "wrong");
    } finally {
      item.more.disabled = false;
    }
  }

  // Return whether there is something new to see, or nothing more to come.
  async showSomeReplies(item) {
    const query = new URLSearchParams({ limit: 100 });
    if (item.cursor) query.set("cursor", item.cursor);
    const { isGood, data } = await ask(`${item.more.path}?${query}`);
    if (!isGood) return true;
    const added = this.addReplies(data.comments, item);
    item.cursor = data.next ?? item.cursor;
    item.isComplete = !data.next;
    item.more.hidden = item.isComplete;
    return added > 0 || item.isComplete;
  }
}

// The form, which moves below the comment it answers

class Form {
  constructor(home, settings) {
    this.home = home;
    this.words = home.words;
    this.settings = settings;
    this.tokenAt = Date.now();
    this.key = newKey();
    this.parent = null;
    this.required = new Set(["content", ...settings.required]);
    this.fields = {};
    this.notice = make("div", { className: "notice", role: "status", tabIndex: -1, part: "notice" });
    this.element = this.build();
    this.recall();
  }

  get draftKey() {
    return `ecluse:draft:${this.home.site}:${this.home.page}`;
  }

  get nameKey() {
    return `ecluse:name:${this.home.site}`;
  }

  build() {
    const { words } = this;
    this.answering = make("p", { hidden: true, className: "actions" });
    this.submit = make("button", { type: "submit", part: "button" }, words.send);
    const form = make(
      "form",
      { noValidate: true, part: "form", "aria-labelledby": "title", "aria-describedby": "notes" },
      make("h2", { id: "title" }, words.title),
      this.answering,
      make("p", { id: "notes", className: "hint" }, words.notes.slice(0, -1), this.star()),
      this.notice,
      this.field("content", "textarea", {}),
      this.field("author", "input", { autocomplete: "name" }),
      this.field("email", "input", { type: "email", autocomplete: "email" }),
      this.field("url", "input", { type: "url", autocomplete: "url" }),
      this.trap(),
      make("p", { className: "hint actions" }, words.kept, button(words.forget, () => this.forget())),
      make("p", { className: "actions" }, this.submit),
    );
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.send();
    });
    form.addEventListener("input", () => this.remember());
    form.addEventListener("focusin", () => this.renew());
    return form;
  }

  star() {
    return make("span", { className: "star", "aria-hidden": "true" }, "*");
  }

  field(name, kind, more) {
    const described = name === "email" ? "notes email-error" : `${name}-error`;
    const input = make(kind, { id: name, name, "aria-describedby": described, part: "field", ...more });
    const label = make("label", { htmlFor: name }, this.words[name]);
    if (this.required.has(name)) {
      input.required = true;
      label.append(" ", this.star());
    }
    this.fields[name] = input;
    const error = make("p", { className: "error", id: `${name}-error` });
    return make("div", { className: "field" }, label, input, error);
  }

  trap() {
    const { honeypot } = this.settings;
    this.bait = make("input", { id: "trap", name: honeypot, tabIndex: -1, autocomplete: "off" });
    const label = make("label", { htmlFor: "trap" }, this.words.trap);
    return make("div", { className: "trap", "aria-hidden": "true" }, label, this.bait);
  }

  // Drafts

  recall() {
    this.fields.content.value = kept("localStorage", this.draftKey) ?? "";
    this.fields.author.value = kept("localStorage", this.nameKey) ?? "";
  }

  remember() {
    keep("localStorage", this.draftKey, this.fields.content.value);
    keep("localStorage", this.nameKey, this.fields.author.value);
  }

  forget() {
    this.fields.content.value = "";
    this.fields.author.value = "";
    this.remember();
    this.home.say([this.words.forgotten]);
  }

  // A form's token is good for a day; a page left open is given another before it is written in.
  async renew() {
    if (Date.now() - this.tokenAt < FORM_TOKEN_AGES_MS) return;
    this.tokenAt = Date.now();
    try {
      const { isGood, data } = await ask(`${sitePath(this.home.site)}/form-token`);
      if (isGood) this.settings = data;
    } catch {
      // The old one weighs a little; it stops nobody.
    }
  }

  answer(comment) {
    this.parent = comment?.id ?? null;
    this.answering.hidden = !comment;
    if (!comment) {
      this.home.formPlace.append(this.element);
      return;
    }
    this.answering.replaceChildren(
      make("span", {}, this.words.answering(comment.author || this.words.anonymous)),
      button(this.words.noReply, () => this.answerNobody()),
    );
    this.home.thread.items.get(comment.id).article.after(this.element);
    this.fields.content.focus();
  }

  answerNobody() {
    const item = this.home.thread.items.get(this.parent);
    this.answer(null);
    item?.article.querySelector(".actions button")?.focus();
  }

  // Sending

  async send(nudgeToken = "") {
    if (this.submit.disabled) return;
    this.submit.disabled = true;
    this.clearErrors();
    this.home.say([this.words.sending]);
    let answered = null;
    try {
      answered = await ask(`${this.home.path("/comments")}&wait=${WAIT_S}`, {
        method: "POST",
        body: this.written(nudgeToken),
      });
    } catch {
      this.home.say([this.words.offline], "wrong");
    } finally {
      this.submit.disabled = false;
    }
    if (answered?.isGood) this.taken(answered.data);
    else if (answered) await this.refused(answered.data);
  }

  written(nudgeToken) {
    const body = {
      page: this.home.page,
      page_title: this.home.pageTitle,
      form_token: this.settings.form_token,
      idempotency_key: this.key,
      [this.settings.honeypot]: this.bait.value,
    };
    for (const name of FIELDS) body[name] = this.fields[name].value;
    if (this.parent) body.parent = this.parent;
    if (nudgeToken) body.nudge_token = nudgeToken;
    return body;
  }

  taken(receipt) {
    const { content } = this.fields;
    const text = content.value;
    content.value = "";
    this.key = newKey();
    this.remember();
    this.answer(null);
    this.home.say([receipt.message]);
    for (const suggestion of receipt.suggestions ?? []) this.suggest(suggestion);
    this.home.own.take(receipt, text);
    this.notice.focus();
  }

  async refused(problem) {
    if (problem.type?.endsWith(":nudge")) {
      await this.nudge(problem);
      return;
    }
    const errors = Object.entries(problem.errors ?? {});
    const elsewhere = errors.filter(([name]) => !this.fields[name]).map(([, text]) => text);
    const detail = problem.detail ? [problem.detail] : [];
    this.home.say([problem.title ?? this.words.offline, ...detail, ...elsewhere], "wrong");
    for (const [name, text] of errors) this.showError(name, text);
    (this.element.querySelector("[aria-invalid=true]") ?? this.notice).focus();
  }

  async nudge(problem) {
    const { words } = this;
    this.home.say([]);
    const reasons = (problem.reasons ?? []).map((reason) => make("p", {}, reason));
    const choice = await this.home.choose(problem.title, reasons, [words.change, words.asItIs]);
    if (choice === words.asItIs) await this.send(problem.nudge_token);
    else this.fields.content.focus();
  }

  showError(name, text) {
    const input = this.fields[name];
    if (!input) return;
    input.setAttribute("aria-invalid", "true");
    input.parentElement.querySelector(".error").textContent = text;
  }

  clearErrors() {
    for (const input of Object.values(this.fields)) {
      input.removeAttribute("aria-invalid");
      input.parentElement.querySelector(".error").textContent = "";
      input.parentElement.querySelector(".suggestion")?.remove();
    }
  }

  suggest({ field, value, message }) {
    const input = this.fields[field];
    if (!input) return;
    const line = make("p", { className: "suggestion actions" }, message);
    line.append(
      button(this.words.correct, () => {
        input.value = value;
        line.remove();
        input.focus();
      }),
    );
    input.parentElement.append(line);
  }
}

// The visitor's own comments: what became of them, edit and withdraw while that is possible.
// Their tokens live as long as the browser's tab.

class Own {
  constructor(home) {
    this.home = home;
    this.words = home.words;
    this.list = make("ol");
    this.element = make(
      "section",
      { className: "own", hidden: true, "aria-labelledby": "yours" },
      make("h2", { id: "yours" }, this.words.yours),
      this.list,
    );
    this.rows = kept("sessionStorage", this.key) ?? [];
  }

  get key() {
    return `ecluse:own:${this.home.site}:${this.home.page}`;
  }

  save() {
    this.rows = this.rows.slice(-MOST_OWN);
    keep("sessionStorage", this.key, this.rows);
    this.element.hidden = !this.list.childElementCount;
  }

  async recall() {
    for (const row of [...this.rows]) await this.show(row);
  }

  take({ id, edit_token: token, links, message, status }, content) {
    const row = { id, token, link: links.author };
    this.rows.push(row);
    const card = this.card(row);
    this.draw(card, { status, message, content });
    this.save();
    if (status === "approved") this.home.refresh();
    this.follow(card, status);
  }

  async show(row) {
    const found = await this.look(row);
    if (!found || found.status === "deleted" || found.is_erased) {
      this.drop(row);
      return;
    }
    const card = this.card(row);
    this.draw(card, found);
    this.save();
    if (!FINAL.has(found.status)) this.follow(card, found.status);
  }

  async look(row) {
    try {
      const { isGood, data } = await ask(this.path(row), { token: row.token });
      return isGood ? data : null;
    } catch {
      return null;
    }
  }

  path(row) {
    return this.home.path(`/comments/${row.id}`);
  }

  // Look at a comment until its fate is known, ever less often, and only while the page is seen.
  async follow(card, status) {
    const turn = (card.turn = (card.turn ?? 0) + 1);
    for (let look = 0; look < MOST_LOOKS && card.turn === turn; look += 1) {
      const found = document.hidden ? null : await this.look(card.row);
      if (card.turn !== turn || !this.home.isConnected) return;
      if (found && (found.status !== status || look === 0)) this.changed(card, found, status);
      status = found?.status ?? status;
      if (FINAL.has(status) && found) return;
      await pause(VERDICT_PAUSES_MS[Math.min(look, VERDICT_PAUSES_MS.length - 1)]);
    }
  }

  changed(card, found, before) {
    this.draw(card, found);
    if (found.status === before) return;
    this.home.say([found.message]);
    this.home.refresh();
  }

  card(row) {
    const card = make("li", { part: "own" });
    card.row = row;
    this.list.append(card);
    return card;
  }

  draw(card, found) {
    card.found = found;
    const { words } = this;
    const reasons = found.status === "approved" ? [] : (found.reasons ?? []);
    const actions = make("p", { className: "actions" });
    if (Date.parse(found.editable_until) > Date.now() && !found.is_erased) {
      actions.append(
        button(words.edit, () => this.edit(card)),
        button(words.withdraw, () => this.withdraw(card)),
      );
    }
    if (card.row.link) {
      const { href } = address(card.row.link);
      actions.append(make("a", { href, target: "_blank", rel: "noopener noreferrer" }, words.follow));
    }
    card.replaceChildren(
      make(
        "article",
        {},
        make("p", {}, make("strong", {}, found.message)),
        ...reasons.map((reason) => make("p", { className: "hint" }, reason)),
        make("p", { className: "words", dir: "auto" }, found.content ?? ""),
        actions,
      ),
    );
  }

  edit(card) {
    const { words } = this;
    const id = `edit-${card.row.id}`;
    const text = make("textarea", { id, value: card.found.content });
    const error = make("p", { className: "error", role: "alert" });
    const save = button(words.save, () => this.saveEdit(card, text, error), "");
    const cancel = button(words.cancel, () => this.draw(card, card.found));
    card.replaceChildren(
      make(
        "article",
        {},
        make("label", { htmlFor: id }, words.content),
        text,
        error,
        make("p", { className: "actions" }, save, cancel),
      ),
    );
    text.focus();
  }

  async saveEdit(card, text, error) {
    try {
      const { isGood, data } = await ask(this.path(card.row), {
        method: "PATCH",
        token: card.row.token,
        body: { content: text.value },
      });
      if (!isGood) {
        error.textContent = Object.values(data.errors ?? {})[0] ?? data.title;
        text.focus();
        return;
      }
      this.draw(card, data);
      this.home.say([data.message]);
      this.home.form.notice.focus();
      this.home.refresh();
      this.follow(card, data.status);
    } catch {
      error.textContent = this.words.offline;
    }
  }

  async withdraw(card) {
    const { words } = this;
    const choice = await this.home.choose(words.sure, [], [words.keep, words.withdraw]);
    if (choice !== words.withdraw) return;
    try {
      const { isGood, data } = await ask(this.path(card.row), { method: "DELETE", token: card.row.token });
      if (isGood) {
        card.turn = -1;
        card.remove();
        this.drop(card.row);
      }
      this.home.say([isGood ? words.gone : data.title], isGood ? "" : "wrong");
      this.home.refresh();
    } catch {
      this.home.say([words.offline], "wrong");
    }
    this.home.form.notice.focus();
  }

  drop(row) {
    this.rows = this.rows.filter((each) => each.id !== row.id);
    this.save();
  }
}

// The element

class EcluseComments extends HTMLElement {
  constructor() {
    super();
    this.attachShadow({ mode: "open" }).adoptedStyleSheets = [styleSheet()];
    this.onVisible = () => this.wake();
  }

  connectedCallback() {
    document.addEventListener("visibilitychange", this.onVisible);
    this.observer = new IntersectionObserver((entries) => this.seen(entries.at(-1).isIntersecting), {
      rootMargin: "400px",
    });
    this.observer.observe(this);
  }

  disconnectedCallback() {
    document.removeEventListener("visibilitychange", this.onVisible);
    this.observer.disconnect();
    clearTimeout(this.timer);
  }

  get site() {
    return this.getAttribute("site") || script.dataset.site;
  }

  get page() {
    const canonical = document.querySelector('link[rel="canonical"][href]')?.href;
    const named = this.getAttribute("page") || script.dataset.page;
    return named || canonical || location.href.split("#", 1)[0];
  }

  get pageTitle() {
    return (this.getAttribute("page-title") || document.title).slice(0, 300);
  }

  get order() {
    return this.getAttribute("order") === "oldest" ? "oldest" : "newest";
  }

  path(rest) {
    return `${sitePath(this.site)}${rest}?lang=${this.tongue}`;
  }

  seen(isInView) {
    this.isInView = isInView;
    if (!isInView) return;
    if (!this.hasStarted) this.start();
    else this.wake();
  }

  async start() {
    this.hasStarted = true;
    this.tongue = languageOf(this) || "en";
    this.words = WORDS[this.tongue];
    const settings = await this.settings();
    if (!settings) {
      this.failed();
      return;
    }
    this.tongue = languageOf(this) || known(settings.lang) || "en";
    this.build(settings);
    await this.refresh(true);
    await this.own.recall();
    this.keepFresh();
  }

  async settings() {
    try {
      const { isGood, data } = await ask(`${sitePath(this.site)}/form-token`);
      return isGood ? data : null;
    } catch {
      return null;
    }
  }

  failed() {
    const again = button(this.words.retry, () => this.start());
    const line = make("p", { className: "actions" }, make("span", { role: "alert" }, this.words.closed), again);
    this.shadowRoot.replaceChildren(line);
  }

  build(settings) {
    this.words = WORDS[this.tongue];
    this.hasOlder = false;
    this.heading = make("h2", { id: "heading", part: "heading" }, this.words.count(0));
    this.empty = make("p", { className: "hint", hidden: true }, this.words.empty);
    this.arrivals = make("p", { className: "unseen", role: "status" });
    this.more = button(this.words.more, () => this.showMore());
    this.more.hidden = true;
    this.formPlace = make("div");
    this.dialogPlace = make("div");
    this.form = new Form(this, settings);
    this.thread = new Thread(this);
    this.own = new Own(this);
    this.formPlace.append(this.form.element);
    const whole = make(
      "section",
      { lang: this.tongue, "aria-labelledby": "heading" },
      this.heading,
      this.arrivals,
      this.own.element,
      this.empty,
      this.thread.list,
      this.more,
      this.formPlace,
      this.dialogPlace,
    );
    this.shadowRoot.replaceChildren(whole);
  }

  say(sentences, kind = "") {
    const { notice } = this.form;
    notice.className = `notice ${kind}`;
    notice.replaceChildren(...sentences.map((text) => make("p", {}, text)));
  }

  // Return the choice made; the first one where the dialogue is closed by Escape.
  choose(title, contents, choices) {
    return new Promise((resolve) => {
      const dialog = make("dialog", { "aria-labelledby": "question" });
      const buttons = choices.map((text, index) =>
        button(text, () => dialog.close(text), index ? "quiet" : ""),
      );
      dialog.append(
        make("h2", { id: "question" }, title),
        ...contents,
        make("p", { className: "actions" }, ...buttons),
      );
      dialog.addEventListener("close", () => {
        dialog.remove();
        resolve(dialog.returnValue || choices[0]);
      });
      this.dialogPlace.append(dialog);
      dialog.showModal();
    });
  }

  // Arrivals: looked for while the element is in view of a page that is seen, ever less often
  // when nothing comes.

  keepFresh() {
    clearTimeout(this.timer);
    this.pauseMs ??= SHORTEST_PAUSE_MS;
    this.timer = setTimeout(() => this.lookAgain(), this.pauseMs);
  }

  wake() {
    if (!this.own || document.hidden || !this.isInView) return;
    this.pauseMs = SHORTEST_PAUSE_MS;
    this.keepFresh();
  }

  async lookAgain() {
    if (!this.isConnected) return;
    if (!document.hidden && this.isInView) {
      const hasChanged = await this.refresh();
      const longer = Math.min(this.pauseMs * 1.5, LONGEST_PAUSE_MS);
      this.pauseMs = Math.max(hasChanged ? SHORTEST_PAUSE_MS : longer, this.retryMs ?? 0);
    }
    this.keepFresh();
  }

  get threadPath() {
    const page = encodeURIComponent(this.page);
    return `${sitePath(this.site)}/pages/${page}/comments?order=${this.order}`;
  }

  async refresh(isFirst = false) {
    let found;
    try {
      found = await ask(this.threadPath, { cache: "no-cache" });
    } catch {
      return false;
    }
    this.retryMs = found.retryMs;
    if (!found.isGood || (found.tag && found.tag === this.tag)) return false;
    this.tag = found.tag;
    this.draw(found.data, isFirst);
    return true;
  }

  draw({ comments, count, next }, isFirst) {
    const isWhole = !next || !this.hasOlder;
    const fresh = this.thread.merge(comments, { isWhole });
    this.heading.textContent = this.words.count(count);
    this.empty.hidden = comments.length > 0;
    if (!this.hasOlder || !next) this.setNext(next);
    if (isFirst) return;
    const own = new Set(this.own.rows.map((row) => row.id));
    const others = fresh.filter((id) => !own.has(id));
    for (const id of fresh) this.thread.items.get(id)?.article.classList.add("new");
    if (others.length) this.arrivals.textContent = this.words.arrived(others.length);
  }

  setNext(next) {
    this.next = next;
    this.more.hidden = !next;
  }

  async showMore() {
    this.more.disabled = true;
    const last = this.thread.list.lastElementChild;
    try {
      const { isGood, data } = await ask(this.next, { cache: "no-cache" });
      if (!isGood) return;
      this.hasOlder = true;
      this.thread.add(data.comments);
      this.setNext(data.next);
      last?.nextElementSibling?.querySelector("button")?.focus();
    } catch {
      this.say([this.words.offline], "wrong");
    } finally {
      this.more.disabled = false;
    }
  }
}

// Counts on other elements: <a href="/article" data-ecluse-count></a>, a hundred a request

function pageCounted(element) {
  const named = element.dataset.ecluseCount;
  return named || (element.href ?? "").split("#", 1)[0];
}

async function showCounts() {
  const places = new Map();
  for (const element of document.querySelectorAll("[data-ecluse-count]")) {
    const page = pageCounted(element);
    if (page) places.set(page, [...(places.get(page) ?? []), element]);
  }
  const pages = [...places.keys()];
  for (let start = 0; start < pages.length; start += PAGES_AT_ONCE) {
    await countSome(pages.slice(start, start + PAGES_AT_ONCE), places);
  }
}

async function countSome(pages, places) {
  try {
    const path = `${sitePath(script.dataset.site)}/counts`;
    const { isGood, data } = await ask(path, { method: "POST", body: { pages } });
    if (!isGood) return;
    pages.forEach((page) => places.get(page).forEach((place) => setCount(place, data.counts[page])));
  } catch {
    // The links stay as they are.
  }
}

function setCount(place, count) {
  if (count === undefined) return;
  const words = WORDS[languageOf(place) || "en"];
  place.textContent = "ecluseNumber" in place.dataset ? count : words.count(count);
}

// Start

customElements.define("ecluse-comments", EcluseComments);

function start() {
  const isAlone = !document.querySelector("ecluse-comments") && document.body.contains(script);
  if (isAlone && !("counts" in script.dataset)) script.after(document.createElement("ecluse-comments"));
  showCounts();
}

if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start);
else start();
})();
