// More of a thread than came at first: further comments, further replies, and what is published
// while somebody reads. embed.js fetches this module when one of them is wanted.

import { placing } from "./embed-place.js";

const LONGEST = 300_000; // milliseconds between two looks for what is new

/** @param thread what embed.js knows and can do, for one thread at a time */
export function more(thread) {
  const { askThread, attend, refuse, say, show, statusOf, tookMore } = thread;
  const { find, holding, putIn, repliesTo } = placing(thread);

  // --------------------------------------------------------------------- what a link leads to

  /** Further comments, or further replies `under` one; `isAsked`: by the reader, just now. */
  async function follow(link, isAsked) {
    if (link.ariaBusy) return;
    link.ariaBusy = "true";
    const number = thread.loads;
    const { under, after } = link.dataset;
    const sort = thread.section.dataset.order;
    const answer = await askThread({ sort, ...(under && { under }), ...(after && { after }) });
    if (number !== thread.loads) return;
    link.ariaBusy = null;
    if (!answer?.ok) return refuse(link, statusOf(thread.section).dataset.unloaded);
    thread.acts?.markNews(answer.box);
    const first = !under
      ? append(answer.box)
      : after
        ? merge(answer.box, link.closest("li"))
        : renew(answer.box, under);
    const next = answer.box.querySelector("[data-after]")?.closest("p");
    if (link.isConnected) link.closest("p").replaceWith(next ?? "");
    if (isAsked) attend(first ?? thread.section.querySelector("h2"));
    tookMore();
  }

  function append(box) {
    const items = [...box.querySelectorAll(".comment-list > li")];
    const list = thread.section.querySelector(".comment-list");
    holding(list, () => {
      for (const item of items) forget(item.firstElementChild.id); // it came by itself, earlier
      list.append(...items);
    });
    return items[0]?.firstElementChild;
  }

  /**
   * Put replies under what they answer; what is above them came again, as context. On a site that
   * shows one level only, they stand behind the `last` that was there.
   */
  function merge(box, last) {
    let first;
    for (const item of [...box.querySelectorAll(".comment-item")]) {
      const comment = item.firstElementChild;
      const known = find(comment.id);
      if (known && !known.matches(".comment-mine")) continue;
      if (known) forget(comment.id);
      first ??= comment;
      const above = item.parentElement.closest("article");
      if (above) repliesTo(find(above.id)).append(item);
      else {
        last.after(item);
        last = item;
      }
    }
    return first;
  }

  /** A comment with its first replies in place of some later ones. */
  function renew(box, id) {
    const fresh = box.querySelector(`#comment-${id}`);
    if (!fresh) return undefined;
    const old = find(fresh.id);
    holding(old, () => old.replaceWith(fresh));
    return fresh.querySelector("article");
  }

  function forget(id) {
    find(id)?.closest("li").remove();
  }

  // --------------------------------------------------------------------------- live arrival

  /** @type {HTMLElement | null} what came, until the reader wants to see it */
  let news = null;
  let shortest = 0;
  let pause = 0;
  let timer = 0;
  let isDue = true;
  let isOnScreen = false;
  const screen = new IntersectionObserver((entries) => {
    isOnScreen = entries.at(-1).isIntersecting;
    look();
  });
  document.addEventListener("visibilitychange", look, { signal: thread.signal });
  thread.signal.addEventListener("abort", () => screen.disconnect());

  /** From now on, look for what is new every `length` milliseconds, or less often. */
  function watch(length) {
    news = null;
    shortest = length;
    pause = length;
    isDue = true;
    clearTimeout(timer);
    screen.disconnect();
    if (thread.section) screen.observe(thread.section);
  }

  /** Ask, if it is time and somebody is looking. */
  async function look() {
    if (!isDue || !isOnScreen || document.hidden || !thread.section?.isConnected) return;
    isDue = false;
    const number = thread.loads;
    const answer = await askThread({ since: thread.section.dataset.latest });
    if (number !== thread.loads) return;
    const came = answer?.ok && answer.box.querySelector(".comments-arrived");
    const longer = Math.max(shortest, Math.min(pause * 2, LONGEST));
    pause = Math.max(came && announce(came) ? shortest : longer, answer?.wait ?? 0);
    timer = setTimeout(() => {
      isDue = true;
      look();
    }, pause);
  }

  /** @returns {boolean} is there more than before? */
  function announce(came) {
    const isKnown = ({ id }) => find(id)?.matches(":not(.comment-pending)");
    if ([...came.querySelectorAll("article")].every(isKnown)) return false;
    const isMore = came.dataset.latest !== news?.dataset.latest;
    const button = came.querySelector("button");
    const shown = thread.tray.querySelector(".comments-arrived-button");
    if (shown) shown.textContent = button.textContent;
    else {
      thread.tray.append(button);
      if (!statusOf(thread.section).matches(".comment-fault")) say("", button.textContent);
    }
    news = came;
    return isMore;
  }

  function showNews(button) {
    const { latest, title } = news.dataset;
    thread.section.dataset.latest = latest;
    if (title) thread.section.querySelector("h2").textContent = title;
    thread.acts?.markNews(news);
    const [first] = [...news.querySelectorAll("article")].map(putIn);
    news = null;
    button.remove();
    show(first);
    tookMore();
  }

  return { follow, showNews, watch };
}
