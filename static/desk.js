// The queue, decided without page loads. Each key does what a button or link of the page does, and
// without this script they all work as plain forms.
import { afresh, beyond, current, go, list, refill, viewName } from "./desk-cards.js";
import { decide, onChange, takeBack } from "./desk-decide.js";
import { begin, forAll, many, select, selected, until } from "./desk-many.js";
import { open, panes } from "./desk-pane.js";
import { swipes } from "./desk-swipe.js";
import { soon, watch } from "./desk-watch.js";
import { turn, zen } from "./desk-zen.js";

const STORED = "desk-keys";
const MOVES = {
  a: ["approve"],
  s: ["spam"],
  d: ["trash"],
  n: ["reject"],
  u: ["unapprove", "restore"],
};
const WRITING = { r: "reply", e: "edit" };
const help = document.querySelector("#keys");
const opener = document.querySelector(".keys-button");
const wanted = document.querySelector("#keys-on");
let isLeaving = false;

async function undo(url) {
  const batch = await takeBack(url);
  if (batch) {
    await until(batch);
  }
  // What I decided is listed by decisions: each says what became of it.
  if (batch || viewName() === "mine") {
    await afresh();
  }
}

// Shift and a key: the same for all that are selected.
function together(key) {
  const moves = Object.hasOwn(MOVES, key) ? MOVES[key] : [];
  if (moves.length === 0 || selected().length === 0) {
    return false;
  }
  forAll(moves);
  return true;
}

function alone(key) {
  const card = current();
  if (key === "j" || key === "k") {
    go(key === "j" ? 1 : -1);
  } else if (key === "z") {
    undo();
  } else if (key === ".") {
    turn();
  } else if (key === "x") {
    select(card);
  } else if (Object.hasOwn(WRITING, key)) {
    open(card, WRITING[key]);
  } else if (Object.hasOwn(MOVES, key)) {
    // A decision needs a card that has the focus, so that a stray key does nothing.
    MOVES[key].some((move) => decide(card, move));
  } else {
    return false;
  }
  return true;
}

function answer(event) {
  if (event.key === "?") {
    help.showModal();
    return true;
  }
  if (!wanted.checked) {
    return false;
  }
  const key = letterOf(event);
  // Where a key is typed with Shift, it is no less that key.
  return event.shiftKey && key !== "." ? together(key) : alone(key);
}

// The letter, whatever Caps Lock says; under another alphabet, the one that Latin keys have there.
function letterOf({ key, code }) {
  const isElsewhere = key.length === 1 && key > "~" && code.startsWith("Key");
  return (isElsewhere ? code.slice(3) : key).toLowerCase();
}

function hear(event) {
  const isOurs = !(event.ctrlKey || event.metaKey || event.altKey || event.isComposing);
  const isTyped =
    event.target.closest("input:not([type=checkbox]), select, textarea") ||
    document.querySelector("dialog[open]");
  // Held down, a key walks on; it does not decide again.
  const isMeant = !event.repeat || /^[jk]$/.test(letterOf(event));
  if (isOurs && isMeant && !isTyped && answer(event)) {
    event.preventDefault();
  }
}

// A button that decides or takes back is pressed without leaving the page; with all others, two
// quick clicks are one.
function pressed(event) {
  const { target: form, submitter } = event;
  const card = form.closest(".cards .card");
  if (form.method !== "post" || event.defaultPrevented) {
    return;
  }
  if (card && form.matches(".moves") && submitter?.matches(".move")) {
    event.preventDefault();
    decide(card, submitter.value);
  } else if (list() && /^\/desk\/(undo|(decisions|batches)\/\d+\/undo)$/.test(actionOf(form))) {
    event.preventDefault();
    undo(actionOf(form));
    form.closest(".flash:not(#toast)")?.remove();
  } else if (
    list() &&
    actionOf(form) === "/desk/batches" &&
    !submitter?.hasAttribute("formaction")
  ) {
    event.preventDefault();
    begin(new FormData(form, submitter), form.querySelector('[name="together"]') ? [] : selected());
  } else if (isLeaving) {
    event.preventDefault();
  } else {
    isLeaving = true;
  }
}

const actionOf = (form) => new URL(form.getAttribute("action"), location.href).pathname;

function start() {
  document.addEventListener("keydown", hear);
  opener.hidden = false;
  opener.addEventListener("click", () => help.showModal());
  wanted.checked = localStorage.getItem(STORED) !== "off";
  wanted.addEventListener("change", () => {
    localStorage.setItem(STORED, wanted.checked ? "on" : "off");
  });
  onChange(soon);
  panes(soon);
  many(soon);
  swipes();
  zen();
  watch();
  refill(beyond(null, 1));
}

document.addEventListener("submit", pressed);
// A page that comes back from the history is alive again.
window.addEventListener("pageshow", () => {
  isLeaving = false;
});
if (help && opener && wanted) {
  start();
}
