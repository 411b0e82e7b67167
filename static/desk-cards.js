// The list of cards: which has the focus, where one that comes back belongs, and what comes next.
import { ask } from "./desk-talk.js";

const SHORT = 10;
const order = [];
export const next = () => document.querySelector(".pages .next");
let isFilling = false;
// All that is here has been decided, and more is on its way.
let hasRunOut = false;

export const list = () => document.querySelector("ol.cards");
export const cards = () => [...document.querySelectorAll(".cards .card")];
export const idOf = (card) => Number(card.id.replace("comment-", ""));
export const cardOf = (id) => document.querySelector(`#comment-${Number(id)}`);
export const viewName = () => location.pathname.split("/")[2] ?? "";
export const here = () => location.pathname + location.search;

export function current() {
  return document.activeElement?.closest(".cards .card") ?? null;
}

// Can it be handed to whoever sits here? Not while it is being sent, or somebody else reads it.
const isFree = (card) => !card.matches('.taken, [data-state="sending"]');

// The next free card from this one on in that direction; nothing where there is none.
export function beyond(card, step) {
  const all = cards();
  let at = card ? all.indexOf(card) + step : step > 0 ? 0 : all.length - 1;
  while (all[at] && !isFree(all[at])) {
    at += step;
  }
  return all[at] ?? null;
}

// Shown alone or in the list, it has to be seen before it can have the focus.
export function focusOn(card) {
  for (const item of list()?.querySelectorAll(".here") ?? []) {
    item.classList.remove("here");
  }
  card.closest("li").classList.add("here");
  card.focus();
  hasRunOut = false;
}

export function go(step, from = current()) {
  const to = beyond(from, step);
  if (to) {
    focusOn(to);
  }
  refill(to);
}

// Away from a card that is done: to the next one, or the one before, or the page's title.
export function leave(card) {
  const to = beyond(card, 1) ?? beyond(card, -1);
  if (to) {
    focusOn(to);
  } else {
    document.querySelector("#main")?.focus();
    hasRunOut = true;
  }
  refill(to);
}

// Whoever decides faster than more can come is led on as soon as it has, but for who went elsewhere.
function resume() {
  if (hasRunOut && document.activeElement?.matches("#main, body")) {
    start();
  }
}

function remember() {
  for (const card of cards()) {
    const id = idOf(card);
    if (!order.includes(id)) {
      order.push(id);
    }
  }
}

function items(html) {
  const made = document.createElement("template");
  made.innerHTML = html;
  return [...made.content.children];
}

// Take a card away; whoever had the focus in it is led on.
export function remove(card) {
  if (card.contains(document.activeElement)) {
    leave(card);
  }
  card.closest("li").remove();
  refill(current());
}

// Put a card where it stood; where it never stood here, at the top.
export function put(id, html) {
  const [item] = items(html);
  if (!item) {
    return null;
  }
  cardOf(id)?.closest("li").remove();
  const later = order.slice(order.indexOf(id) + 1);
  const before = order.includes(id)
    ? cards()
        .find((card) => later.includes(idOf(card)))
        ?.closest("li")
    : list()?.firstElementChild;
  ensure().insertBefore(item, before ?? null);
  remember();
  return cardOf(id);
}

// The list itself, which an empty page has none of.
function ensure() {
  if (!list()) {
    const made = document.createElement("ol");
    made.className = "cards live";
    document.querySelector(".empty")?.replaceWith(made);
  }
  return list();
}

// Those of a page that are not here come to the end, but for those that were just here: they have
// been decided while the page was under way.
function append(html, known = new Set()) {
  for (const item of items(html)) {
    const card = item.querySelector(".card");
    if (card && !cardOf(idOf(card)) && !known.has(idOf(card))) {
      ensure().append(item);
    }
  }
  remember();
}

// What came to the view since it was opened; nothing that stands here is moved. How many they are,
// or null where nobody answered.
export async function join() {
  const known = new Set(cards().map(idOf));
  const url = new URL(location.href);
  const joined = () => cards().filter((card) => !known.has(idOf(card))).length;
  let answer = null;
  isFilling = true;
  do {
    answer = await ask(url.href);
    append(answer.said?.cards ?? "", known);
    url.searchParams.set("after", answer.said?.after);
  } while (answer.said?.after && !answer.said.looked && joined() === 0);
  isFilling = false;
  resume();
  return answer.ok && answer.said ? joined() : null;
}

function turn(after) {
  const link = next();
  if (!link) {
    return;
  }
  if (after === null || after === undefined) {
    link.remove();
    return;
  }
  const url = new URL(link.href);
  url.searchParams.set("after", after);
  link.href = url.href;
}

// Are cards on their way?
export const awaits = () => isFilling;

// Before the list runs out, the next page comes in at its end.
export async function refill(from) {
  const all = cards();
  const left = from ? all.length - all.indexOf(from) : all.length;
  if (isFilling || left >= SHORT) {
    return;
  }
  const link = next();
  if (!link) {
    if (all.length === 0 && list()) {
      await afresh();
    }
    return;
  }
  isFilling = true;
  const { ok, said } = await ask(link.href);
  isFilling = false;
  if (ok && said) {
    append(said.cards);
    turn(said.after);
    count(said.counts);
    resume();
  }
}

// The view from its start: when all is done here, or much has changed at once.
export async function afresh() {
  isFilling = true;
  const whole = new URL(location.href);
  whole.searchParams.delete("after");
  const { ok, said } = await ask(whole.href);
  isFilling = false;
  if (!ok || !said) {
    return;
  }
  const hadFocus = current() !== null;
  list()?.replaceChildren();
  append(said.cards);
  turn(said.after);
  count(said.counts);
  if (cards().length === 0) {
    empty();
  } else if (hadFocus) {
    start();
  } else {
    resume();
  }
}

// At the first card that is free.
export function start() {
  const first = beyond(null, 1);
  if (first) {
    focusOn(first);
  }
}

function empty() {
  const nothing = document.querySelector("#nothing");
  if (nothing && list()) {
    list().replaceWith(nothing.content.cloneNode(true));
  }
}

export function count(counts = {}) {
  for (const link of document.querySelectorAll(".views a")) {
    const text = counts[new URL(link.href).pathname.split("/")[2]];
    const shown = link.querySelector(".count");
    if (text !== undefined && shown) {
      shown.textContent = text;
    }
  }
  const { pending } = counts;
  if (pending !== undefined) {
    const title = document.title.replace(/^\([^)]*\) /, "");
    document.title = pending === "0" ? title : `(${pending}) ${title}`;
  }
}

remember();
