// Sending what somebody wrote, over networks that are slow, flaky or away: it is tried again by
// itself, while the status says what happens, and whoever sent it may stop.

const PATIENCE = 30_000; // milliseconds until silence counts as a failure
const PAUSES = [2, 5, 10, 20]; // seconds before it is sent again
const LONGEST = 120; // seconds that are waited for because the service asked for it
const ROUNDS = 3; // as often as work may be too old when it arrives

/**
 * @typedef {{ ok: boolean, isLost: boolean, wait: number, box: HTMLElement | null,
 *   challenge?: unknown }} Answer
 */

/** @param thread what embed.js knows and can do */
export function sending(thread) {
  const { report, say, understand } = thread;
  /** The forms whose words are under way. */
  const underWay = new WeakSet();

  /** @returns {Promise<Answer | null>} nothing: no answer came */
  async function sendOnce(url, body, signal) {
    const one = new AbortController();
    const stop = () => one.abort(signal.reason);
    const timer = setTimeout(stop, PATIENCE);
    signal.addEventListener("abort", stop);
    try {
      // A simple request, so no preflight goes before it.
      const asked = { method: "POST", body, credentials: "omit", signal: one.signal };
      const response = await fetch(url, asked);
      if (response.status === 428) return demanded((await response.json()).work);
      const isHtml = response.headers.get("content-type")?.startsWith("text/html");
      const isLost = !isHtml || response.status >= 500 || response.status === 429;
      const wait = Number(response.headers.get("retry-after")) || 0;
      const box = isHtml ? understand(await response.text()) : null;
      return { ok: response.ok && !isLost, isLost, wait, box };
    } catch (error) {
      report(error);
      return null;
    } finally {
      clearTimeout(timer);
      signal.removeEventListener("abort", stop);
    }
  }

  /** The service takes this when the browser has done some work for it. */
  function demanded(challenge) {
    return { ok: false, isLost: false, wait: 0, box: null, challenge };
  }

  /** Once, and once more with the work that the service may ask for first. */
  async function sendWorked(url, body, signal, progress) {
    let answer = await sendOnce(url, body, signal);
    for (let round = 1; answer?.challenge; round++) {
      progress("checking");
      const done = round > ROUNDS ? "none" : await workOn(answer.challenge, signal);
      if (signal.aborted) break;
      if (!done) return null;
      body.set("work", done);
      answer = await sendOnce(url, body, signal);
    }
    return answer;
  }

  /**
   * Without a solution it is taken, too, and waits for a moderator. Nothing: what it takes could
   * not come, because the browser is offline; it will be asked anew.
   */
  async function workOn(challenge, signal) {
    try {
      const { work } = await import("./embed-work.js");
      return await work(challenge, signal);
    } catch (error) {
      report(error);
      return navigator.onLine ? "none" : "";
    }
  }

  /** Whatever is sent may be sent again: the nonce, or its nature, makes it one. */
  async function send(url, body, signal) {
    const number = thread.loads;
    /** Seen and heard, but nothing is wrong. */
    function progress(what, words) {
      if (number !== thread.loads || !thread.section) return; // the reader went on to another page
      say("", words || status().dataset[what]);
      status().classList.add("comments-busy");
    }
    let answer = null;
    for (const pause of [...PAUSES, LONGEST + 1]) {
      answer = await sendWorked(url, body, signal, progress);
      const seconds = Math.max(pause, answer?.wait ?? 0);
      if ((answer && !answer.isLost) || signal.aborted || seconds > LONGEST) return answer;
      if (navigator.onLine)
        progress("waiting", answer?.box?.querySelector(".comment-fault")?.textContent);
      else progress("offline");
      await rest(seconds, { signal, mayHurry: !answer });
      if (signal.aborted) return answer;
      progress("again");
    }
    return answer;
  }

  /** Until it is time, or the browser is online again; while it is offline, time does not count. */
  function rest(seconds, { signal, mayHurry }) {
    return new Promise((done) => {
      const timer = navigator.onLine && setTimeout(end, seconds * 1000);
      function end() {
        clearTimeout(timer);
        removeEventListener("online", end);
        signal.removeEventListener("abort", end);
        done();
      }
      if (mayHurry || !timer) addEventListener("online", end);
      signal.addEventListener("abort", end);
    });
  }

  function status() {
    return thread.section.querySelector(".comments-status");
  }

  /** Of each form one at a time: a double click and a second Enter are none. */
  async function sendFrom(form, button, url, data) {
    if (underWay.has(form)) return undefined;
    underWay.add(form);
    const stopping = new AbortController();
    const label = button.textContent;
    const stop = form.querySelector(".comment-stop");
    const { body } = form.elements;
    button.textContent = button.dataset.busy ?? label;
    button.ariaDisabled = "true"; // disabled, it would lose the focus
    // What would be typed meanwhile is not what was sent, and would be lost.
    if (body) body.readOnly = true;
    if (stop) Object.assign(stop, { hidden: false, onclick: () => stopping.abort() });
    const answer = await send(url, data, stopping.signal);
    const isStopped = stopping.signal.aborted;
    underWay.delete(form);
    const isHere = isIn(form);
    if (stop?.matches(":focus")) button.focus();
    if (stop) stop.hidden = true;
    if (body) body.readOnly = false;
    button.ariaDisabled = null;
    button.textContent = label;
    if (thread.section) status().classList.remove("comments-busy");
    return { answer, isHere, isStopped };
  }

  /** Is the reader still here, or doing something else by now? */
  function isIn(form) {
    const { activeElement } = document;
    const { top, bottom } = form.getBoundingClientRect();
    const isInSight = bottom > 0 && top < innerHeight;
    return isInSight && (form.contains(activeElement) || activeElement === document.body);
  }

  return { sendOnce, sendFrom, isUnderWay: (form) => underWay.has(form), status };
}
