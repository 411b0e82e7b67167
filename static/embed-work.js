// Work that the service may ask a browser for, before it takes what somebody wrote. Nobody is asked
// anything, and nothing is stored. embed-send.js fetches this module when it is needed.

import { solve } from "./embed-solve.js";

const LONGEST = 60_000; // milliseconds; whoever sends it without has it held

/** @type {{ createScriptURL(url: string): string } | undefined} */
let policy;

/**
 * @param challenge the service's
 * @param {AbortSignal} signal
 * @returns {Promise<string>} what goes back to the service; `none` without a solution
 */
export async function work(challenge, signal) {
  const until = { isOver: signal.aborted };
  const over = new Promise((done) => {
    const end = () => {
      until.isOver = true;
      done(null);
    };
    signal.addEventListener("abort", end);
    setTimeout(end, LONGEST);
  });
  const apart = await solveApart(challenge.parameters, over);
  const solution = apart ?? (await solve(challenge.parameters, until));
  return solution ? btoa(JSON.stringify({ challenge, solution })) : "none";
}

/** In a worker, so that the page stays quick. Nothing: the page allows none, or it came to an end. */
async function solveApart(asked, over) {
  const { worker, end } = open();
  if (!worker) return null;
  const answer = new Promise((done) => {
    worker.onmessage = ({ data }) => done(data);
    worker.onerror = (event) => {
      event.preventDefault();
      done(null);
    };
  });
  worker.postMessage(asked);
  const solution = await Promise.race([answer, over]);
  end();
  return solution;
}

/** A worker must come from the page's own origin: a line from there imports the rest. */
function open() {
  const script = new URL("./embed-solve.js", import.meta.url);
  const line = new Blob([`import ${JSON.stringify(script.href)};`], { type: "text/javascript" });
  const isOurs = script.origin === location.origin;
  const url = isOurs ? script.href : URL.createObjectURL(line);
  try {
    const worker = new Worker(trusted(url), { type: "module" });
    return { worker, end: () => [worker.terminate(), URL.revokeObjectURL(url)] };
  } catch {
    return {}; // here this page does it, beside which the browser derives the keys anyway
  }
}

function trusted(url) {
  const named = { createScriptURL: (url) => url };
  policy ??= window.trustedTypes?.createPolicy("comments-work", named);
  return policy ? policy.createScriptURL(url) : url;
}
