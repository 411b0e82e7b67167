// Shows a page's comments where the tag stands, and sends what readers write:
//
//   <script async src="https://comments.example.org/embed.js" data-site="norwalk-news"></script>
//
// The service's HTML works by itself; this fetches it, puts it in place and spares page loads.
// No cookies, no one else's servers, and nothing is stored before somebody posts.

(() => {
  /** @typedef {{ pageId?: string, pageUrl?: string, title?: string, pageTitle?: string }} Said */

  const tag = document.currentScript;
  const { site = "", theme, lang } = tag.dataset;
  const service = new URL(".", tag.src).href;
  const api = `${service}embed/${encodeURIComponent(site)}/`;
  const keyName = `comments-key:${site}`;
  const patience = 30_000; // milliseconds until silence counts as a failure

  /** @type {{ id: string, url: string, title: string }} */
  let page;
  /** @type {HTMLElement | null} the thread, as it stands in the page */
  let section = null;
  /** @type {HTMLElement | null} made for it where the publisher marked no place */
  let room = null;
  /** @type {Promise<unknown> | null} */
  let sheet = null;
  /** So that what an earlier load brings is known to come too late. */
  let loads = 0;
  /** @type {{ words: string, nonce: string } | null} sent, and perhaps not arrived */
  let attempt = null;
  /** @type {string | null} the commenter's key, while this page is open */
  let keyInHand = null;

  // ---------------------------------------------------------------------------- the service

  // Where Trusted Types are required and there is no setHTML, a policy may set HTML. A page may
  // allow its name only once, and a tag may run twice.
  let policy = window.Comments?.policy;

  function trusted(html) {
    policy ||= window.trustedTypes?.createPolicy("comments", { createHTML: (words) => words });
    return policy ? policy.createHTML(html) : html;
  }

  /** The service has cleaned its HTML; a browser that can does so once more. */
  function parse(html) {
    const box = document.createElement("div");
    if (box.setHTML) box.setHTML(html, { sanitizer: { removeElements: ["script", "style"] } });
    else box.innerHTML = trusted(html);
    return box;
  }

  function report(error) {
    console.warn("comments:", error);
  }

  /**
   * Every request is a simple one, so no preflight goes before it.
   * @param {string} path
   * @param {FormData | URLSearchParams} [body] sent by POST
   * @returns {Promise<{ ok: boolean, box: HTMLElement } | undefined>} nothing: no answer came
   */
  async function ask(path, body) {
    try {
      const response = await fetch(api + path, {
        method: body ? "POST" : "GET",
        body,
        cache: "no-cache", // a stale thread could lack what its reader wrote
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

  /** First in the head, so that the page's own rules win. */
  function addSheet() {
    const link = Object.assign(document.createElement("link"), { rel: "stylesheet" });
    link.href = `${service}embed.css`;
    if ([...document.styleSheets].some(({ href }) => href === link.href)) return null;
    document.head.prepend(link);
    return new Promise((done) => {
      link.onload = link.onerror = done; // the page may refuse it
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

  // ----------------------------------------------------------------------------- the thread

  /** Nowhere, if all there is is a tag in the head: it is there for counts. */
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

  async function takeOver(thread) {
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

  function sayUnloaded(spot) {
    const link = document.createElement("a");
    link.href = `${service}t/${encodeURIComponent(site)}?${new URLSearchParams({ page: page.id })}`;
    link.textContent = "Open them on their own page";
    const words = document.createElement("p");
    words.role = "alert";
    words.append("The comments could not be loaded. ", link, ", or reload this page.");
    spot.replaceChildren(words);
  }

  /** Go to what the address names: it was not there when the browser looked. */
  function followHash() {
    const id = CSS.escape(location.hash.slice(1));
    const named = id && section?.querySelector(`#${id}`);
    if (!named) return false;
    named.scrollIntoView();
    attend(named);
    return true;
  }

  /** Put the keyboard and the reading voice where something new is. */
  function attend(element) {
    if (element.tabIndex < 0) element.tabIndex = -1; // else it could not have the focus at all
    element.focus();
  }

  function tell(what, detail) {
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

  function putIn(article) {
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

  /** The list of a comment's replies: on the deepest level, the one that it is in itself. */
  function repliesTo(comment) {
    const own = comment.querySelector(":scope > .comment-replies");
    if (own) return own;
    let level = 0;
    for (let at = comment; at !== section; at = at.parentElement) level += at.matches("ol");
    if (level >= Number(section.dataset.depth)) return comment.closest("ol");
    const list = Object.assign(document.createElement("ol"), { className: "comment-replies" });
    comment.append(list);
    return list;
  }

  async function showMore(link) {
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

  // ------------------------------------------------------------------------------- the form

  function onClick(event) {
    const link = event.target.closest("a");
    // With one of these keys, a click asks for a new tab.
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    if (link.matches(".comment-reply")) reply(link);
    else if (link.matches(".comment-cancel")) cancelReply();
    else if (link.dataset.after) showMore(link);
    else return;
    event.preventDefault();
  }

  function onKey(event) {
    const parent = event.target.closest("form")?.elements.parent.value;
    if (event.key === "Escape" && !event.isComposing && parent) cancelReply();
  }

  function onSubmit(event) {
    event.preventDefault();
    post(event.target);
  }

  function reply(link) {
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

  function goHome(form) {
    setAnswered(form, "", form.querySelector("h3").dataset.words);
    section.append(form);
  }

  function setAnswered(form, id, title) {
    form.elements.parent.value = id;
    form.querySelector("h3").textContent = title;
    form.querySelector(".comment-cancel").hidden = !id;
    clearFaults(form);
  }

  async function post(form) {
    const button = form.querySelector("button");
    if (button.disabled) return; // a double click, or Enter while it is under way
    const label = button.textContent;
    button.textContent = button.dataset.busy;
    // What would be typed meanwhile is not what was sent, and would be lost.
    button.disabled = form.elements.body.readOnly = true;
    clearFaults(form);
    const answer = await ask("comments", filledIn(form));
    button.disabled = form.elements.body.readOnly = false;
    button.textContent = label;
    const mine = answer?.ok && answer.box.querySelector("article");
    if (mine) attempt = null;
    if (!form.isConnected) return;
    if (mine) thank(form, mine);
    else explain(form, answer);
  }

  /** The same words once more go with the same nonce: a retry. */
  function filledIn(form) {
    const data = new FormData(form);
    const words = JSON.stringify([data.get("parent"), data.get("body")]);
    if (attempt?.words !== words) attempt = { words, nonce: secret() };
    data.set("nonce", attempt.nonce);
    data.set("key", makeKey());
    // Our own page has these in its form, for there the host page is another one.
    if (!data.has("url")) data.set("url", page.url);
    if (!data.has("title")) data.set("title", page.title);
    return data;
  }

  function thank(form, mine) {
    form.elements.body.value = "";
    goHome(form);
    const shown = putIn(mine);
    const notice = shown.querySelector(".comment-notice");
    say("", notice?.textContent);
    attend(shown);
    tell("posted", { id: shown.id.replace("comment-", ""), isPublic: !notice });
  }

  /** What is wrong stands beside its field, or else above the button. */
  function explain(form, answer) {
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

  function clearFaults(form) {
    for (const fault of form.querySelectorAll(".comment-fault:not([role])")) fault.remove();
    for (const field of form.elements) field.ariaInvalid = null;
    say("");
  }

  /** To whoever listens and, with a fault, to all. The status has words for `fault`. */
  function say(fault, words) {
    const status = section.querySelector("[role=status]");
    status.classList.toggle("comment-fault", fault !== "");
    status.textContent = words || (status.dataset[fault] ?? "");
  }

  // -------------------------------------------------------------------- the commenter's key

  /** 192 random bits. */
  function secret() {
    const bytes = crypto.getRandomValues(new Uint8Array(24));
    const text = btoa(String.fromCharCode(...bytes));
    return text.replaceAll("+", "-").replaceAll("/", "_");
  }

  /** It alone tells which comments are mine. */
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
      report(error); // the key lives as long as this page
    }
    return keyInHand;
  }

  // ------------------------------------------------------------------------- for publishers

  async function showCounts() {
    const spots = [...document.querySelectorAll("[data-comment-count]")];
    const pageFor = (spot) => spot.dataset.commentCount || page.id;
    const pages = [...new Set(spots.map(pageFor))];
    while (pages.length) {
      // The service counts a hundred at once.
      const query = new URLSearchParams(pages.splice(0, 100).map((name) => ["page", name]));
      const asked = { cache: "no-cache", credentials: "omit" };
      const response = await fetch(`${api}counts?${query}`, asked);
      const counts = await response.json();
      for (const spot of spots) spot.textContent = counts[pageFor(spot)] ?? spot.textContent;
    }
  }

  window.Comments?.destroy?.(); // on a single-page site, the tag may run again

  window.Comments = {
    /** Another page's thread, or, where none is said, this page's once more. */
    reload(/** @type {Said} */ said = tag.dataset) {
      page = pageOf(said);
      showCounts().catch(report);
      return load();
    },
    /** For the next run of the tag. */
    get policy() {
      return policy;
    },
    /** Take the thread away. */
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
