// Solves what the service asks of browsers (ALTCHA's protocol, version 2): which number, put behind
// a nonce, makes a derived key that begins as it should? A module, and a worker's script.

const ABREAST = 4; // the browser derives keys beside its scripts, as many as it has cores for

const toBytes = (hex) => Uint8Array.from(hex.match(/../g) ?? [], (two) => Number.parseInt(two, 16));
const toHex = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");

/**
 * @param {{ algorithm: string, nonce: string, salt: string, cost: number, keyLength: number,
 *   keyPrefix: string }} asked
 * @param {{ isOver?: boolean }} [until] somebody may not want to know any more
 * @returns {Promise<{ counter: number, derivedKey: string } | null>}
 */
export async function solve(asked, until = {}) {
  const [kind, hash] = asked.algorithm.split("/");
  if (kind !== "PBKDF2") throw new TypeError(`work of another kind: ${asked.algorithm}`);
  const [nonce, salt] = [toBytes(asked.nonce), toBytes(asked.salt)];

  async function tryOut(counter) {
    const password = new Uint8Array(nonce.length + 4);
    password.set(nonce);
    new DataView(password.buffer).setUint32(nonce.length, counter);
    const key = await crypto.subtle.importKey("raw", password, kind, false, ["deriveBits"]);
    const way = { name: kind, hash, salt, iterations: asked.cost };
    const derived = await crypto.subtle.deriveBits(way, key, asked.keyLength * 8);
    return { counter, derivedKey: toHex(new Uint8Array(derived)) };
  }

  for (let first = 0; !until.isOver; first += ABREAST) {
    const some = Array.from({ length: ABREAST }, (_, at) => tryOut(first + at));
    const right = ({ derivedKey }) => derivedKey.startsWith(asked.keyPrefix);
    const found = (await Promise.all(some)).find(right);
    if (found) return found;
  }
  return null;
}

if (globalThis.WorkerGlobalScope)
  addEventListener("message", async ({ data }) => {
    try {
      postMessage(await solve(data));
    } catch (error) {
      reportError(error);
    }
  });
