// Shows a page's comments where the tag stands, and makes reading them easy:
//
//   <script async src="https://comments.example.org/embed.js" data-site="norwalk-news"></script>
//
// The service's HTML works by itself; this fetches it, puts it in place and spares page loads. All
// words are the service's. No cookies, no one else's servers, and nothing is stored before somebody
// acts. Each run of the tag has a thread of its own.

(() => {
  /** @typedef {{ pageId?: string, pageUrl?: string, title?: string, pageTitle?: string }} Said */
  /** @typedef {{ ok: boolean, wait: number, box: HTMLElement }} Answer */

  const tag = document.currentScript;
  const service = new URL(".", tag.src).href;
  const patience = 30_000; // milliseconds until silence counts as a failure

  /** @type {Said & { site?: string, place?: Element }} what the publisher says */
  let said = tag.dataset;
  /** The site's key, and the addresses below which it is served. */
  let site = "";
  let api = "";
  /** @type {{ id: string, url: string, title: string }} */
  let page;
  /** @type {HTMLElement | null} the thread, as it stands in the page */
  let section = null;
  /** @type {HTMLElement | null} where it stands */
  let spot = null;
  /** @type {HTMLElement | null} made for it where the publisher marked no place */
  let room = null;
  /** @type {Promise<unknown> | null} */
  let sheet = null;
  /** So that what an earlier load brings is known to come too late. */
  let loads = 0;
  /** When somebody began to write, however long the script for it takes to come. */
  let begun = 0;
  /** Tells apart what threads of one page have in common. */
  let suffix = "";
  /** What fewer readers need, by its name: it comes when they do. */
  const parts = {};
  /** @type {ReturnType<import("./embed-act.js").act> | undefined} */
  let acts;
  /** Ended when the same tag runs again. */
  const ended = new AbortController();
  /** The threads of this page, one for each run of a tag; the last in the page is spoken of. */
  const threads = window.Comments?.threads ?? [];
  const has = (element) => (thread) => thread.holds(element);

  // ---------------------------------------------------------------------------- the service

  // Where Trusted Types are required and there is no setHTML, a policy may set HTML. A page may
  // allow its name only once, and a tag may run twice.
  let policy = window.Comments?.policy;

  function trusted(html) {
    policy ||= window.trustedTypes?.createPolicy("comments", { createHTML: (words) => words });
    return policy ? policy.createHTML(html) : html;
  }

  /** The service has cleaned its HTML; a browser that can does so once more. */
  function parse(html, box = document.createElement("div")) {
    if (box.setHTML) box.setHTML(html, { sanitizer: { removeElements: ["script", "style"] } });
    else box.innerHTML = trusted(html);
    return box;
  }

  /** What the service says, as this page and this reader need it. */
  function understand(html) {
    const box = parse(html);
    tellApart(box);
    tellTimes(box);
    return box;
  }

  /** An id may stand only once in a page; those of comments do so by themselves. */
  function tellApart(box) {
    for (const name of suffix ? ["id", "for", "form", "aria-labelledby", "aria-describedby"] : [])
      for (const element of box.querySelectorAll(`[${name}]`)) rename(element, name);
  }

  function rename(element, name) {
    const ids = element.getAttribute(name).split(" ");
    const renamed = ids.map((id) => (/^comment-\d/.test(id) ? id : id + suffix));
    element.setAttribute(name, renamed.join(" "));
  }

  function report(error) {
    console.warn("comments:", error);
  }

  /**
   * Every request is a simple one, so no preflight goes before it.
   * @param {string} path
   * @param {FormData} [body] sent by POST
   * @returns {Promise<Answer | undefined>} nothing: no answer came
   */
  async function ask(path, body) {
    try {
      const response = await fetch(new URL(path, api), {
        method: body ? "POST" : "GET",
        body,
        cache: "no-cache", // a stale thread could lack what its reader wrote
        credentials: "omit",
        signal: AbortSignal.timeout(patience),
      });
      const { ok, headers } = response;
      if (!headers.get("content-type")?.startsWith("text/html"))
        throw new TypeError(`${response.url}: ${response.status}, and no HTML`);
      const wait = Number(headers.get("retry-after")) * 1000 || 0;
      return { ok, wait, box: understand(await response.text()) };
    } catch (error) {
      report(error);
    }
  }

  /** @param {Record<string, string>} asked of this page's thread */
  function askThread(asked) {
    const lang = section?.dataset.lang || said.lang;
    const query = { page: page.id, ...(lang && { lang }), ...asked };
    return ask(`thread?${new URLSearchParams(query)}`);
  }

  /** First in the head, so that the page's own rules win. */
  function addSheet() {
    const link = Object.assign(document.createElement("link"), { rel: "stylesheet" });
    link.href = `${service}embed.css`;
    if ([...document.styleSheets].some(({ href }) => href?.startsWith(link.href))) return null;
    document.head.prepend(link);
    return new Promise((done) => {
      link.onload = link.onerror = done; // the page may refuse it
      setTimeout(done, 2000);
    });
  }

  /** @returns {Promise<any>} a script of its own, at work for this thread; nothing: it did not come */
  function need(name) {
    parts[name] ??= import(`${service}embed-${name}.js`)
      .then((part) => part[name](thread))
      .catch((error) => {
        report(error);
        parts[name] = null; // perhaps it comes the next time
      });
    return parts[name];
  }

  async function needActs() {
    acts = await need("act");
    return acts;
  }

  // ------------------------------------------------------------------------------ the place

  /** What other systems' embeds say, so that a publisher who comes from one changes one `src`. */
  function saidElsewhere() {
    const remark = window.remark_config ?? {};
    const disqus = { page: {}, callbacks: {} };
    window.disqus_config?.call(disqus);
    const place = document.querySelector("#disqus_thread,#isso-thread,#cusdis_thread,#remark42");
    const at = place?.dataset ?? {};
    return {
      place,
      site: new URL(tag.src).searchParams.get("site") || remark.site_id || at.appId,
      pageId:
        disqus.page.identifier ||
        window.disqus_identifier ||
        at.disqusIdentifier ||
        at.issoId ||
        at.pageId,
      pageUrl: disqus.page.url || window.disqus_url || remark.url || at.pageUrl,
      pageTitle:
        disqus.page.title || window.disqus_title || remark.page_title || at.title || at.pageTitle,
    };
  }

  /** Which page this is: what the publisher says, else its canonical address, else its own. */
  function pageOf(/** @type {Said} */ said) {
    const canonical = document.querySelector("link[rel=canonical][href]");
    const url = new URL(said.pageUrl || canonical?.href || location.href, document.baseURI);
    url.hash = "";
    const title = said.title || said.pageTitle || document.title;
    return { id: said.pageId || url.href, url: url.href, title };
  }

  /** The thread of this page that the server put there already, if no other tag has it. */
  function findIncluded() {
    const all = [...document.querySelectorAll(`.comments[data-site="${CSS.escape(site)}"]`)];
    return all.find(
      (each) => !threads.some(has(each)) && (!said.pageId || each.dataset.page === said.pageId),
    );
  }

  /** Nowhere, if all there is is a tag in the head: it is there for counts. */
  function findPlace() {
    const marked = [...document.querySelectorAll("[data-comments]")].filter(
      ({ dataset: { comments } }) => !comments || comments === said.pageId,
    );
    const found =
      marked.find(({ dataset }) => dataset.comments) ??
      marked.find((each) => !threads.some(has(each))) ??
      marked[0] ??
      said.place ??
      room;
    if (found?.isConnected) return found;
    if (!tag.isConnected || tag.closest("head")) return null;
    room = document.createElement("div");
    tag.before(room);
    return room;
  }

  /** @param {HTMLElement | null} element where this thread stands from now on */
  function claim(element) {
    spot = element;
    if (!spot || run.rank) return;
    const taken = threads.map(({ rank }) => rank);
    do run.rank++;
    while (taken.includes(run.rank));
    const isTaken = document.querySelector(":is(#respond, #comments-title):not(.comments *)");
    if (isTaken || run.rank > 1) suffix = `-${run.rank}`;
  }

  // ----------------------------------------------------------------------------- the thread

  /** How this reader wants to see it first. */
  function firstView() {
    const at = wantedId();
    const [sort] = /^(old|new)est$/.exec(recall()?.sort) ?? []; // anything may stand there
    return { ...(at && { at }), ...(sort && { sort }) };
  }

  function loadWhenNear() {
    const begin = () => loads || load(firstView());
    // What lays out as its contents is nowhere while it has none.
    const isNowhere = getComputedStyle(spot).display === "contents";
    if (isNowhere || said.lazy === "off" || /^#(comment|respond)/.test(location.hash)) begin();
    else whenNear(spot, begin);
  }

  /** The page holds its thread already. */
  async function adopt(included) {
    section = included;
    page.id = section.dataset.page;
    sheet = addSheet();
    await Promise.all([sheet, remembers() && needActs()]);
    tellApart(section);
    holdTimes(section);
    tellTimes(section);
    acts?.markNews(section);
    await takeOver(section);
    const view = firstView();
    const { order } = section.dataset;
    const isOther = view.sort && view.sort !== order && !/[?&]sort=/.test(location.search);
    if (isOther) load(view, () => null);
    else onHash();
  }

  /**
   * @param {Record<string, string>} asked which view
   * @param {((thread: HTMLElement) => Element | null)} [toAttend] in a thread that stands already
   */
  async function load(asked, toAttend) {
    const number = ++loads;
    const before = document.activeElement;
    if (!spot?.isConnected) claim(findPlace());
    if (!spot) return;
    sheet ??= addSheet();
    const [answer] = await Promise.all([askThread(asked), sheet, remembers() && needActs()]);
    if (number !== loads) return;
    const thread = answer?.ok && answer.box.querySelector(".comments");
    if (!thread) return toAttend ? say("unloaded") : sayUnloaded(answer);
    if (asked.at && threads.length > 1 && !thread.querySelector(`#comment-${asked.at}`)) {
      if (toAttend) return; // another thread may have it
      thread.querySelector(".comments-gone")?.remove();
    }
    const field = document.activeElement;
    keepForm(thread);
    acts?.markNews(thread);
    if (spot === section) section.replaceWith(thread);
    else spot.replaceChildren(thread);
    await takeOver(thread, () => {
      settle(formOf(thread));
      const written = thread.contains(field) && field;
      return (field !== before && written) || (toAttend ? toAttend(thread) : written);
    });
  }

  /** What is typed stays typed. */
  function keepForm(thread) {
    const [form, other] = [section && formOf(section), formOf(thread)];
    if (form?.elements.page.value !== other?.elements.page.value) return;
    form?.elements.token.replaceWith(other.elements.token);
    other?.replaceWith(form);
  }

  async function takeOver(thread, toAttend) {
    if (spot === section) spot = thread;
    section = thread;
    if (said.theme) section.dataset.theme = said.theme;
    section.addEventListener("click", onClick);
    section.addEventListener("submit", onSubmit);
    section.addEventListener("keydown", onKey);
    section.addEventListener("focusin", onFocus);
    furnish();
    tell("loaded", { page: page.id });
    const wanted = toAttend?.(section);
    if (wanted) attend(wanted);
    const isThere = wanted || followHash();
    if (parts.write || hasWritten()) await (await need("write"))?.takeOver();
    if (!isThere && document.activeElement === document.body) followHash();
  }

  /** The service's own words, or else the thread's own address: this script has none. */
  function sayUnloaded(answer) {
    const words = document.createElement("p");
    words.role = "alert";
    const link = document.createElement("a");
    link.href = `${service}t/${encodeURIComponent(site)}?${new URLSearchParams({ page: page.id })}`;
    link.textContent = `↻ ${link.href}`;
    link.style = "display: inline-block; padding: 14px 0; overflow-wrap: anywhere";
    words.append(answer?.box.querySelector(".comment-fault")?.textContent || link);
    section?.remove();
    section = null;
    if (!spot.isConnected) claim(findPlace());
    spot?.replaceChildren(words);
    const number = loads;
    const again = () => number === loads && load(firstView());
    addEventListener("online", again, { once: true, signal: ended.signal });
  }

  /** Go to what the address names: it was not there when the browser looked. */
  function followHash() {
    const id = location.hash.slice(1);
    const named = id && section?.querySelector(`#${CSS.escape(id)}`);
    if (!named) return false;
    section.querySelector(".comments-gone")?.remove(); // it is mine, and waits
    show(named);
    return true;
  }

  function show(element) {
    for (let at = element; at; at = at.parentElement.closest("details")) at.open = true;
    section.querySelector(".comment-target")?.classList.remove("comment-target");
    element.classList.add("comment-target");
    element.scrollIntoView();
    attend(element);
  }

  /** The number of the comment that the address names. */
  function wantedId() {
    return location.hash.match(/^#comment-(\d+)$/)?.[1];
  }

  function onHash() {
    const at = wantedId();
    if (!spot || followHash() || !at || document.getElementById(`comment-${at}`)) return;
    if (!section) load({ at });
    else
      load({ at, sort: section.dataset.order }, (thread) => thread.querySelector(".comments-gone"));
  }

  /** Put the keyboard and the reading voice where something new is. */
  function attend(element) {
    if (element.tabIndex < 0) element.tabIndex = -1; // else it could not have the focus at all
    element.focus();
  }

  function tell(what, detail) {
    section?.dispatchEvent(new CustomEvent(`comments:${what}`, { bubbles: true, detail }));
  }

  // -------------------------------------------------------------------------- more comments

  async function showMore(link, isAsked) {
    const more = await need("more");
    if (more) more.follow(link, isAsked);
    else refuse(link, statusOf(section).dataset.unloaded);
  }

  /** What came is as good as what was there. */
  async function tookMore() {
    watchMore();
    acts?.noteVisit();
    acts?.offerJump();
    if (hasWritten()) (await need("write"))?.takeOver();
  }

  /** Where a site wants it, more comes while the reader scrolls. */
  function watchMore() {
    const link = section.querySelector("p > .comments-more-link[data-after]");
    if (link && "infinite" in section.dataset) whenNear(link, () => showMore(link));
  }

  /** @type {IntersectionObserver | undefined} of what is wanted next */
  let watch;

  function whenNear(element, then) {
    watch?.disconnect();
    watch = new IntersectionObserver(
      (entries) => {
        if (!entries.at(-1).isIntersecting) return;
        watch.disconnect();
        then();
      },
      { rootMargin: "1000px" },
    );
    watch.observe(element);
  }

  // ----------------------------------------------------------- times, and what is new to me

  const units = [
    [60, "second"],
    [60, "minute"],
    [24, "hour"],
    [7, "day"],
    [4.35, "week"],
    [12, "month"],
    [Number.POSITIVE_INFINITY, "year"],
  ];
  const relative = new Intl.RelativeTimeFormat(undefined, { numeric: "auto" });
  const absolute = new Intl.DateTimeFormat(undefined, { dateStyle: "long", timeStyle: "short" });

  /** In the reader's language: "3 hours ago". */
  function ago(date) {
    let length = (date - Date.now()) / 1000;
    const [, unit] = units.find(([many]) => {
      if (Math.abs(length) < many) return true;
      length /= many;
      return false;
    });
    return relative.format(unit === "second" ? 0 : Math.trunc(length), unit);
  }

  function tellTimes(box) {
    box.querySelectorAll("time").forEach(tellTime);
  }

  function tellTime(time) {
    const date = new Date(time.dateTime);
    const words = document.createElement("span");
    words.textContent = ago(date);
    time.replaceChildren(words);
    time.lang = relative.resolvedOptions().locale;
    words.dir = "auto";
    const exact = absolute.format(date);
    time.title = exact.replace(/\s([AP])M$/, (_, half) => ` ${half.toLowerCase()}m`);
  }

  /** Times that are on screen already keep the room they have. */
  function holdTimes(thread) {
    const times = [...thread.querySelectorAll("time")];
    const rooms = times.map((time) => time.getBoundingClientRect());
    for (const [at, { style }] of times.entries()) {
      style.display = "inline-block";
      style.minWidth = `${rooms[at].width}px`;
      style.minHeight = `${rooms[at].height}px`;
    }
  }

  /** What this reader chose here, or nothing. @returns {{ sort?: string, seen?: [] | null }} */
  function recall() {
    try {
      return JSON.parse(localStorage.getItem(`comments:${site}`));
    } catch {
      return null; // storage is blocked here
    }
  }

  function keep(choice) {
    try {
      localStorage.setItem(`comments:${site}`, JSON.stringify({ ...recall(), ...choice }));
    } catch (error) {
      report(error);
    }
  }

  /** Are visits noted? Only for who asked for it, or has left something here by another act. */
  function remembers() {
    const kept = recall();
    return kept?.seen !== null && Boolean(kept || hasWritten());
  }

  // --------------------------------------------------------------------------- what is new -

  /** @type {HTMLElement | null} floats over the thread, so that nothing moves when it is filled */
  let tray = null;
  let timer = 0;

  function onReturn() {
    if (section) tellTimes(section);
  }

  /** What a thread has that only a script can do. */
  function furnish() {
    home = new Text();
    const form = formOf(section);
    if (form) form.before(home);
    else section.append(home);
    tray = Object.assign(document.createElement("div"), { className: "comments-tray" });
    home.before(tray);
    const memory = section.querySelector(".comments-remember");
    // A page may have kept a thread of an older version.
    if (memory) Object.assign(memory, { ariaPressed: String(remembers()), hidden: false });
    acts?.offerJump();
    acts?.noteVisit();
    watchMore();
    clearTimeout(timer);
    const pause = Number(said.poll ?? 30) * 1000;
    if (pause && section.dataset.latest)
      timer = setTimeout(async () => (await need("more"))?.watch(pause), pause);
  }

  /** Say beside what was pressed why it had no effect. */
  function refuse(beside, words) {
    forgive();
    const shown = document.createElement("p");
    shown.className = "comment-refused comment-fault";
    shown.textContent = words;
    beside.closest("p").after(shown);
    say("", words);
  }

  function forgive() {
    section.querySelector(".comment-refused")?.remove();
  }

  // ------------------------------------------------------------------------ what readers do

  const ACTS =
    ".comment-vote, .comment-report, .comment-report-form :is(.comment-button, .comment-cancel), " +
    ".comments-next-new, .comments-remember";

  function onClick(event) {
    // With one of these keys, a click asks for a new tab.
    if (event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    const pressed = event.target.closest("a, button");
    const ways = {
      [ACTS]: act,
      ".comment-reply": reply,
      ".comment-cancel": cancelReply,
      ".comment-permalink, .comment-context": follow,
      ".comments-sort": sort,
      ".comment-replies-earlier, [data-after]": (link) => showMore(link, true),
      ".comments-more-link": turnTo,
      ".comments-arrived-button": async (button) => (await need("more"))?.showNews(button),
    };
    const way = pressed && Object.keys(ways).find((each) => pressed.matches(each));
    if (!way) return;
    event.preventDefault();
    forgive();
    ways[way](pressed);
  }

  async function act(pressed) {
    if (await needActs()) acts.press(pressed);
    else say("unanswered");
  }

  function follow({ hash }) {
    if (location.hash === hash) onHash();
    else location.hash = hash;
  }

  function sort({ dataset: { sort } }) {
    keep({ sort });
    load({ sort }, (thread) => thread.querySelector(`[data-sort="${sort}"]`));
  }

  /** To another page of the thread. */
  function turnTo(link) {
    const asked = Object.fromEntries(new URL(link.href).searchParams);
    load({ ...asked, page: page.id }, (thread) => thread.querySelector("article"));
  }

  function onKey(event) {
    const { key, target } = event;
    if (event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return;
    if (key === "Escape" && target.closest(".comment-report-form")) acts.closeReport();
    else if (key === "Escape" && target.closest(".comment-form")?.elements.parent?.value)
      cancelReply();
    else if (key === "n" && !target.closest("input, textarea, select")) acts?.jump();
  }

  function onFocus(event) {
    if (!event.target.closest(".comment-form")) return;
    begun ||= performance.now();
    need("write");
  }

  /**
   * Without the other script, the form posts by itself and leads to our own page: but not where that
   * page could not come either, for then what was typed would be lost.
   */
  async function onSubmit(event) {
    const { target: form, submitter } = event;
    event.preventDefault();
    const write = await need("write");
    if (write) write.submit(form, submitter);
    else if (await askThread({})) {
      section.removeEventListener("submit", onSubmit);
      form.requestSubmit(submitter);
      section.addEventListener("submit", onSubmit);
    } else say("unsent");
  }

  // ------------------------------------------------------------------------------- the form

  /** @type {Text} where the form stands while it answers no one */
  let home;

  function formOf(thread) {
    return thread.querySelector("form[id^=respond]");
  }

  /** Move the form under a comment; quietly: the reader did not ask for it just now. */
  function reply(link, quietly) {
    const form = formOf(section);
    setAnswered(form, link.dataset.parent, link.getAttribute("aria-label"));
    link.closest(".comment-actions").after(form);
    if (quietly) return;
    const empty = [...form.elements].find((field) => field.required && !field.value);
    (empty ?? form.elements.body).focus();
  }

  function cancelReply() {
    const form = formOf(section);
    const answered = form.elements.parent.value;
    goHome(form);
    section.querySelector(`.comment-reply[data-parent="${answered}"]`)?.focus();
  }

  function goHome(form) {
    setAnswered(form, "", form.querySelector("h3").dataset.words);
    home.after(form);
  }

  /** Under what it answers, if that is here. */
  function settle(form) {
    const answered = form?.elements.parent.value;
    const link = section.querySelector(`.comment-reply[data-parent="${answered}"]`);
    link?.closest(".comment-actions").after(form);
  }

  function setAnswered(form, id, title) {
    form.elements.parent.value = id;
    form.querySelector("h3").textContent = title;
    form.querySelector(".comment-cancel").hidden = !id;
    clearFaults(form);
  }

  function clearFaults(form) {
    for (const fault of form.querySelectorAll(".comment-fault:not([role])")) fault.remove();
    for (const field of form.elements) field.ariaInvalid = null;
    say("");
  }

  function statusOf(thread) {
    return thread.querySelector(".comments-status");
  }

  /** To whoever listens and, with a fault, to all. The status has words for `fault`. */
  function say(fault, words) {
    const status = statusOf(section);
    status.classList.toggle("comment-fault", fault !== "");
    status.textContent = words || (status.dataset[fault] ?? "");
  }

  /** Has somebody written here with this browser, or begun to? embed-kept.js has the names. */
  function hasWritten() {
    try {
      const names = [`comments-key:${site}`, `comments-drafts:${site}`];
      return names.some((name) => localStorage.getItem(name));
    } catch {
      return false; // storage is blocked here
    }
  }

  /** What the other scripts need of this one. */
  const thread = {
    ask,
    askThread,
    attend,
    clearFaults,
    formOf,
    goHome,
    keep,
    need,
    needActs,
    parse,
    recall,
    refuse,
    remembers,
    reply,
    report,
    say,
    settle,
    show,
    signal: ended.signal,
    statusOf,
    tell,
    tookMore,
    understand,
    get acts() {
      return acts;
    },
    get api() {
      return api;
    },
    get begun() {
      return begun;
    },
    get section() {
      return section;
    },
    get page() {
      return page;
    },
    get tray() {
      return tray;
    },
    /** Rises whenever another thread, or the same one anew, is loaded. */
    get loads() {
      return loads;
    },
  };

  // ------------------------------------------------------------------------- for publishers

  const counted =
    "[data-comment-count], .disqus-comment-count, .remark42__counter, [data-cusdis-count-page-id]";

  async function showCounts() {
    const spots = [...document.querySelectorAll(counted)];
    const pageFor = ({ dataset: at }) =>
      at.commentCount ||
      at.disqusIdentifier ||
      at.disqusUrl ||
      at.cusdisCountPageId ||
      at.url ||
      page.id;
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

  async function showRecent(place) {
    const limit = place.dataset.commentsRecent;
    const answer = await ask(`recent?${new URLSearchParams(limit && { limit })}`);
    if (!answer?.ok) return;
    place.replaceChildren(...answer.box.children);
  }

  function destroy() {
    loads++;
    clearTimeout(timer);
    watch?.disconnect();
    spot?.replaceChildren();
    section?.remove();
    room?.remove();
    section = spot = room = null;
  }

  /** This run of the tag, for the others. */
  const run = {
    tag,
    rank: 0,
    get site() {
      return site;
    },
    holds: (element) =>
      [spot, section].includes(element) || Boolean(section && element.contains(section)),
    isStale: () => !tag.isConnected && Boolean(room || !spot),
    reload(wanted) {
      page = pageOf(wanted.pageId || wanted.pageUrl ? wanted : said);
      showCounts().catch(report);
      return load(firstView());
    },
    destroy,
    end() {
      destroy();
      ended.abort();
      threads.splice(threads.indexOf(run), 1);
    },
  };

  const named = ({ element } = {}) => (element ? threads.find(has(element)) : threads.at(-1));

  window.Comments = {
    threads,
    /** Another page's thread, or, where none is said, this page's once more. */
    reload: (/** @type {Said & { element?: Element }} */ wanted = {}) =>
      named(wanted)?.reload(wanted),
    /** Take the thread away. */
    destroy: (wanted) => named(wanted)?.destroy(),
    /** For the next run of the tag. */
    get policy() {
      return policy;
    },
  };

  function start() {
    if (!said.site) said = { ...saidElsewhere(), ...said };
    site = said.site ?? "";
    api = `${service}embed/${encodeURIComponent(site)}/`;
    page = pageOf(said);
    for (const each of [...threads]) if (each.isStale()) each.end();
    const included = findIncluded();
    const place = included ?? findPlace();
    for (const each of [...threads]) if (place && each.holds(place)) each.end(); // it runs again
    const isFirst = !threads.some((each) => each.site === site);
    threads.push(run);
    // In no order do tags run that are `async`.
    threads.sort((one, other) => (one.tag.compareDocumentPosition(other.tag) & 4 ? -1 : 1));
    claim(place);
    addEventListener("hashchange", onHash, { signal: ended.signal });
    document.addEventListener("visibilitychange", onReturn, { signal: ended.signal });
    if (included) adopt(included);
    else if (spot) loadWhenNear();
    if (!isFirst) return;
    showCounts().catch(report);
    for (const place of document.querySelectorAll("[data-comments-recent]")) showRecent(place);
  }

  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start);
  else start();
})();
