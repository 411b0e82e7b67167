// Replying and editing over the queue: the page's own form, fetched and sent in place.
import {
  cardOf,
  current,
  focusOn,
  here,
  idOf,
  put,
  remove,
  start,
  viewName,
} from "./desk-cards.js";
import { ask, fault, inTurn, keep, send } from "./desk-talk.js";
import { tell } from "./desk-toast.js";

const pane = document.querySelector("#pane");
const title = pane?.querySelector("h2");
const quote = pane?.querySelector("blockquote");
const body = pane?.querySelector(".form");
const alarm = pane?.querySelector("p");
// The forms in which somebody has typed, by their addresses: none takes the place of another.
const typed = new Map();
let changed = () => undefined;
let opened = "";
let awaited = "";
let from = null;

function fill(html) {
  body.innerHTML = html;
  body.querySelector("textarea")?.focus();
}

// What stands in the form now is kept, until it is sent or given up.
function remember() {
  typed.set(opened, [...body.childNodes]);
  keep("typed", true);
}

function warn(text) {
  alarm.textContent = text;
  alarm.hidden = !text;
}

export async function open(card, what) {
  const link = card?.querySelector(`a[href^="/desk/comments/${idOf(card)}/${what}"]`);
  if (!link || !pane || card.dataset.state === "sending") {
    return;
  }
  const url = new URL(link.href);
  url.searchParams.set("back", here());
  awaited = url.pathname;
  // Words that were typed and not sent are still there.
  if (typed.has(awaited)) {
    body.replaceChildren(...typed.get(awaited));
    show(card, link);
    body.querySelector("textarea")?.focus();
    return;
  }
  const answer = await ask(url.href);
  // Whoever went on meanwhile, or asked for something else, is not held up.
  if (awaited !== url.pathname || pane.open || current() !== card) {
    return;
  }
  if (answer.ok && answer.said?.html) {
    show(card, link);
    fill(answer.said.html);
  } else {
    tell(fault(answer), "", true);
  }
}

function show(card, link) {
  from = card;
  opened = awaited;
  awaited = "";
  warn("");
  title.textContent = `${link.textContent.trim()}: ${card.querySelector(".author").textContent}`;
  // What is changed stands in its field; what is answered is read above it.
  quote.hidden = link.href.includes("/edit");
  quote.replaceChildren(...card.querySelector(".body").cloneNode(true).childNodes);
  pane.showModal();
}

function close() {
  typed.delete(opened);
  keep("typed", typed.size > 0);
  body.replaceChildren();
  pane.close();
}

async function refresh(id) {
  const { ok, said } = await ask(
    `/desk/comments/${id}/card?${new URLSearchParams({ view: viewName(), back: here() })}`,
  );
  const card = cardOf(id);
  if (!ok || !said || !card) {
    return;
  }
  const hadFocus = card === from;
  if (said.card) {
    const fresh = put(id, said.card);
    if (hadFocus) {
      focusOn(fresh);
    }
  } else {
    remove(card);
  }
}

async function submit(form, button) {
  const fields = new FormData(form, button);
  pane.setAttribute("aria-busy", "true");
  const answer = await inTurn(() => send(form.action, fields));
  pane.setAttribute("aria-busy", "false");
  const { said } = answer;
  if (said?.html) {
    fill(said.html);
    remember();
    warn(body.querySelector(".fault") ? "" : said.told); // told once, beside what has the focus
  } else if (!answer.ok || !said) {
    warn(fault(answer));
  } else {
    close();
    from?.focus();
    tell(said.told, said.undo);
    if (said.comment) {
      await refresh(said.comment);
    }
    changed();
  }
}

export function panes(onChange) {
  changed = onChange;
  pane?.addEventListener("submit", (event) => {
    event.preventDefault();
    if (pane.getAttribute("aria-busy") !== "true") {
      submit(event.target, event.submitter);
    }
  });
  pane?.addEventListener("click", (event) => {
    if (event.target.closest(".cancel")) {
      event.preventDefault();
      close();
    }
  });
  pane?.addEventListener("input", remember);
  pane?.addEventListener("close", () => {
    if (!current()) {
      from?.isConnected ? from.focus() : start();
    }
  });
}
