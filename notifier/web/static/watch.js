// A worker of its own: browsers slow down the timers of pages that nobody looks at, and urgent words must not wait for that.
"use strict";

const PAUSE = 4000; // after an answer that came at once though nothing was new, or that did not come
const SOON = 2000;
const SILENT = 60000; // for longer than the server holds a question
const channel = new BroadcastChannel("desk-state");
let known = "";
let heard = Date.now();

function tell(state) {
  heard = Date.now();
  known = state.token ?? known;
  postMessage(state);
}

async function ask(headers = {}) {
  const since = Date.now();
  const answer = await fetch("/desk-state", { headers: { "X-Fragment": "1", "X-Refresh": "1", ...headers } }).catch(() => null);
  return answer?.ok ? answer.json() : { locked: answer?.status === 401, since };
}

// The server holds the question until there is something that this browser does not know.
async function watch(turn) {
  while (!turn.over) {
    const [before, since] = [known, Date.now()];
    const state = await ask(before ? { "X-Known": before } : {});
    tell(state);
    channel.postMessage(state);
    if (!state.token || (state.token === before && Date.now() - since < SOON)) await new Promise((go) => setTimeout(go, PAUSE));
  }
}

// One page asks for all that a browser has open: it keeps no more than six connections to a server.
function queue(options) {
  const turn = { over: false };
  navigator.locks.request("desk-state", options, () => watch(turn)).catch(() => { turn.over = true; queue({}); });
}

channel.addEventListener("message", (event) => tell(event.data));
ask().then(tell).then(() => queue({}));
// A page that the browser has put to sleep keeps its turn, and says nothing.
setInterval(() => { if (Date.now() - heard > SILENT) { heard = Date.now(); queue({ steal: true }); } }, 10000);
