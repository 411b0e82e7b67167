// What writing in a thread takes. embed.js fetches this module when somebody begins to write, or
// wrote here before. It holds no words: it shows the server's (templates/embed/writing.html).

import { drafting, keeping } from "./embed-kept.js";
import { owning } from "./embed-own.js";
import { asText } from "./embed-paste.js";
import { sending } from "./embed-send.js";

const FORM = "form[id^=respond]";
const NEAR = 0.9; // of what a comment may have

/**
 * @typedef {{ makeKey(): string, takeOver(): Promise<void>,
 *   submit(form: HTMLFormElement, button: HTMLButtonElement | null): Promise<void> }} Writing
 */

/**
 * @param thread what embed.js knows and can do, for one thread at a time
 * @returns {Promise<Writing>}
 */
export async function write(thread) {
  const { attend, clearFaults, goHome, parse, report, say, signal, tell } = thread;
  const kept = keeping(thread.section.dataset.site, report);
  const { sendOnce, sendFrom, isUnderWay, status } = sending(thread);
  const own = owning(thread, { kept, sendOnce, sendFrom, explain, furnishText });
  /** @type {WeakMap<HTMLFormElement, ReturnType<typeof drafting>>} */
  const drafts = new WeakMap();
  /** @type {WeakMap<HTMLFormElement, number>} since when it is written in */
  const opened = new WeakMap();
  // ------------------------------------------------------------------------------- the form

  /** @type {Writing["submit"]} */
  async function submit(form, button) {
    if (isUnderWay(form)) return; // what the status says of it stays
    if (form.matches(".comment-edit, .comment-delete")) return own.submit(form);
    furnish(form);
    if (button?.matches(".comment-preview-button")) await preview(form, button);
    else await post(form);
  }

  async function post(form) {
    const draft = drafts.get(form);
    const button = form.querySelector(".comment-form-end > .comment-button");
    draft.save();
    clearFaults(form);
    const sent = await sendFrom(form, button, form.action, filledIn(form, draft));
    if (!sent) return;
    const mine = sent.answer?.ok && sent.answer.box.querySelector("article");
    if (mine) {
      draft.done();
      rememberAuthor(form);
    }
    if (!form.isConnected) return;
    if (mine) thank(form, mine, sent.isHere);
    else if (sent.isStopped) say("stopped");
    else explain(form, sent.answer, sent.isHere && button);
  }

  /** The same words once more go with the same nonce: a retry. */
  function filledIn(form, draft) {
    const data = new FormData(form);
    data.set("nonce", draft.nonce());
    data.set("key", kept.makeKey());
    data.set("took", String(Math.round(performance.now() - (opened.get(form) ?? 0))));
    if (globalThis.crypto?.subtle) data.set("work", ""); // it can be asked for: see embed-send.js
    // Our own page has these in its form, for there the host page is another one.
    if (!data.has("url")) data.set("url", thread.page.url);
    if (!data.has("title")) data.set("title", thread.page.title);
    return data;
  }

  function thank(form, mine, isHere) {
    const { activeElement } = document;
    goHome(form);
    if (!isHere && form.contains(activeElement)) activeElement.focus({ preventScroll: true });
    closePreview(form);
    const shown = own.show(mine);
    const notice = shown.querySelector(".comment-notice");
    say("", notice?.textContent);
    if (isHere) attend(shown);
    tell("posted", {
      id: shown.id.replace("comment-", ""),
      isPublic: !shown.matches(".comment-mine"),
    });
  }

  /** What is wrong stands beside its field, or else above the button. */
  function explain(form, answer, focusElse) {
    const elsewhere = [];
    const faults = answer?.box?.querySelectorAll("[data-field]") ?? [];
    for (const fault of faults) {
      const found = form.elements.namedItem(fault.dataset.field);
      const field = found instanceof RadioNodeList ? found[0] : found;
      if (!field || field.type === "hidden") elsewhere.push(fault.textContent.trim());
      else mark(field, fault);
    }
    const words = elsewhere.join(" ");
    if (words || !faults.length) complain(form, words || status().dataset.unsent);
    else say("faulty");
    if (focusElse) (form.querySelector("[aria-invalid=true]") ?? focusElse).focus();
  }

  /** In its own form, for the status may be far from it. */
  function complain(form, words) {
    if (form.matches(FORM)) return say("unsent", words);
    const fault = Object.assign(document.createElement("p"), { className: "comment-fault" });
    fault.textContent = words;
    form.append(fault);
    say("", words);
  }

  function mark(field, fault) {
    field.ariaInvalid = "true";
    field.after(fault);
    fault.id = `${field.id}-fault`;
    const described = (field.getAttribute("aria-describedby") ?? "").split(" ");
    if (!described.includes(fault.id))
      field.setAttribute("aria-describedby", [...described, fault.id].join(" ").trim());
  }

  // -------------------------------------------------------------------------------- preview

  async function preview(form, button) {
    clearFaults(form);
    const sent = await sendFrom(form, button, button.formAction, new FormData(form));
    if (!sent || !form.isConnected) return;
    const article = sent.answer?.ok && sent.answer.box.querySelector("article");
    if (sent.isStopped) say("stopped");
    else if (!article) explain(form, sent.answer, sent.isHere && button);
    else showPreview(form, article, sent.isHere);
  }

  function showPreview(form, article, isHere) {
    const frame = form.querySelector(".comment-previewed");
    const title = frame.querySelector("h4");
    frame.querySelector("article")?.remove();
    title.after(article);
    frame.hidden = false;
    say("", title.textContent);
    if (isHere) attend(article);
  }

  function closePreview(form) {
    const frame = form.querySelector(".comment-previewed");
    if (frame) frame.hidden = true;
  }

  // ------------------------------------------------------------------------ what a form gets

  function furnish(form, mayMove = false) {
    if (drafts.has(form)) return;
    const draft = drafting(form, thread, kept);
    drafts.set(form, draft);
    opened.set(form, thread.begun || performance.now());
    furnishText(form.elements.body);
    putInPlace(form);
    for (const box of form.querySelectorAll(".comment-remember")) box.hidden = false;
    fillInAuthor(form);
    form.querySelector(".comment-preview-close")?.addEventListener("click", () => {
      closePreview(form);
      form.elements.body.focus();
    });
    draft.restore(mayMove);
    draft.save(); // what was typed before this module came
  }

  /** What templates/embed/writing.html lays ready. */
  function putInPlace(form) {
    const part = (name) => form.querySelector(name) ?? ""; // an older thread lacks some
    form.querySelector(".comment-form-head").after(part(".comment-previewed"));
    form.querySelector(".comment-fields").before(part(".comment-draft"));
    form.querySelector(".comment-form-end").append(part(".comment-stop"));
  }

  /** A text area that takes rich text and says when it is nearly full. */
  function furnishText(area) {
    const counter = area.form.querySelector(".comment-counter");
    area.addEventListener("paste", onPaste);
    if (counter) area.addEventListener("input", () => count(area, counter));
  }

  function onPaste(event) {
    const html = event.clipboardData?.getData("text/html");
    const text = html && asText(html, parse);
    if (!text) return; // plain text stays plain
    event.preventDefault();
    // The only way to insert text that can be undone.
    if (document.execCommand("insertText", false, text)) return;
    const area = event.target;
    area.setRangeText(text, area.selectionStart, area.selectionEnd, "end");
    area.dispatchEvent(new InputEvent("input", { bubbles: true, inputType: "insertFromPaste" }));
  }

  let counting = 0;

  /** Seen at each key; heard when the typing rests. */
  function count(area, counter) {
    const limit = Number(counter.dataset.limit);
    const length = new TextEncoder().encode(area.value).length;
    counter.hidden = length < limit * NEAR;
    counter.classList.toggle("comment-counter-full", length > limit);
    clearTimeout(counting);
    if (counter.hidden) return;
    const spoken = new Intl.NumberFormat(thread.section.lang || undefined);
    counter.textContent = counter.dataset.words
      .replace("{length}", spoken.format(length))
      .replace("{limit}", spoken.format(limit));
    counting = setTimeout(() => {
      if (!status().matches(".comment-fault")) say("", counter.textContent);
    }, 1500);
  }

  const REMEMBERED = ["author", "email", "website"];

  function rememberAuthor(form) {
    const isWanted = form.querySelector(".comment-remember input")?.checked;
    const fields = REMEMBERED.map((name) => [name, form.elements[name]?.value ?? ""]);
    kept.keepAuthor(isWanted ? Object.fromEntries(fields) : null);
  }

  function fillInAuthor(form) {
    const author = kept.author();
    const box = form.querySelector(".comment-remember input");
    if (!author || !box) return;
    box.checked = true;
    for (const name of REMEMBERED)
      if (form.elements[name]) form.elements[name].value ||= String(author[name] ?? "");
  }

  // --------------------------------------------------------------------------- a thread came

  async function takeOver() {
    const form = thread.section?.querySelector(FORM);
    if (form && !drafts.has(form)) furnish(form, true);
    else if (form && !form.contains(document.activeElement)) drafts.get(form).restore(true);
    await own.ask();
  }

  await addSheet();
  const onFocus = ({ target }) => {
    const form = target.closest?.(FORM);
    if (form && thread.section?.contains(form)) furnish(form);
  };
  document.addEventListener("focusin", onFocus, { signal });
  const saveNow = () => drafts.get(thread.section?.querySelector(FORM))?.save();
  addEventListener("pagehide", saveNow, { signal });
  document.addEventListener("visibilitychange", saveNow, { signal }); // a phone may tell no more than this
  const begun = document.activeElement?.closest(FORM);
  if (begun && thread.section?.contains(begun)) furnish(begun);
  return { submit, takeOver, makeKey: kept.makeKey };
}

/** Behind embed.css, so that the page's own rules still win. */
function addSheet() {
  const href = new URL("embed-write.css", import.meta.url).href;
  const sheets = [...document.querySelectorAll("link[rel=stylesheet]")];
  if (sheets.some((sheet) => sheet.href === href)) return null;
  const link = Object.assign(document.createElement("link"), { rel: "stylesheet", href });
  const first = sheets.find((sheet) => sheet.href === new URL("embed.css", href).href);
  if (first) first.after(link);
  else document.head.prepend(link);
  return new Promise((done) => {
    link.onload = link.onerror = done; // the page may refuse it
    setTimeout(done, 2000);
  });
}
