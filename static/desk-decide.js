// Deciding without a page load: the card waits for the answer, the moderator does not.
import { current, focusOn, here, idOf, leave, put, remove } from "./desk-cards.js";
import { fault, inTurn, send, word } from "./desk-talk.js";
import { tell } from "./desk-toast.js";

const SLOW = 2500;
let changed = () => undefined;

// Whom to tell that something was decided here.
export function onChange(work) {
  changed = work;
}

function note(card, text, retry) {
  card.querySelector(".note")?.remove();
  if (!text) {
    return;
  }
  const made = document.querySelector("#note").content.firstElementChild.cloneNode(true);
  made.querySelector("span").textContent = text;
  const button = made.querySelector("button");
  button.hidden = !retry;
  button.addEventListener("click", () => retry());
  card.append(made);
}

function state(card, name) {
  if (name) {
    card.dataset.state = name;
  } else {
    delete card.dataset.state;
  }
  card.setAttribute("aria-busy", String(name === "sending"));
}

// Press the button of a card that stands for a move. Pressed twice, it is one decision.
export function decide(card, what) {
  const form = card?.querySelector("form.moves");
  const button = form?.querySelector(`.move[value="${what}"]`);
  if (!button || card.dataset.state === "sending") {
    return false;
  }
  const fields = new FormData(form, button);
  fields.set("back", here());
  state(card, "sending");
  note(card, "");
  if (card.contains(document.activeElement) || current() === null) {
    leave(card);
  }
  inTurn(() => carry(card, form.action, fields, what));
  return true;
}

async function carry(card, url, fields, what) {
  const slow = setTimeout(() => note(card, word("slow")), SLOW);
  const answer = await send(url, fields);
  clearTimeout(slow);
  note(card, "");
  state(card, "");
  const id = idOf(card);
  if (answer.ok && answer.said) {
    remove(card);
    tell(answer.said.told, answer.said.undo);
    changed();
  } else if (answer.status === 409 && answer.said) {
    refused(card, id, answer.said);
    changed();
  } else {
    state(card, "unsent");
    note(card, fault(answer), () => decide(card, what));
    tell(fault(answer), "", true);
  }
}

// Somebody was quicker, or its author changed it: told where the card stood.
function refused(card, id, said) {
  tell(said.told, "", true);
  if (said.card) {
    const fresh = put(id, said.card);
    note(fresh, said.told);
    return;
  }
  if (!said.gone) {
    note(card, said.told);
    return;
  }
  const item = card.closest("li");
  if (card.contains(document.activeElement)) {
    leave(card);
  }
  const told = document.createElement("p");
  told.className = "overtaken";
  told.textContent = said.told;
  item.replaceChildren(told);
}

// Take back a certain step, or the latest of mine.
export function takeBack(url = "/desk/undo") {
  return inTurn(async () => {
    const answer = await send(url, { back: here() });
    const { said } = answer;
    if (!answer.ok || !said) {
      tell(fault(answer), "", true);
    } else if (said.batch) {
      return said;
    } else {
      if (said.card) {
        focusOn(put(said.comment, said.card));
      }
      tell(said.told, said.more ? "/desk/undo" : "");
    }
    changed();
    return null;
  });
}
