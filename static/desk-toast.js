// What was just done, told once, with a way back.
import { word } from "./desk-talk.js";

const toast = document.querySelector("#toast");
const told = toast?.querySelector("p");
const form = toast?.querySelector("form");
const bar = toast?.querySelector("progress");
// Time enough to read a line and to reach the button; the key and the log take it back later, too.
const STAYS = 12000;
let timer = 0;

export function tell(text, undo = "", isFault = false) {
  if (!toast || !text) {
    return;
  }
  told.textContent = text;
  form.hidden = !undo;
  if (undo) {
    form.action = undo;
  }
  bar.hidden = true;
  toast.classList.toggle("flash-error", isFault);
  toast.classList.add("shown");
  clearTimeout(timer);
  timer = setTimeout(hide, STAYS);
}

// How far many are. What is under way can be stopped and taken back.
export function progress(done, total, undo) {
  clearTimeout(timer);
  if (told.textContent !== word("working")) {
    told.textContent = word("working"); // said once, not with every step
  }
  form.hidden = !undo;
  form.action = undo || form.action;
  toast.classList.remove("flash-error");
  bar.hidden = false;
  bar.max = Math.max(total, 1);
  bar.value = done;
  toast.classList.add("shown");
}

export function hide() {
  if (toast?.matches(":hover, :focus-within")) {
    timer = setTimeout(hide, STAYS);
    return;
  }
  toast?.classList.remove("shown");
  if (told) {
    told.textContent = "";
  }
}
