// The reader's side of the comments: shows a page's thread where the tag stands, and sends what is
// written there.
//
//   <script async src="https://comments.example.org/embed.js" data-site="norwalk-news"></script>
//
// The service sends HTML whose links and form work by themselves. This only fetches it, puts it in
// place and spares readers the page loads. No cookies, nothing from anyone else, and nothing is
// stored before somebody posts.

(() => {
  /** @typedef {{ pageId?: string, pageUrl?: string, title?: string, pageTitle?: string }} Said */
  /** @typedef {{ ok: boolean, box: HTMLElement } | undefined} Answer undefined: there was none */

  const tag = /** @type {HTMLScriptElement} */ (document.currentScript);
  const { site = "", theme, lang } = tag.dataset;
  const service = new URL(".", tag.src).href;
  const api = `${service}embed/${encodeURIComponent(site)}/`;
  const keyName = `comments-key:${site}`;
  const patience = 30_000; // milliseconds until silence counts as a failure

  /** @type {{ id: string, url: string, title: string }} */
  let page;
  /** @type {HTMLElement | null} The thread, as it stands in the page. */
  let section = null;
  /** @type {HTMLElement | null} The room we made for it where the publisher marked none. */
  let room = null;
  /** @type {Promise<unknown> | null} */
  let sheet = null;
  /** Counts the loads: what an earlier one brings comes too late. */
  let loads = 0;
  /** @type {{ words: string, nonce: string } | null} What was sent and may not have arrived. */
  let attempt = null;
  /** @type {string | null} The commenter's key, for as long as this page is open. */
  let keyInHand = null;
  let isSending = false;

  // ------------------------------------------------------------------------------- the service

  // Pages may require Trusted Types of browsers that have no setHTML: there, a policy may set HTML.
  const policy =
    !Element.prototype.setHTML &&
    window.trustedTypes?.createPolicy("comments", { createHTML: (html) => html });

  /** Turn HTML into elements. The service has cleaned it; a browser that can does so once more. */
  function parse(/** @type {string} */ html) {
    const box = document.createElement("div");
    if (box.setHTML) box.setHTML(html, { sanitizer: { removeElements: ["script", "style"] } });
    else box.innerHTML = policy ? policy.createHTML(html) : html;
    return box;
  }

  /** Say to whoever looks for it why something is missing. */
  function report(/** @type {unknown} */ error) {
    console.warn("comments:", error);
  }

  /**
   * Ask the service for HTML. Every request is a simple one, so no preflight goes before it.
   * @param {string} path
   * @param {FormData | URLSearchParams} [body] sent by POST
   * @returns {Promise<Answer>}
   */
  async function ask(path, body) {
    try {
      const response = await fetch(api + path, {
        method: body ? "POST" : "GET",
        body,
        cache: "no-cache", // a stale thread would lack what its reader has just written
        credentials: "omit",
        signal: AbortSignal.timeout(patience),
      });
      const isHtml = response.headers.get("content-type")?.startsWith("text/html");
      if (!isHtml) throw new TypeError(`${response.url}: ${response.status}, and no HTML`);
      return { ok: response.ok, box: parse(await response.text()) };
    } catch (error) {
      report(error);
    }
  }

  /** Put our sheet first, so that the page's own rules win; resolves when it is there. */
  function addSheet() {
    const link = Object.assign(document.createElement("link"), { rel: "stylesheet" });
    link.href = `${service}embed.css`;
    if ([...document.styleSheets].some(({ href }) => href === link.href)) return null;
    document.head.prepend(link);
    return new Promise((done) => {
      link.onload = link.onerror = done; // a page may refuse it, and gets its thread all the same
      setTimeout(done, 2000);
    });
  }

  /** Which page this is: what the publisher says, else its canonical address, else its own. */
  function pageOf(/** @type {Said} */ said) {
    const canonical = document.querySelector("link[rel=canonical][href]");
    const url = new URL(said.pageUrl || canonical?.href || location.href, document.baseURI);
    url.hash = "";
    const title = said.title || said.pageTitle || document.title;
    return { id: said.pageId || url.href, url: url.href, title };
  }

  // -------------------------------------------------------------------------------- the thread

  /** Where the thread belongs: nowhere, if all there is is a tag in the head, put there for counts. */
  function place() {
    if (section?.isConnected) return section;
    const marked = document.querySelector("[data-comments]") ?? room;
    if (marked?.isConnected) return marked;
    if (!tag.isConnected || tag.closest("head")) return null;
    room = document.createElement("div");
    tag.before(room);
    return room;
  }

  async function load() {
    const number = ++loads;
    const spot = place();
    if (!spot) return;
    sheet ??= addSheet();
    const [answer] = await Promise.all([
      ask(`thread?${new URLSearchParams({ page: page.id })}`),
      sheet,
    ]);
    if (number !== loads) return;
    const thread = answer?.box.querySelector(".comments");
    if (!thread) return sayUnloaded(spot);
    if (spot === section) spot.replaceWith(thread);
    else spot.replaceChildren(thread);
    return takeOver(thread);
  }

  /** Bring a thread to life that stands in the page. */
  async function takeOver(/** @type {HTMLElement} */ thread) {
    section = thread;
    attempt = null;
    if (theme) section.dataset.theme = theme;
    if (lang) section.lang = lang;
    section.addEventListener("click", onClick);
    section.addEventListener("submit", onSubmit);
    section.addEventListener("keydown", onKey);
    tell("loaded", { page: page.id });
    const isThere = followHash();
    await showMine();
    if (!isThere) followHash();
  }

  function sayUnloaded(/** @type {HTMLElement} */ spot) {
    const link = document.createElement("a");
    link.href = `${service}t/${encodeURIComponent(site)}?${new URLSearchParams({ page: page.id })}`;
    link.textContent = "Open them on their own page";
    const words = document.createElement("p");
    words.role = "alert";
    words.append("The comments could not be loaded. ", link, ", or reload this page.");
    spot.replaceChildren(words);
  }

  /** Go to what the address names: it was not there yet when the browser looked for it. */
  function followHash() {
    const id = CSS.escape(location.hash.slice(1));
    const named = id && section?.querySelector(`#${id}`);
    if (!named) return false;
    named.scrollIntoView();
    attend(named);
    return true;
  }

  /** Put the keyboard and the reading voice where something new is. */
  function attend(/** @type {HTMLElement} */ element) {
    if (element.tabIndex < 0) element.tabIndex = -1; // else it could not have the focus at all
    element.focus();
  }

  function tell(/** @type {string} */ what, /** @type {object} */ detail) {
    section?.dispatchEvent(new CustomEvent(`comments:${what}`, { bubbles: true, detail }));
  }

  /** Put my comments that await moderation where they will stand. */
  async function showMine() {
    const key = heldKey();
    if (!key) return;
    const number = loads;
    const answer = await ask("mine", new URLSearchParams({ page: page.id, key }));
    if (answer?.ok && number === loads) answer.box.querySelectorAll("article").forEach(putIn);
  }

  /** Put a comment of mine under the one it answers, or into the list; returns it as it stands. */
  function putIn(/** @type {HTMLElement} */ article) {
    const earlier = section.querySelector(`#${article.id}`);
    if (earlier) return earlier;
    const answered = section.querySelector(`#comment-${article.dataset.parent || 0}`);
    const list = answered ? repliesTo(answered) : section.querySelector(".comment-list");
    const item = Object.assign(document.createElement("li"), { className: "comment-item" });
    item.append(article);
    if (!answered && section.dataset.order === "newest") list.prepend(item);
    else list.append(item);
    return article;
  }

  /** The list for replies to a comment: on the deepest level, the one that it is in itself. */
  function repliesTo(/** @type {Element} */ comment) {
    const own = comment.querySelector(":scope > .comment-replies");
    if (own) return own;
    let level = 0;
    for (let at = comment; at !== section; at = at.parentElement) level += at.matches("ol");
    if (level >= Number(section.dataset.depth)) return comment.closest("ol");
    const list = Object.assign(document.createElement("ol"), { className: "comment-replies" });
    comment.append(list);
    return list;
  }

  async function showMore(/** @type {HTMLElement} */ link) {
    if (link.ariaBusy) return;
    link.ariaBusy = "true";
    const number = loads;
    const { order: sort } = section.dataset;
    const query = new URLSearchParams({ page: page.id, sort, after: link.dataset.after });
    const answer = await ask(`thread?${query}`);
    if (number !== loads) return;
    link.ariaBusy = null;
    const items = answer?.ok ? [...answer.box.querySelectorAll(".comment-list > li")] : [];
    if (!items.length) return say("unloaded");
    for (const { firstElementChild: comment } of items)
      section.querySelector(`#${comment.id}`)?.closest("li").remove(); // mine, published since
    section.querySelector(".comment-list").append(...items);
    link.closest("p").replaceWith(answer.box.querySelector("[data-after]")?.closest("p") ?? "");
    attend(items[0].firstElementChild);
  }

  // ---------------------------------------------------------------------------------- the form

  function onClick(/** @type {MouseEvent} */ event) {
    const link = event.target.closest("a");
    // With one of these keys, a click asks for a new tab or window.
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    if (link.matches(".comment-reply")) reply(link);
    else if (link.matches(".comment-cancel")) cancelReply();
    else if (link.dataset.after) showMore(link);
    else return;
    event.preventDefault();
  }

  function onKey(/** @type {KeyboardEvent} */ event) {
    const parent = event.target.closest("form")?.elements.parent.value;
    if (event.key === "Escape" && !event.isComposing && parent) cancelReply();
  }

  function onSubmit(/** @type {SubmitEvent} */ event) {
    event.preventDefault();
    if (!isSending) post(event.target);
  }

  /** Move the form under the comment that it shall answer. */
  function reply(/** @type {HTMLElement} */ link) {
    const form = section.querySelector("form");
    setAnswered(form, link.dataset.parent, link.getAttribute("aria-label"));
    link.closest(".comment-actions").after(form);
    const empty = [...form.elements].find((field) => field.required && !field.value);
    (empty ?? form.elements.body).focus();
  }

  function cancelReply() {
    const form = section.querySelector("form");
    const answered = form.elements.parent.value;
    goHome(form);
    section.querySelector(`.comment-reply[data-parent="${answered}"]`)?.focus();
  }

  /** Put the form back where it answers no one. What was typed stays in it. */
  function goHome(/** @type {HTMLFormElement} */ form) {
    setAnswered(form, "", form.querySelector("h3").dataset.words);
    section.append(form);
  }

  /** @type {(form: HTMLFormElement, id: string, title: string) => void} */
  function setAnswered(form, id, title) {
    form.elements.parent.value = id;
    form.querySelector("h3").textContent = title;
    form.querySelector(".comment-cancel").hidden = !id;
    clearFaults(form);
  }

  async function post(/** @type {HTMLFormElement} */ form) {
    const button = form.querySelector("button");
    const label = button.textContent;
    isSending = button.disabled = true;
    button.textContent = button.dataset.busy;
    clearFaults(form);
    const answer = await ask("comments", filledIn(form));
    isSending = button.disabled = false;
    button.textContent = label;
    const mine = answer?.ok && answer.box.querySelector("article");
    if (mine) attempt = null;
    if (!form.isConnected) return;
    if (mine) thank(form, mine);
    else explain(form, answer);
  }

  /** What goes to the service. The same words once more go with the same nonce: a retry. */
  function filledIn(/** @type {HTMLFormElement} */ form) {
    const data = new FormData(form);
    const words = JSON.stringify([data.get("parent"), data.get("body")]);
    if (attempt?.words !== words) attempt = { words, nonce: secret() };
    data.set("nonce", attempt.nonce);
    data.set("key", makeKey());
    // The service's own page has these in its form: there, the host page is another one.
    if (!data.has("url")) data.set("url", page.url);
    if (!data.has("title")) data.set("title", page.title);
    return data;
  }

  function thank(/** @type {HTMLFormElement} */ form, /** @type {HTMLElement} */ mine) {
    form.elements.body.value = "";
    goHome(form);
    const shown = putIn(mine);
    const notice = shown.querySelector(".comment-notice");
    say("", notice?.textContent);
    attend(shown);
    tell("posted", { id: shown.id.replace("comment-", ""), isPublic: !notice });
  }

  /** Put what is wrong beside its field, and the rest below the form. */
  function explain(/** @type {HTMLFormElement} */ form, /** @type {Answer} */ answer) {
    const elsewhere = [];
    const faults = answer?.box.querySelectorAll("[data-field]") ?? [];
    for (const fault of faults) {
      const field = form.elements.namedItem(fault.dataset.field);
      if (!field || field.type === "hidden") elsewhere.push(fault.textContent);
      else {
        field.ariaInvalid = "true";
        field.after(fault);
      }
    }
    if (elsewhere.length || !faults.length) say("unsent", elsewhere.join(" "));
    (form.querySelector("[aria-invalid]") ?? form.querySelector("button")).focus();
  }

  function clearFaults(/** @type {HTMLFormElement} */ form) {
    for (const fault of form.querySelectorAll(".comment-fault:not([role])")) fault.remove();
    for (const field of form.elements) field.ariaInvalid = null;
    say("");
  }

  /**
   * Speak up: to whoever listens and, if something is wrong, to all.
   * @param {string} fault what is wrong: the status has words for it
   * @param {string} [words] better ones
   */
  function say(fault, words) {
    const status = section.querySelector("[role=status]");
    status.classList.toggle("comment-fault", fault !== "");
    status.textContent = words || (status.dataset[fault] ?? "");
  }

  // ----------------------------------------------------------------------- the commenter's key

  /** 192 random bits: nobody guesses them, and no two are the same. */
  function secret() {
    const bytes = crypto.getRandomValues(new Uint8Array(24));
    const text = btoa(String.fromCharCode(...bytes));
    return text.replaceAll("+", "-").replaceAll("/", "_");
  }

  /** The key, if this browser holds one: it alone tells which comments are mine. */
  function heldKey() {
    try {
      return keyInHand ?? localStorage.getItem(keyName);
    } catch {
      return null; // storage is blocked here
    }
  }

  function makeKey() {
    keyInHand = heldKey() ?? secret();
    try {
      localStorage.setItem(keyName, keyInHand);
    } catch (error) {
      report(error); // storage is blocked here: the key lives as long as this page
    }
    return keyInHand;
  }

  // ---------------------------------------------------------------------------- for publishers

  /** Fill in how many comments pages have, wherever this one asks for it. */
  async function showCounts() {
    const spots = [...document.querySelectorAll("[data-comment-count]")];
    const pageFor = (/** @type {HTMLElement} */ spot) => spot.dataset.commentCount || page.id;
    const pages = [...new Set(spots.map(pageFor))];
    while (pages.length) {
      // A hundred at once: the service counts no more.
      const query = new URLSearchParams(pages.splice(0, 100).map((name) => ["page", name]));
      const response = await fetch(`${api}counts?${query}`, { credentials: "omit" });
      const counts = await response.json();
      for (const spot of spots) spot.textContent = counts[pageFor(spot)] ?? spot.textContent;
    }
  }

  window.Comments?.destroy?.(); // on a single-page site, the tag may run again

  window.Comments = {
    /** Show another page's thread, or, where none is said, this page's once more. */
    reload(/** @type {Said} */ said = tag.dataset) {
      page = pageOf(said);
      showCounts().catch(report);
      return load();
    },
    /** Leave the page as it was. */
    destroy() {
      loads++;
      section?.remove();
      room?.remove();
      section = room = null;
    },
  };

  function start() {
    const included = document.querySelector(`.comments[data-site="${CSS.escape(site)}"]`);
    if (!included) return window.Comments.reload();
    page = { ...pageOf(tag.dataset), id: included.dataset.page };
    sheet = addSheet();
    showCounts().catch(report);
    takeOver(included);
  }

  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start);
  else start();
})();
