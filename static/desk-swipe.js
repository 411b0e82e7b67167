// A swipe decides on a phone: to the right the good button, to the left the bad one.
import { decide } from "./desk-decide.js";

const START = 12;
const ENOUGH = 0.3;
const MOST = 140;
const MOVES = { right: ["approve", "restore"], left: ["trash", "spam"] };
let swipe = null;

function buttonFor(card, side) {
  for (const move of MOVES[side]) {
    const button = card.querySelector(`form.moves .move[value="${move}"]`);
    if (button) {
      return button;
    }
  }
  return null;
}

function begin(event) {
  const card = event.target.closest?.(".cards .card");
  const touch = event.touches[0];
  swipe = null;
  // What scrolls sideways or is written in keeps its own gestures.
  if (card && event.touches.length === 1 && !event.target.closest("input, textarea, select, pre")) {
    swipe = { card, x: touch.clientX, y: touch.clientY, by: 0, side: "" };
  }
}

function follow(event) {
  if (!swipe || event.touches.length !== 1) {
    return;
  }
  const by = event.touches[0].clientX - swipe.x;
  const down = Math.abs(event.touches[0].clientY - swipe.y);
  if (!swipe.side && (down > Math.abs(by) || Math.abs(by) < START)) {
    if (down > START) {
      swipe = null;
    }
    return;
  }
  show(by);
}

function show(by) {
  const { card } = swipe;
  const side = by > 0 ? "right" : "left";
  const button = buttonFor(card, side);
  const item = card.closest("li");
  swipe.by = button ? by : 0;
  swipe.side = side;
  item.dataset.swipe = button ? side : "";
  item.dataset.label = button?.textContent ?? "";
  item.classList.toggle("enough", isEnough());
  card.style.translate = `${swipe.by}px`;
}

function isEnough() {
  return Math.abs(swipe.by) > Math.min(MOST, swipe.card.offsetWidth * ENOUGH);
}

function end(event) {
  if (!swipe) {
    return;
  }
  const { card, side } = swipe;
  const isMeant = event.type === "touchend" && side && isEnough();
  const item = card.closest("li");
  card.style.translate = "";
  if (item) {
    delete item.dataset.swipe;
    item.classList.remove("enough");
  }
  if (isMeant) {
    decide(card, buttonFor(card, side).value);
  }
  swipe = null;
}

export function swipes() {
  document.addEventListener("touchstart", begin, { passive: true });
  document.addEventListener("touchmove", follow, { passive: true });
  document.addEventListener("touchend", end);
  document.addEventListener("touchcancel", end);
}
