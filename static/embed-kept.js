// What a writer's browser keeps, each site's apart: the commenter's key, words that were not sent
// yet, and, for those who asked for it, their name. All of it is the reader's own act.

/** @typedef {{ seed: string, page: string, parent: string, body: string, at: number }} Draft */

const MOST_DRAFTS = 20;
const OLDEST_DRAFT = 30 * 24 * 60 * 60 * 1000;
const PAUSE = 400; // milliseconds without a key, after which a draft is written

/** 192 random bits. */
export function secret() {
  const bytes = crypto.getRandomValues(new Uint8Array(24));
  const text = btoa(String.fromCharCode(...bytes));
  return text.replaceAll("+", "-").replaceAll("/", "_");
}

/**
 * The storage of one site; where a browser blocks it, what is kept lives as long as the page.
 * @param {string} site
 * @param {(error: unknown) => void} report
 */
export function keeping(site, report) {
  const names = {
    key: `comments-key:${site}`,
    drafts: `comments-drafts:${site}`,
    author: `comments-author:${site}`,
  };
  /** @type {string | null} */
  let keyInHand = null;

  function read(name) {
    try {
      return localStorage.getItem(name);
    } catch (error) {
      report(error);
      return null;
    }
  }

  function write(name, text) {
    try {
      if (text === null) localStorage.removeItem(name);
      else localStorage.setItem(name, text);
      return true;
    } catch (error) {
      report(error); // blocked, or full
      return false;
    }
  }

  /** Anything may stand in the host page's storage. */
  function readJson(name) {
    try {
      return JSON.parse(read(name) ?? "null");
    } catch (error) {
      report(error);
      return null;
    }
  }

  /** It alone tells which comments are mine. */
  function heldKey() {
    return keyInHand ?? read(names.key);
  }

  function makeKey() {
    keyInHand = heldKey() || secret();
    write(names.key, keyInHand);
    return keyInHand;
  }

  /** Oldest first. @returns {Draft[]} */
  function drafts() {
    const found = readJson(names.drafts);
    if (!Array.isArray(found)) return [];
    const isGood = (draft) =>
      typeof draft?.seed === "string" &&
      typeof draft.body === "string" &&
      Date.now() - draft.at < OLDEST_DRAFT;
    return found.filter(isGood);
  }

  /** @param {Draft[]} list */
  function writeDrafts(list) {
    const left = list.slice(-MOST_DRAFTS);
    if (!left.length) return write(names.drafts, null);
    // The host page shares this room: where it is full, the newest words count most.
    return (
      write(names.drafts, JSON.stringify(left)) ||
      write(names.drafts, JSON.stringify([left.at(-1)]))
    );
  }

  function without(seed) {
    return drafts().filter((draft) => draft.seed !== seed);
  }

  return {
    heldKey,
    makeKey,
    draftsOf: (page) => drafts().filter((draft) => draft.page === page),
    keepDraft: (/** @type {Draft} */ draft) => writeDrafts([...without(draft.seed), draft]),
    dropDraft: (seed) => writeDrafts(without(seed)),
    author: () => readJson(names.author),
    keepAuthor: (author) => write(names.author, author && JSON.stringify(author)),
  };
}

/** Not for secrets: it only tells one text from another (FNV-1a, 2 × 32 bits). */
function digest(text) {
  let [one, two] = [0x811c9dc5, 0xcbf29ce4];
  for (let at = 0; at < text.length; at++) {
    one = Math.imul(one ^ text.charCodeAt(at), 0x01000193);
    two = Math.imul(two ^ text.charCodeAt(at), 0x01000197);
  }
  return (one >>> 0).toString(36) + (two >>> 0).toString(36);
}

/**
 * The draft of one form.
 * @param {HTMLFormElement} form
 * @param thread what embed.js knows and can do
 * @param kept what embed-kept.js keeps
 */
export function drafting(form, thread, kept) {
  const { body, parent } = form.elements;
  const page = form.elements.page.value;
  const notice = form.querySelector(".comment-draft");
  /** Who has the seed has the draft: in another tab, or after a crash, it is still the same. */
  let seed = secret();
  let saved = JSON.stringify([parent.value, body.defaultValue]);
  let timer = 0;

  function state() {
    return JSON.stringify([parent.value, body.value]);
  }

  function save() {
    clearTimeout(timer);
    if (state() === saved) return;
    saved = state();
    if (body.value.trim())
      kept.keepDraft({ seed, page, parent: parent.value, body: body.value, at: Date.now() });
    else drop();
  }

  function saveSoon() {
    clearTimeout(timer);
    timer = setTimeout(save, PAUSE);
  }

  function drop() {
    clearTimeout(timer);
    kept.dropDraft(seed);
    showNotice(false);
  }

  function showNotice(isShown) {
    if (notice) notice.hidden = !isShown;
  }

  /** Bring back what was typed here last; `anywhere`: under any comment of this page. */
  function restore(anywhere) {
    const drafts = kept.draftsOf(page).reverse();
    if (body.value.trim()) {
      // The browser itself brought it back.
      const same = drafts.find((draft) => draft.body === body.value);
      if (same) seed = same.seed;
      return;
    }
    const replyTo = (id) =>
      thread.section.querySelector(`.comment-reply[data-parent="${CSS.escape(id)}"]`);
    const isHere = (draft) => draft.parent === parent.value;
    const found = drafts.find((draft) => isHere(draft) || (anywhere && replyTo(draft.parent)));
    if (!found) return;
    if (!isHere(found)) thread.reply(replyTo(found.parent), true);
    body.value = found.body;
    seed = found.seed;
    saved = state();
    showNotice(true);
    body.dispatchEvent(new Event("input", { bubbles: true }));
  }

  function discard() {
    drop();
    done();
    body.focus();
  }

  /** Nothing is left to be kept: it was posted, or is not wanted. */
  function done() {
    drop();
    body.value = "";
    seed = secret();
    saved = state();
    body.dispatchEvent(new Event("input", { bubbles: true }));
  }

  form.addEventListener("input", saveSoon);
  form.addEventListener("focusin", () => restore(false));
  form.querySelector(".comment-draft-discard")?.addEventListener("click", discard);

  return {
    done,
    restore,
    save,
    /** The same words in the same draft have the same one, in every tab and after every crash. */
    nonce: () => `${seed}-${digest(JSON.stringify([page, parent.value, body.value]))}`,
  };
}
