// One key per decision. Every key presses a button that is on the page anyway.
const STORED = "desk-keys";
const BUTTONS = { a: "approve", u: "unapprove", r: "restore", s: "spam", d: "trash" };
const cards = [...document.querySelectorAll(".card")];
const help = document.querySelector("#keys");
const opener = document.querySelector(".keys-button");
const wanted = document.querySelector("#keys-on");
let isLeaving = false;

function currentCard() {
  return document.activeElement?.closest(".card") ?? null;
}

function go(step) {
  const at = cards.indexOf(currentCard());
  const next = at < 0 ? (step > 0 ? 0 : cards.length - 1) : at + step;
  cards[next]?.focus();
}

function answer(key) {
  if (key === "?") {
    help.showModal();
  } else if (!wanted.checked) {
    return false;
  } else if (key === "j" || key === "k") {
    go(key === "j" ? 1 : -1);
  } else if (key === "z") {
    document.querySelector(".flash .undo")?.click();
  } else if (Object.hasOwn(BUTTONS, key)) {
    // A decision needs a card that has the focus, so that a stray key does nothing.
    currentCard()?.querySelector(`.move[value="${BUTTONS[key]}"]`)?.click();
  } else {
    return false;
  }
  return true;
}

document.addEventListener("keydown", (event) => {
  const isOurs = !(event.ctrlKey || event.metaKey || event.altKey || event.isComposing);
  if (!isOurs || event.repeat || help.open || event.target.closest("input, select, textarea")) {
    return;
  }
  if (answer(event.key)) {
    event.preventDefault();
  }
});

// Two quick clicks are one decision; a page that comes back from the history is alive again.
document.addEventListener("submit", (event) => {
  if (event.target.method === "post" && isLeaving) {
    event.preventDefault();
  }
  isLeaving ||= event.target.method === "post";
});
window.addEventListener("pageshow", () => {
  isLeaving = false;
});

if (opener) {
  opener.hidden = false;
  opener.addEventListener("click", () => help.showModal());
}
wanted.checked = localStorage.getItem(STORED) !== "off";
wanted.addEventListener("change", () => {
  localStorage.setItem(STORED, wanted.checked ? "on" : "off");
});
