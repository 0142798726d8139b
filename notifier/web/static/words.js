// A clinic's own words are checked as they are typed; without this file the button does it.
"use strict";

const words = document.getElementById("own-words");
let typedLast = 0;
let soon;

async function checkWords() {
  const [mine, since] = [++typedLast, Date.now()];
  const answer = await fetch(words.dataset.check, { method: "POST", body: new URLSearchParams(new FormData(words)), headers: { "X-Fragment": "1" } }).catch(() => null);
  if (answer?.status === 401) return showLock(since);
  if (!answer?.ok || mine !== typedLast) return;
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  if (mine !== typedLast) return;
  for (const said of fresh.querySelectorAll("[data-said]")) {
    for (const here of words.querySelectorAll(`[data-said-here="${CSS.escape(said.dataset.said)}"]`)) if (here.innerHTML !== said.innerHTML) here.replaceChildren(...said.childNodes);
  }
  words.querySelector("[data-standing]").replaceChildren(...fresh.querySelector("[data-standing]").childNodes);
}

if (words) {
  words.addEventListener("input", () => { clearTimeout(soon); soon = setTimeout(checkWords, 300); });
  addEventListener("pageshow", (event) => { if (event.persisted) checkWords(); });
}
