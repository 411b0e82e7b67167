// Many at once: those that were ticked, or all that are like one. One step, and one step back.
import { afresh, cards, here, idOf, leave, remove } from "./desk-cards.js";
import { ask, fault, inTurn, send, word } from "./desk-talk.js";
import { progress, tell } from "./desk-toast.js";

const PAUSE = 400;
const BATCHES = "/desk/batches";
const tally = document.querySelector("#tally");
let changed = () => undefined;
let followed = "";
let isBeginning = false;

const tick = (card) => card?.querySelector('input[type="checkbox"][name="ids"]');

export const selected = () => cards().filter((card) => tick(card)?.checked);

export function select(card) {
  const box = tick(card);
  if (box) {
    box.checked = !box.checked;
    show();
  }
}

function show() {
  const number = selected().length;
  const text = number ? word("selected").replace("#", number) : "";
  if (tally && tally.textContent !== text) {
    tally.textContent = text;
  }
}

// The first of these moves that the cards have a button for.
export function forAll(moves) {
  const chosen = selected();
  const move = moves.find((one) => chosen[0]?.querySelector(`.move[value="${one}"]`));
  if (!move) {
    return;
  }
  const fields = new FormData();
  for (const card of chosen) {
    fields.append("ids", idOf(card));
  }
  fields.set("move", move);
  fields.set("expected", chosen[0].querySelector('.moves [name="expected"]')?.value ?? "");
  fields.set("reason", document.querySelector('#selected [name="reason"]')?.value ?? "");
  begin(fields, chosen);
}

// Begin a batch, and follow it to its end.
export async function begin(fields, chosen = []) {
  // Pressed twice, it is one batch.
  if (isBeginning) {
    return;
  }
  isBeginning = true;
  fields.set("back", here());
  for (const card of chosen) {
    card.dataset.state = "sending";
    if (card.contains(document.activeElement)) {
      leave(card);
    }
  }
  const answer = await inTurn(() => send(BATCHES, fields));
  isBeginning = false;
  for (const card of chosen) {
    delete card.dataset.state;
  }
  if (!answer.ok || !answer.said) {
    tell(fault(answer), "", true);
    return;
  }
  for (const card of chosen) {
    tick(card).checked = false;
  }
  // A reason is for those that it was written for.
  for (const field of document.querySelectorAll('form:not(.moves) [name="reason"]')) {
    field.value = "";
  }
  show();
  let isAll = chosen.length > 0;
  for (const one of [answer.said, ...(answer.said.others ?? [])]) {
    const done = await until(one);
    isAll &&= done?.skipped === 0;
    if (!done) {
      break;
    }
  }
  if (!isAll) {
    await afresh();
    return;
  }
  // All of them are done: the others stay where they are, and so does who reads them.
  for (const card of chosen) {
    remove(card);
  }
}

// Follow a batch until it is done, or until another one is followed, such as one that takes it back;
// a worker may have the rest of it.
export async function until(begun) {
  let said = begun;
  followed = begun.batch;
  while (!said.finished) {
    progress(said.moved + said.skipped, said.total, said.undo);
    await new Promise((resolve) => {
      setTimeout(resolve, PAUSE);
    });
    const answer = await ask(begun.batch);
    if (followed !== begun.batch) {
      return null;
    }
    if (answer.ok && answer.said) {
      said = answer.said;
    } else if (answer.status) {
      tell(fault(answer), "", true);
      return null;
    }
  }
  tell(said.told, said.undo);
  changed();
  return said;
}

export function many(onChange) {
  changed = onChange;
  document.addEventListener("change", (event) => {
    if (event.target.matches('.cards input[name="ids"]')) {
      show();
    }
  });
  // What is on the screen when it is emptied, whatever came and went since the page was made.
  document.querySelector(".emptying")?.addEventListener("formdata", ({ formData }) => {
    formData.delete("ids");
    for (const card of cards()) {
      formData.append("ids", idOf(card));
    }
  });
  // What is decided otherwise, or by others, is not selected any more.
  new MutationObserver(show).observe(document.querySelector("#main"), {
    childList: true,
    subtree: true,
  });
}
