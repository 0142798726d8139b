// Printing a card, and watching an import. Both pages work without this file.
"use strict";

for (const button of document.querySelectorAll("[data-print]")) {
  button.hidden = false;
  button.addEventListener("click", () => print());
}

// --- a file that is too large is said so before it is sent ---

const file = document.querySelector("input[type=file][data-most]");

function weigh() {
  const said = document.getElementById("file-note");
  const tooLarge = Boolean(file.files[0]) && file.files[0].size > Number(file.dataset.most);
  said.textContent = tooLarge ? said.dataset.tooLarge : "";
  file.setAttribute("aria-invalid", String(tooLarge));
  return tooLarge;
}

if (file) {
  file.addEventListener("change", weigh);
  // What a file says is as old as the file: one that lay there since Monday does not undo what was said since.
  file.addEventListener("change", () => { file.form.elements.changed.value = file.files[0]?.lastModified ?? ""; });
  file.form.addEventListener("submit", (event) => { if (weigh()) event.preventDefault(); });
}

// --- progress ---

const watched = document.getElementById("progress");

async function watch() {
  let answer = null;
  try {
    answer = await fetch("/import/progress", { headers: { "X-Fragment": "1" } });
  } catch { /* no connection for a moment: ask again */ }
  if (answer?.status === 401) return location.reload(); // locked: the page asks for the password
  if (answer?.ok) {
    const said = await answer.json();
    if (!said.busy) return location.reload();
    watched.querySelector("progress").value = said.share;
    watched.querySelector("p").textContent = said.words;
  }
  setTimeout(watch, 500);
}

if (watched) setTimeout(watch, 300);
