// What a reader does in a thread besides reading and writing: voting, reporting, and having marked
// what is new since the last visit. embed.js fetches this module at the first such act, or where
// one was done earlier. What it shows and says comes from the service.

const MOST_PAGES = 200; // whose last visit is remembered
const REPORT = ".comment-report-form";

/** @param thread what embed.js knows and can do, for one thread at a time */
export function act(thread) {
  const { ask, attend, keep, need, recall, refuse, remembers, show, statusOf } = thread;

  // ------------------------------------------------------------------------ what is new to me

  /** For each page, the moment of the newest comment that was there at the last visit. */
  function seenPages() {
    const seen = recall()?.seen; // anything may stand in the host page's storage
    return new Map(Array.isArray(seen) ? seen.filter(Array.isArray) : []);
  }

  /** Before it is shown, so that nothing moves later. */
  function markNews(box) {
    const seen = remembers() && seenPages().get(thread.page.id);
    for (const comment of seen ? box.querySelectorAll("[data-published]:not(.comment-mine)") : [])
      if (Number(comment.dataset.published) > seen) markNew(comment, box);
  }

  function markNew(comment, box) {
    const label = Object.assign(document.createElement("b"), { className: "comment-new-label" });
    label.textContent = (statusOf(box) ?? statusOf(thread.section)).dataset.new;
    comment.classList.add("comment-new");
    comment.querySelector(".comment-meta").append(label);
  }

  function noteVisit() {
    if (!remembers()) return;
    const { page, section } = thread;
    const seen = seenPages();
    const shown = [...section.querySelectorAll("[data-published]")];
    const moments = shown.map((comment) => Number(comment.dataset.published));
    seen.delete(page.id); // the latest visit comes last
    seen.set(page.id, Math.max(Number(section.dataset.latest ?? 0), ...moments));
    keep({ seen: [...seen].slice(-MOST_PAGES) });
  }

  function switchMemory(button) {
    keep({ seen: remembers() ? null : [] });
    noteVisit();
    button.ariaPressed = String(remembers());
  }

  /** @type {Element | undefined} */
  let jumpedTo;

  function jump() {
    const all = [...thread.section.querySelectorAll(".comment-new")];
    jumpedTo = all[all.indexOf(jumpedTo) + 1] ?? all[0];
    if (jumpedTo) show(jumpedTo);
  }

  function offerJump() {
    const { section, tray } = thread;
    const many = section.querySelectorAll(".comment-new").length;
    const button = section.querySelector(".comments-next-new");
    if (!button) return; // a page may have kept a thread of an older version
    button.dataset.words ??= button.textContent;
    button.textContent = button.dataset.words.replace("#", many.toLocaleString(section.lang));
    button.hidden = !many;
    if (many) tray.prepend(button);
  }

  // ----------------------------------------------------------------------- votes and reports

  /** With the key of this browser: a vote or a report is an act. */
  async function send(address, data) {
    const write = await need("write");
    if (!write) return undefined;
    data.set("key", write.makeKey());
    return ask(address, data);
  }

  async function vote(button) {
    const voting = button.closest(".comment-voting");
    if (voting.ariaBusy) return;
    voting.ariaBusy = "true";
    const data = new FormData(button.form);
    data.set("value", button.ariaPressed === "true" ? "0" : button.value);
    const answer = await send(button.formAction, data);
    if (!voting.isConnected) return undefined;
    voting.ariaBusy = null;
    const counted = answer?.ok && answer.box.querySelector(".comment-voting");
    if (!counted) return refuse(voting, wordsOf(answer));
    const isHere = voting.contains(document.activeElement);
    voting.replaceWith(counted);
    if (isHere) counted.querySelector(`[value="${button.value}"]`).focus();
  }

  /** Which votes are mine: what came with my own comments says it. */
  function showVotes({ dataset: { up = "", down = "" } }) {
    const mine = [up, down].map((ids, at) =>
      ids.split(" ").map((id) => `#comment-${id || 0} > .comment-actions [value="${1 - 2 * at}"]`),
    );
    for (const button of thread.section.querySelectorAll(mine.flat())) button.ariaPressed = "true";
  }

  function wordsOf(answer) {
    return answer?.box.textContent.trim() || statusOf(thread.section).dataset.unanswered;
  }

  /** @type {HTMLAnchorElement | null} whose form is open */
  let reporting = null;

  async function openReport(link) {
    closeReport();
    const path = link.closest("article").id.replace("-", "s/");
    const answer = await ask(`${path}/report${link.search}`);
    const form = answer?.ok && answer.box.querySelector(REPORT);
    if (!link.isConnected) return undefined;
    if (!form) return refuse(link, wordsOf(answer));
    reporting = link;
    showReport(form);
  }

  function showReport(form) {
    thread.section.querySelector(REPORT)?.remove();
    reporting.closest("p").after(form);
    form.querySelector("[autofocus], select").focus();
  }

  function closeReport() {
    thread.section.querySelector(REPORT)?.remove();
    reporting?.focus();
    reporting = null;
  }

  async function sendReport(form) {
    const answer = await send(form.action, new FormData(form));
    if (!form.isConnected) return;
    const next = answer?.box.querySelector(`${REPORT}, .comment-report-thanks`);
    if (!next) return refuse(form.querySelector("button"), wordsOf(answer));
    if (next.matches(REPORT)) return showReport(next);
    form.replaceWith(next);
    reporting = null;
    attend(next);
  }

  const ways = {
    ".comment-vote": vote,
    ".comment-report": openReport,
    ".comment-cancel": closeReport,
    ".comment-button": ({ form }) => sendReport(form),
    ".comments-next-new": jump,
    ".comments-remember": switchMemory,
  };

  function press(element) {
    if (!element.isConnected) return undefined; // another thread stands here by now
    return ways[Object.keys(ways).find((each) => element.matches(each))](element);
  }

  return { closeReport, jump, markNews, noteVisit, offerJump, press, showVotes };
}
