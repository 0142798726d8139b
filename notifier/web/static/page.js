// The page works without this file, but for the live preview and the lock.
"use strict";

const IDLE_MINUTES = 15;
const PING_MINUTES = 5;
const form = document.getElementById("enroll");
const preview = document.getElementById("preview");
const lock = document.getElementById("lock");

document.documentElement.classList.add("with-js");

// --- live preview: one question after another, and only the last answer is shown ---

let asked = 0;
let waiting;

function askSoon(milliseconds) {
  clearTimeout(waiting);
  waiting = setTimeout(ask, milliseconds);
}

async function ask() {
  const mine = ++asked;
  const since = Date.now();
  let answer;
  try {
    answer = await fetch("/preview", { method: "POST", body: new URLSearchParams(new FormData(form)), headers: { "X-Fragment": "1" } });
  } catch {
    return; // no connection: the last preview stays, and Enroll says so itself
  }
  if (answer.status === 401) return showLock(since);
  if (!answer.ok || mine !== asked) return;
  const words = await answer.text();
  if (mine === asked) show(words);
}

function show(words) {
  const fresh = new DOMParser().parseFromString(words, "text/html").body;
  const open = preview.querySelector("details")?.open;
  preview.replaceChildren(...fresh.childNodes);
  if (open && preview.querySelector("details")) preview.querySelector("details").open = true;
  placeNotes();
}

// What is wrong with a field belongs beside the field.
function placeNotes() {
  for (const note of document.querySelectorAll("[data-field]")) {
    const field = note.dataset.field;
    const said = preview.querySelector(`[data-note-for="${field}"]`);
    const input = form.elements[field];
    const busy = said && !said.dataset.good && input === document.activeElement && input.type === "tel" && input.value.replace(/\D/g, "").length < 10;
    note.textContent = said && !busy ? said.textContent : "";
    note.classList.toggle("wrong", Boolean(said) && !said.dataset.good);
    if (input instanceof HTMLElement) input.setAttribute("aria-invalid", String(Boolean(said) && !said.dataset.good && !busy));
    if (said) said.hidden = true;
  }
}

function onlyItsQuestions() {
  for (const one of form.querySelectorAll(".questions")) {
    one.hidden = one.dataset.protocol !== form.elements.protocol.value;
    for (const input of one.querySelectorAll("input")) input.disabled = one.hidden;
  }
}

if (form) {
  placeNotes();
  form.addEventListener("input", (event) => askSoon(event.target.matches("input:not([type=radio],[type=checkbox])") ? 250 : 0));
  form.elements.protocol.addEventListener("change", onlyItsQuestions);
  // Back and forward: the browser fills the form in again after the page has come.
  addEventListener("pageshow", () => { onlyItsQuestions(); askSoon(0); });
  setInterval(() => { if (!document.hidden && !lock.open && form.elements.when.value === "now") ask(); }, 60000);
}

// --- a second click does nothing; the server sends and enrolls once anyway ---

for (const once of document.querySelectorAll("form#enroll, form[data-once]")) {
  const buttons = once.querySelectorAll("button");
  once.addEventListener("submit", () => { for (const one of buttons) setTimeout(() => (one.disabled = true)); });
  addEventListener("pageshow", () => { for (const one of buttons) one.disabled = false; });
}

// --- the first text: the page asks every two seconds, for five minutes, whether it has arrived ---

const first = document.getElementById("first-text");

async function askForFirst(left) {
  if (left < 1 || !first.querySelector("[data-awaited]")) return;
  if (!document.hidden && !lock?.open) {
    const since = Date.now();
    const answer = await fetch(first.dataset.from, { headers: { "X-Fragment": "1" } }).catch(() => null);
    if (answer?.status === 401) return showLock(since);
    if (answer?.ok) first.replaceChildren(...new DOMParser().parseFromString(await answer.text(), "text/html").body.childNodes);
  }
  setTimeout(askForFirst, 2000, left - 1);
}

if (first) setTimeout(askForFirst, 2000, 150);

// --- where the picture is wider than the screen it begins with today ---

for (const now of document.querySelectorAll(".picture line.now")) {
  const box = now.closest(".picture");
  const drawn = now.ownerSVGElement;
  box.scrollLeft = (now.x1.baseVal.value * drawn.clientWidth) / drawn.viewBox.baseVal.width - box.clientWidth / 2;
}

// --- the lock: after a quarter of an hour without a hand on it, nobody reads over a shoulder ---

let lastHand = Date.now();
let lastPing = Date.now();
let unlocked = 0;

// `since`: when that was asked to which the page is locked; an answer to an older question may come late.
function showLock(since = Date.now()) {
  if (!lock || lock.open || since < unlocked) return;
  lock.showModal();
  document.getElementById("lock-password").focus();
}

async function look() {
  const now = Date.now();
  if (now - lastHand > IDLE_MINUTES * 60000) return showLock();
  if (now - lastPing < PING_MINUTES * 60000 || lastHand < lastPing || lock.open) return;
  lastPing = now;
  const body = new URLSearchParams({ form: document.body.dataset.form });
  const answer = await fetch("/still-here", { method: "POST", body, headers: { "X-Fragment": "1" } }).catch(() => null);
  if (answer && answer.status === 401) showLock(now);
}

if (lock) {
  for (const kind of ["pointerdown", "keydown"]) addEventListener(kind, () => { if (!lock.open) lastHand = Date.now(); });
  setInterval(look, 20000);
  addEventListener("visibilitychange", () => { if (!document.hidden) look(); });
  lock.addEventListener("cancel", (event) => event.preventDefault());
  for (const one of lock.querySelectorAll("form")) one.addEventListener("submit", unlock);
}

// The password was right; a code is asked for too, where none was given for half a day.
function askForCode(said) {
  const [password, code] = lock.querySelectorAll("form");
  code.hidden = code.getAttribute("action") !== said.step;
  lock.querySelector("#lock-elsewhere").hidden = !code.hidden;
  lock.querySelector("#lock-elsewhere a").href = said.step;
  password.hidden = !code.hidden;
  code.elements.form.value = said.form;
  if (!code.hidden) code.elements.code.focus();
}

async function unlock(event) {
  event.preventDefault();
  const given = event.target;
  const [password, code] = lock.querySelectorAll("form");
  const answer = await fetch(given.action, { method: "POST", body: new URLSearchParams(new FormData(given)), headers: { "X-Fragment": "1" } }).catch(() => null);
  const said = await answer?.json() ?? { sentence: "There is no connection. Try again." };
  password.elements.password.value = code.elements.code.value = "";
  if (said.step) return askForCode(said);
  if (said.again) [password.hidden, code.hidden] = [false, true]; // it took too long: from the beginning
  const now = said.again ? password : given;
  for (const one of [password, code]) one.querySelector(".problem").hidden = true;
  now.querySelector(".problem").textContent = said.sentence || "";
  now.querySelector(".problem").hidden = Boolean(answer?.ok);
  if (!answer?.ok) return now.querySelector("input[required]:not([name=name])").focus();
  [password.hidden, code.hidden] = [false, true];
  lock.querySelector("#lock-elsewhere").hidden = true;
  for (const one of document.querySelectorAll("input[name=form]")) one.value = said.form;
  document.body.dataset.form = said.form;
  unlocked = lastHand = lastPing = Date.now();
  lock.close();
  if (said.name !== document.body.dataset.name) return location.reload(); // somebody else: another page
  if (form) ask();
}

// What is done on a list leaves the page where it was, also where a page between asks whether one is sure.
const leadsTo = form => form.elements.back?.value.split(/[?#]/)[0];
document.addEventListener("submit", event => {
  if (leadsTo(event.target) === location.pathname) sessionStorage.setItem("place", `${location.pathname} ${Math.round(scrollY)}`);
});
addEventListener("load", () => {
  const [path, place] = (sessionStorage.getItem("place") || "").split(" ");
  if (path === location.pathname && place) scrollTo(0, Number(place));
  else if ([...document.forms].some(one => leadsTo(one) === path)) return;
  sessionStorage.removeItem("place");
});
