// A writer's own comments in the thread: what became of those that wait, and editing and deleting
// while the site allows it. What they look like and say comes from the service.

const MINUTE = 60_000;
const OWN_PARTS = ".comment-notice, .comment-own, .comment-receipt";
const CHANGING = "article[data-state=pending], article:has(> .comment-own)";
const REPLIES = ".comment-thread, .comment-replies, .comments-more";

/**
 * @param thread what embed.js knows and can do
 * @param hand what embed-write.js lends
 */
export function owning(thread, { kept, sendOnce, sendFrom, explain, furnishText }) {
  const { attend, say } = thread;
  /** @type {Map<string, string>} what was said of each, by its id */
  const told = new Map();
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
    thread.showVotes?.(box.querySelector(".comments-voted"));
    const isFaulty = thread.section.querySelector(".comments-status.comment-fault");
    if (news.length && !isFaulty) say("", news.join(" "));
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

  document.addEventListener("visibilitychange", () => {
    if (!document.hidden && Date.now() - askedAt > MINUTE && told.size) ask();
  });

  // -------------------------------------------------------------------------- in the thread

  function find(id) {
    return thread.section.querySelector(`#${CSS.escape(id)}`);
  }

  /** @returns {HTMLElement} where it stands */
  function show(mine) {
    told.set(mine.id, noticeOf(mine));
    const there = find(mine.id);
    const isPublic = mine.dataset.state === "published" && !there?.dataset.state;
    if (!there) thread.putIn(mine);
    else if (there.querySelector(":scope > .comment-own [open]")) replaceNotice(there, mine);
    else if (isPublic && words(there) === words(mine)) graft(there, mine);
    else rewrite(there, mine);
    const shown = there ?? mine;
    for (const area of shown.querySelectorAll(":scope > .comment-own textarea")) furnishText(area);
    watch();
    return shown;
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
    const hadFocus = there.contains(document.activeElement);
    sendFormHome(there);
    const replies = partsOf(there, REPLIES);
    there.className = mine.className;
    there.dataset.state = mine.dataset.state;
    there.replaceChildren(...mine.childNodes, ...replies);
    if (hadFocus) attend(there);
  }

  function partsOf(article, selector) {
    return [...article.children].filter((part) => part.matches(selector));
  }

  function sendFormHome(article) {
    const form = article.querySelector(":scope > .comment-form");
    if (form) thread.goHome(form);
  }

  /** Nobody may change it any more, or it was erased elsewhere. */
  function letGo(article) {
    told.delete(article.id);
    const hadFocus = article.contains(document.activeElement);
    const next = article.dataset.state === "pending" ? neighbour(article) : article;
    if (next === article)
      for (const part of partsOf(article, ".comment-own:not(:has([open]))")) part.remove();
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
    sendFormHome(article);
    told.delete(article.id);
    article.className = "comment comment-removed";
    delete article.dataset.state;
    article.replaceChildren(gone, ...partsOf(article, REPLIES));
    say("", gone.textContent.trim());
    if (isHere) attend(next);
  }

  document.addEventListener("keydown", (event) => {
    const opened = event.target.closest?.(".comment-own details[open]");
    if (event.key !== "Escape" || event.isComposing || !opened) return;
    opened.open = false;
    opened.querySelector("summary").focus();
  });

  const onToggle = ({ target }) => {
    if (target.open && target.matches?.(".comment-own details"))
      target.querySelector("textarea")?.focus();
  };
  document.addEventListener("toggle", onToggle, true); // it does not bubble

  return { ask, show, submit };
}
