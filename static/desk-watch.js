// What others do meanwhile: their decisions leave the list, and what they read is not handed out.
import {
  afresh,
  awaits,
  cardOf,
  cards,
  count,
  current,
  idOf,
  join,
  leave,
  list,
  next,
  remove,
  viewName,
} from "./desk-cards.js";
import { ask, send, token, word } from "./desk-talk.js";
import { tell } from "./desk-toast.js";

const PAUSE = 4000;
const SOON = 150;
// Presence runs out by itself; a page that is still open says so again long before.
const AGAIN = 15000;
// The service hears of so many at once: those around the one that is read.
const ASKED = 50;
const away = document.querySelector("#away");
let timer = 0;
let looksAt = null;
let toldAt = 0;
let isAsking = false;
let isTelling = false;
// As the page was made: what has come since then is news.
let counted = document.querySelector('.views [aria-current="page"] .count')?.textContent;
let missed = 0;

function mark(card, name) {
  card.classList.toggle("taken", Boolean(name));
  const shown = card.querySelector(".looker");
  if (!name) {
    shown?.remove();
  } else if (shown) {
    shown.querySelector("b").textContent = name;
  } else {
    const made = document.querySelector("#looker").content.firstElementChild.cloneNode(true);
    made.querySelector("b").textContent = name;
    card.prepend(made);
  }
}

function around() {
  const all = cards();
  const from = Math.max(0, all.indexOf(current()) - ASKED / 2);
  return all.slice(from, from + ASKED).filter((card) => !card.dataset.state);
}

// While it does not answer, or not to us, the page says so.
function alarm(answer) {
  const text = answer.ok ? "" : word(answer.status === 401 ? "signedOut" : "away");
  if (away.textContent !== text) {
    away.textContent = text;
  }
  away.hidden = !text;
}

function address(ids) {
  const query = new URLSearchParams(location.search);
  query.set("ids", ids.join(","));
  query.set("view", viewName());
  return `/desk/changes?${query}`;
}

async function listen() {
  const asked = around();
  const held = cards().length;
  const answer = await ask(address(asked.map(idOf).filter(Boolean)));
  const { ok, said } = answer;
  alarm(answer);
  if (!ok || !said) {
    return;
  }
  for (const { id, told } of said.gone) {
    const card = cardOf(id);
    if (card && !card.dataset.state) {
      if (card.contains(document.activeElement)) {
        tell(`${card.querySelector(".author")?.textContent ?? ""}: ${told}`);
      }
      remove(card);
    }
  }
  for (const card of asked) {
    mark(card, said.looked_at[idOf(card)]);
  }
  count(said.counts);
  await welcome(said.counts[viewName()], Math.max(held, cards().length));
}

// What came since: told once, and by no voice that interrupts.
async function welcome(number, held) {
  const before = cards().length;
  // How many are not here. Where the view is narrowed down, that is not asked for again and again,
  // but when it is more than before. What was decided in the meantime is not missing.
  const lacking = Number(number.replace(/\D/g, "")) - held;
  // Nothing is left here, or nothing was here: is there now? But what is on its way comes anyhow.
  if (before === 0 && !awaits() && (list() || number !== counted)) {
    await afresh();
  } else if (before > 0 && !next() && viewName() !== "mine" && lacking > missed) {
    const joined = await join();
    if (joined > 0) {
      document.querySelector("#arrived").textContent = word("arrived");
    }
    missed = joined === null ? missed : lacking - joined;
  } else {
    missed = lacking;
  }
  counted = number;
}

async function pulse() {
  clearTimeout(timer);
  if (document.visibilityState !== "visible") {
    return;
  }
  if (!isAsking) {
    isAsking = true;
    await listen();
    isAsking = false;
    if (looksAt !== null && Date.now() - toldAt > AGAIN) {
      await look(false);
    }
  }
  clearTimeout(timer);
  timer = setTimeout(pulse, PAUSE);
}

// Say what is looked at now. Two may have come to it at once: the later one is led on, but not who
// went to a card that was marked, or to something in it.
async function look(isHanded) {
  if (isTelling) {
    return;
  }
  isTelling = true;
  const id = looksAt;
  toldAt = Date.now();
  const { ok, said } = await send("/desk/looking", id === null ? {} : { comment: id });
  isTelling = false;
  const card = id === null ? null : cardOf(id);
  const name = ok && said ? said.looked_at[id] : "";
  if (card && name) {
    const wasMarked = card.matches(".taken");
    mark(card, name);
    if (isHanded && !wasMarked && document.activeElement === card) {
      leave(card);
    }
  }
  if (looksAt !== id) {
    await look(true);
  }
}

function attend() {
  // Whoever only looks keeps no card from those who decide.
  const card = current()?.querySelector("form.moves") ? current() : null;
  const id = (card && idOf(card)) || null;
  if (id !== looksAt) {
    looksAt = id;
    look(true);
  }
}

export function soon() {
  clearTimeout(timer);
  timer = setTimeout(pulse, SOON);
}

export function watch() {
  if (!document.querySelector("#desk-words")) {
    return;
  }
  document.addEventListener("focusin", attend);
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "visible") {
      attend();
      pulse();
    } else if (looksAt !== null) {
      looksAt = null;
      look(false);
    }
  });
  window.addEventListener("pagehide", () => {
    const form = new FormData();
    form.set("csrf_token", token());
    navigator.sendBeacon("/desk/looking", form);
    looksAt = null;
  });
  window.addEventListener("pageshow", ({ persisted }) => {
    if (persisted) {
      attend();
      soon();
    }
  });
  attend();
  pulse();
}
