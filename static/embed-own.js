// A writer's own comments in the thread: what became of those that wait, and editing and deleting
// while the site allows it. What they look like and say comes from the service.

import { partsOf, placing, REPLIES } from "./embed-place.js";

const MINUTE = 60_000;
const OWN_PARTS = ".comment-notice, .comment-own, .comment-receipt";
const CHANGING = "article[data-state=pending], article:has(> .comment-own)";

/**
 * @param thread what embed.js knows and can do
 * @param hand what embed-write.js lends
 */
export function owning(thread, { kept, sendOnce, sendFrom, explain, furnishText }) {
  const { attend, say, signal } = thread;
  const { find, holding, putIn } = placing(thread);
  /** @type {Map<string, string>} what was said of each, by its id */
  const told = new Map();
  /** @type {Map<string, string>} what was changed in each, and is not saved yet */
  const changed = new Map();
  /** What is opened again for such a change: by no one who wants to go there. */
  const reopened = new WeakSet();
  let askedAt = 0;
  let timer = 0;

  /** Those that wait, those that I may still change, and those decided lately. */
  async function ask() {
    const key = kept.heldKey();
    if (!key || !thread.section) return;
    const number = thread.loads;
    askedAt = Date.now();
    const body = new URLSearchParams({ page: thread.page.id, key });
    const { lang } = thread.section.dataset;
    if (lang) body.set("lang", lang);
    const answer = await sendOnce(`${thread.api}mine`, body, new AbortController().signal);
    if (number !== thread.loads) return;
    if (answer?.ok) showAll(answer.box);
    watch();
  }

  function showAll(box) {
    const mine = [...box.querySelectorAll("article")];
    const news = mine.map(newsOf).filter(Boolean);
    for (const each of mine) show(each);
    for (const earlier of thread.section.querySelectorAll(CHANGING))
      if (told.has(earlier.id) && !mine.some(({ id }) => id === earlier.id)) letGo(earlier);
    showVotes(box.querySelector(".comments-voted"));
    const isFaulty = thread.section.querySelector(".comments-status.comment-fault");
    if (news.length && !isFaulty) say("", news.join(" "));
  }

  async function showVotes(voted) {
    if (voted) (await thread.needActs())?.showVotes(voted);
  }

  /** What is said of a comment now, if it is another thing than before. */
  function newsOf(mine) {
    const words = noticeOf(mine);
    const isNews = told.has(mine.id) && told.get(mine.id) !== words;
    return isNews && words;
  }

  function noticeOf(mine) {
    return mine.querySelector(":scope > .comment-notice")?.textContent.trim() ?? "";
  }

  /** While something waits and somebody looks. */
  function watch() {
    clearTimeout(timer);
    if (!thread.section?.querySelector(CHANGING)) return;
    timer = setTimeout(() => document.hidden || ask(), MINUTE);
  }

  const onReturn = () => {
    if (!document.hidden && Date.now() - askedAt > MINUTE && told.size) ask();
  };
  document.addEventListener("visibilitychange", onReturn, { signal });

  // -------------------------------------------------------------------------- in the thread

  /** @returns {HTMLElement} where it stands */
  function show(mine) {
    told.set(mine.id, noticeOf(mine));
    const there = find(mine.id);
    const isPublic = mine.dataset.state === "published" && !there?.dataset.state;
    if (!there) putIn(mine);
    else if (there.querySelector(":scope > .comment-own [open]")) replaceNotice(there, mine);
    else if (isPublic && words(there) === words(mine)) graft(there, mine);
    else rewrite(there, mine);
    const shown = there ?? mine;
    for (const area of shown.querySelectorAll(":scope > .comment-own textarea"))
      furnish(area, shown.id);
    watch();
    return shown;
  }

  /** The thread may come anew while somebody edits. */
  function furnish(area, id) {
    furnishText(area);
    area.addEventListener("input", () => changed.set(id, area.value));
    if (!changed.has(id) || changed.get(id) === area.value) return;
    area.value = changed.get(id);
    const part = area.closest("details");
    reopened.add(part);
    part.open = true;
  }

  function words(article) {
    return article.querySelector(":scope > .comment-body")?.textContent;
  }

  /** Somebody edits it just now. */
  function replaceNotice(there, mine) {
    there.querySelector(":scope > .comment-notice")?.remove();
    there.prepend(mine.querySelector(":scope > .comment-notice") ?? "");
  }

  /** It is public and stands as everybody sees it: what is mine joins it. */
  function graft(there, mine) {
    for (const part of partsOf(there, OWN_PARTS)) part.remove();
    const last = [...partsOf(there, ".comment-body"), ...partsOf(there, ".comment-actions")].pop();
    last?.after(...partsOf(mine, ".comment-own, .comment-receipt"));
    there.prepend(...partsOf(mine, ".comment-notice"));
  }

  /** Its state or its words are others now; its replies stay. */
  function rewrite(there, mine) {
    const { activeElement } = document;
    const hadFocus = there.contains(activeElement);
    there.className = mine.className;
    there.dataset.state = mine.dataset.state;
    refill(there, mine.childNodes);
    if (hadFocus) attend(activeElement.isConnected ? activeElement : there);
  }

  /** Its replies stay; the form goes home if nobody can answer it any more. */
  function refill(article, parts) {
    const form = article.querySelector(":scope > .comment-form");
    if (form) thread.goHome(form);
    holding(article, () => article.replaceChildren(...parts, ...partsOf(article, REPLIES)));
  }

  /** Nobody may change it any more, or it was erased elsewhere. */
  function letGo(article) {
    told.delete(article.id);
    const hadFocus = article.contains(document.activeElement);
    const next = article.dataset.state === "pending" ? neighbour(article) : article;
    if (next === article)
      for (const part of partsOf(article, ".comment-own:not(:has([open]))")) part.remove();
    else if (partsOf(article, REPLIES).length) refill(article, []);
    else article.closest("li")?.remove();
    if (hadFocus && !article.contains(document.activeElement)) attend(next);
  }

  /** Where one who was at this comment goes on. */
  function neighbour(article) {
    const all = [...thread.section.querySelectorAll("article.comment")];
    const at = all.indexOf(article);
    return all[at + 1] ?? all[at - 1] ?? thread.section.querySelector("h2");
  }

  // --------------------------------------------------------------------- editing, deleting

  async function submit(form) {
    const article = form.closest("article");
    const button = form.querySelector("button");
    for (const fault of form.querySelectorAll(".comment-fault")) fault.remove();
    if (form.elements.body) form.elements.body.ariaInvalid = null;
    const data = new FormData(form);
    data.set("key", kept.heldKey() ?? "");
    const sent = await sendFrom(form, button, form.action, data);
    if (!sent || !article.isConnected) return;
    const done = sent.answer?.ok && sent.answer.box.querySelector("article, .comment-gone");
    if (!done) return explain(form, sent.answer, sent.isHere && button);
    if (form.matches(".comment-delete")) leaveGap(article, done, sent.isHere);
    else showEdited(article, done, sent.isHere);
    watch();
  }

  function showEdited(article, mine, isHere) {
    changed.delete(article.id);
    for (const part of partsOf(article, ".comment-own")) part.remove();
    for (const opened of article.querySelectorAll(":scope > .comment-own [open]"))
      opened.open = false;
    const shown = show(mine);
    const status = thread.section.querySelector(".comments-status");
    say("", noticeOf(shown) || status.dataset.saved);
    if (isHere) attend(shown);
  }

  function leaveGap(article, gone, isHere) {
    const next = neighbour(article);
    told.delete(article.id);
    article.className = "comment comment-removed";
    delete article.dataset.state;
    refill(article, [gone]);
    say("", gone.textContent.trim());
    if (isHere) attend(next);
  }

  const onKey = (event) => {
    const opened = event.target.closest?.(".comment-own details[open]");
    if (event.key !== "Escape" || event.isComposing || !opened) return;
    opened.open = false;
    opened.querySelector("summary").focus();
  };
  document.addEventListener("keydown", onKey, { signal });

  const onToggle = ({ target }) => {
    if (reopened.delete(target)) return;
    if (target.open && target.matches?.(".comment-own details"))
      target.querySelector("textarea")?.focus();
  };
  document.addEventListener("toggle", onToggle, { capture: true, signal }); // it does not bubble

  return { ask, show, submit };
}
