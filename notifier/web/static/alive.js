// What is new appears without a reload. The pages work without this file.
"use strict";

const BELL = "notifier-bell";
const RUNG = "notifier-rung";
const HAND_IS_NEAR = 5000;
const title = document.title;
const news = document.getElementById("news");
const bell = document.getElementById("bell");
const count = document.getElementById("unread");
let known = document.body.dataset.token ?? null;
let fresh = null;
let wasMissed = false;
let moved = 0;
let sound = null;

const watcher = new Worker("/static/watch.js");
watcher.addEventListener("message", (event) => notice(event.data));

function notice(state) {
  if (state.locked) return showLock(state.since);
  if (!state.token) return;
  showNews(state);
  ring(state);
  if (known !== null && known !== state.token) refresh();
  known = state.token;
}

// --- the count: in the title, in the icon, and beside Today ---

function showNews(state) {
  document.title = state.urgent ? `(${state.open}) URGENT · ${title}` : state.open ? `(${state.open}) ${title}` : title;
  const look = state.urgent ? "urgent" : "quiet";
  const icon = state.open ? `/icon/${Math.min(state.open, 10)}/${look}.svg` : "/static/favicon.svg";
  const link = document.querySelector("link[rel=icon]");
  if (link.getAttribute("href") !== icon) link.setAttribute("href", icon);
  count.textContent = state.open ? (state.open > 99 ? "99+" : state.open) : "";
  count.classList.toggle("urgent", state.urgent > 0);
}

// --- urgent words ring, once in a browser however many pages it has open; the rest stays quiet ---

function ring(state) {
  if (state.latest <= Number(localStorage.getItem(RUNG) || 0)) return;
  localStorage.setItem(RUNG, state.latest);
  if (localStorage.getItem(BELL) !== "on") return;
  beep();
  if (!("Notification" in window) || Notification.permission !== "granted") return;
  const shown = new Notification("Urgent words have come", { body: "Look at Today.", tag: "urgent", requireInteraction: true });
  shown.onclick = () => { focus(); location.assign("/"); };
}

function beep() {
  if (!sound) return;
  [0, 0.35, 0.7].forEach((after) => {
    const tone = sound.createOscillator();
    const volume = sound.createGain();
    tone.frequency.value = 880;
    volume.gain.value = 0.2;
    tone.connect(volume).connect(sound.destination);
    tone.start(sound.currentTime + after);
    tone.stop(sound.currentTime + after + 0.2);
  });
}

function wakeSound() {
  sound ??= new AudioContext();
  if (sound.state === "suspended") sound.resume();
}

function showBell() {
  const on = localStorage.getItem(BELL) === "on";
  bell.hidden = false;
  bell.setAttribute("aria-pressed", String(on));
  bell.textContent = on ? "Rings for urgent words" : "Ring for urgent words";
}

if (bell) {
  showBell();
  bell.addEventListener("click", async () => {
    const on = localStorage.getItem(BELL) !== "on";
    localStorage.setItem(BELL, on ? "on" : "off");
    showBell();
    if (!on) return;
    wakeSound();
    beep();
    if ("Notification" in window && Notification.permission === "default") await Notification.requestPermission();
  });
}
// Browsers let a page make a sound only after a hand was on it.
addEventListener("pointerdown", () => { if (localStorage.getItem(BELL) === "on") wakeSound(); }, { once: true });
addEventListener("keydown", () => { if (localStorage.getItem(BELL) === "on") wakeSound(); }, { once: true });

// --- what has changed is put in its place, unless somebody is about to click there, or is typing ---

async function refresh() {
  if (!document.querySelector("[data-live]")) return;
  wasMissed = document.hidden; // nobody looks: once somebody does
  if (wasMissed) return;
  const since = Date.now();
  const answer = await fetch(location.pathname + location.search, { headers: { "X-Fragment": "1", "X-Refresh": "1" } }).catch(() => null);
  if (answer?.status === 401) return showLock(since);
  if (!answer?.ok) return;
  fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  place();
}

function place(now = false) {
  if (!fresh) return;
  let isLeft = false;
  for (const old of document.querySelectorAll("[data-live]")) {
    const part = fresh.getElementById(old.id);
    if (!part || same(old, part)) continue;
    if (now || !isBusy(old)) put(old, part);
    else {
      isLeft = true;
      news.classList.toggle("urgent", Boolean(part.querySelector(".urgent")));
    }
  }
  news.hidden = !isLeft;
  if (!isLeft) fresh = null;
}

function put(old, part) {
  const open = [...old.querySelectorAll("details[open][id]")].map((one) => one.id);
  old.replaceChildren(...part.cloneNode(true).childNodes);
  for (const id of open) document.getElementById(id)?.setAttribute("open", "");
}

// Forms have another token on every page: that alone is nothing new.
function same(old, part) {
  const plain = (one) => {
    const copy = one.cloneNode(true);
    for (const token of copy.querySelectorAll("input[name=form]")) token.removeAttribute("value");
    for (const opened of copy.querySelectorAll("details[open]")) opened.removeAttribute("open");
    return copy.innerHTML;
  };
  return plain(old) === plain(part);
}

function isBusy(part) {
  const on = document.activeElement;
  if (on && on !== document.body && part.contains(on)) return true;
  if (on?.matches("textarea, input") && on.value) return true;
  if (part.querySelector("input:checked, details[open]:not([id])")) return true;
  for (const one of part.querySelectorAll("input:not([type=hidden]), textarea")) if (one.value !== one.defaultValue) return true;
  const chosen = getSelection();
  if (chosen && !chosen.isCollapsed && part.contains(chosen.anchorNode)) return true;
  return part.matches(":hover") && Date.now() - moved < HAND_IS_NEAR;
}

for (const kind of ["pointermove", "pointerdown"]) addEventListener(kind, () => { moved = Date.now(); }, { passive: true });
addEventListener("visibilitychange", () => { if (!document.hidden && wasMissed) refresh(); });
setInterval(place, 1500);
news.addEventListener("click", () => { news.blur(); place(true); });
