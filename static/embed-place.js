// Where comments stand in a thread that is there already, and how they change places while somebody
// reads or writes among them. embed-more.js and embed-own.js put some in, and take some away.

export const REPLIES = ".comment-thread, .comment-replies, .comments-more";

/** @returns {Element[]} of a comment, without its replies' own */
export function partsOf(article, selector) {
  return [...article.children].filter((part) => part.matches(selector));
}

/** @param thread what embed.js knows and can do, for one thread at a time */
export function placing(thread) {
  function find(id) {
    return thread.section.querySelector(`#${CSS.escape(id)}`);
  }

  function putIn(article) {
    const earlier = find(article.id);
    if (earlier?.matches(".comment-mine") && !article.matches(".comment-mine")) {
      replace(earlier, article); // mine, published since
      return article;
    }
    if (earlier) return earlier;
    const { section } = thread;
    const answered = find(`comment-${article.dataset.parent || 0}`);
    const list = answered ? repliesTo(answered) : section.querySelector(".comment-list");
    const item = Object.assign(document.createElement("li"), { className: "comment-item" });
    item.append(article);
    if (!answered && section.dataset.order === "newest") list.prepend(item);
    else list.append(item);
    return article;
  }

  /** One comment for another state of it; its replies stay. */
  function replace(earlier, article) {
    holding(earlier, () => {
      if (!partsOf(article, REPLIES).length) article.append(...partsOf(earlier, REPLIES));
      earlier.replaceWith(article);
    });
  }

  /** The list of a comment's replies: on the deepest level, the one that it is in itself. */
  function repliesTo(comment) {
    const own = comment.querySelector(
      ":scope > .comment-replies, :scope > .comment-thread > .comment-replies",
    );
    if (own) return own;
    let level = 0;
    for (let at = comment; at !== thread.section; at = at.parentElement) level += at.matches("ol");
    if (level >= Number(thread.section.dataset.depth)) return comment.closest("ol");
    const list = Object.assign(document.createElement("ol"), { className: "comment-replies" });
    comment.append(list);
    return list;
  }

  /**
   * Change something around the form: it is not lost with what it stands in, it stands under what it
   * answers again if that is still there, and who writes in it goes on writing.
   */
  function holding(element, change) {
    const form = thread.formOf(thread.section);
    const { activeElement } = document;
    if (!form || !element.contains(form)) return change();
    const isInUse = form.contains(activeElement);
    thread.tray.after(form);
    change();
    thread.settle(form);
    if (isInUse) activeElement.focus({ preventScroll: true });
  }

  return { find, holding, putIn, replace, repliesTo };
}
