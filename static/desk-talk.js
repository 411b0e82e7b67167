// How the desk's script talks with the server: one thing after the other, and every fault said.
const PATIENCE = 15000;
const words = document.querySelector("#desk-words")?.dataset ?? {};
const kept = new Set();
let last = Promise.resolve();
let waiting = 0;

// What the page says for this occasion; the script has no words of its own.
export function word(name) {
  return words[name] ?? "";
}

export function token() {
  return document.querySelector('input[name="csrf_token"]')?.value ?? "";
}

// The forms of a page that was open while somebody signed in anew belong to that session from now on.
function renew(value) {
  for (const field of document.querySelectorAll('input[name="csrf_token"]')) {
    field.value = value;
  }
}

const warn = (event) => event.preventDefault();

// While something would be lost with this page, the browser asks before it leaves it.
export function keep(what, isKept) {
  if (isKept) {
    kept.add(what);
  } else {
    kept.delete(what);
  }
  if (kept.size > 0) {
    window.addEventListener("beforeunload", warn);
  } else {
    window.removeEventListener("beforeunload", warn);
  }
}

// An answer: its status (0 where none came) and what it says.
async function talk(url, options) {
  try {
    const answer = await fetch(url, {
      ...options,
      headers: { Accept: "application/json" },
      signal: AbortSignal.timeout(PATIENCE),
    });
    const isJson = answer.headers.get("Content-Type")?.startsWith("application/json");
    return { status: answer.status, ok: answer.ok, said: isJson ? await answer.json() : null };
  } catch (fault) {
    if (fault instanceof TypeError || fault instanceof DOMException) {
      return { status: 0, ok: false, said: null };
    }
    throw fault;
  }
}

export function ask(url) {
  return talk(url, {});
}

export async function send(url, fields) {
  const body = fields instanceof FormData ? fields : new FormData();
  if (!(fields instanceof FormData)) {
    for (const [name, value] of Object.entries(fields)) {
      body.append(name, value);
    }
  }
  body.set("csrf_token", token());
  const answer = await talk(url, { method: "POST", body });
  if (!answer.said?.csrf_token) {
    return answer;
  }
  renew(answer.said.csrf_token);
  body.set("csrf_token", token());
  return talk(url, { method: "POST", body });
}

// What changes something is sent one by one, so that "the latest" is what it seems to be.
export function inTurn(work) {
  waiting += 1;
  keep("unsent", true);
  const done = last.then(work).finally(() => {
    waiting -= 1;
    keep("unsent", waiting > 0);
  });
  last = done.catch(() => undefined);
  return done;
}

// Why it was not done, where the server did not say it in words.
export function fault(answer) {
  if (answer.said?.told) {
    return answer.said.told;
  }
  if (answer.status === 401) {
    return word("signedOut");
  }
  return answer.status ? word("refused") : word("unsent");
}
