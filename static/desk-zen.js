// One comment at a time. The address says so, so that a reload and a link keep it.
import { current, go, list, start } from "./desk-cards.js";
import { word } from "./desk-talk.js";

const link = () => document.querySelector(".zen-link");

export const isZen = () => new URL(location.href).searchParams.has("zen");

// However it came to the focus, that card is the one to show alone; it stays so without it.
function follow() {
  const card = current();
  if (card) {
    list()?.querySelector(".here")?.classList.remove("here");
    card.closest("li").classList.add("here");
  }
}

function dress() {
  const on = isZen();
  document.documentElement.classList.toggle("zen", on);
  list()?.classList.add("live");
  if (link()) {
    link().textContent = word(on ? "list" : "alone");
  }
  if (on && !current()) {
    start();
  }
}

export function turn() {
  const url = new URL(location.href);
  if (isZen()) {
    url.searchParams.delete("zen");
  } else {
    url.searchParams.set("zen", "1");
  }
  history.replaceState(null, "", url);
  dress();
  current()?.scrollIntoView({ block: "nearest" });
}

export function zen() {
  document.addEventListener("focusin", follow);
  link()?.addEventListener("click", (event) => {
    event.preventDefault();
    turn();
  });
  document.querySelector(".zen-next")?.addEventListener("click", (event) => {
    event.preventDefault();
    go(1, list()?.querySelector(".here .card"));
  });
  dress();
}
