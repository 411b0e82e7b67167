// What is copied from a page or a word processor, as text with the tags that a comment may have.

const TAGS = {
  ...{ a: "a", b: "b", blockquote: "blockquote", cite: "cite", code: "code", del: "del", em: "em" },
  ...{
    i: "i",
    kbd: "code",
    q: "q",
    s: "s",
    samp: "code",
    strike: "s",
    strong: "strong",
    tt: "code",
  },
};
const BOLD = new Set(["b", "strong"]);
const ITALIC = new Set(["i", "em"]);
const BLOCKS = named(`address article aside blockquote dd div dl dt figcaption figure footer form h1
  h2 h3 h4 h5 h6 header hr main nav ol p pre section table ul`);
const UNSEEN = named(`audio canvas head iframe math meta noscript object script style svg template
  title video`);
const FIXED_SPACE = "\uE000"; // until the others are tidied away
const ACTIVE = /([\s/"'])(style|on\w+)\s*=/gi;
const LINK = /^(?:https?:\/\/|mailto:)[^\s"<>]+$/i;

function named(tags) {
  return new Set(tags.split(/\s+/));
}

/**
 * @param {string} html as the clipboard has it
 * @param {(html: string, box: HTMLElement) => HTMLElement} parse
 * @returns {string} nothing, if it says no more than its plain text does
 */
export function asText(html, parse) {
  // In a document without a window nothing is loaded and nothing runs. Still, a page with a strict
  // policy would complain of some attributes: they get other names first.
  const inert = document.implementation.createHTMLDocument("").createElement("div");
  const renamed = html.replace(/<\w[^>]*/g, (tag) => tag.replace(ACTIVE, "$1data-$2="));
  const text = tidy(inside(parse(renamed, inert), []));
  return /<[a-z]|^• /m.test(text) ? text : "";
}

function tidy(text) {
  return text
    .replace(/[ \t]*\n[ \t]*/g, "\n")
    .replace(/[ \t]+/g, " ")
    .replace(/\n{3,}/g, "\n\n")
    .trim()
    .replaceAll(FIXED_SPACE, " ");
}

/** @param {string[]} open the tags around it */
function inside(element, open) {
  let text = "";
  for (const node of element.childNodes) {
    if (node.nodeType === Node.TEXT_NODE) text += words(node.data, element);
    else if (node.nodeType === Node.ELEMENT_NODE) text += whole(node, open);
  }
  return text;
}

/** A `<` of the text must not open a tag. */
function words(text, element) {
  const isFixed = element.closest("pre");
  const spaced = isFixed
    ? text.replaceAll("\t", "    ").replaceAll(" ", FIXED_SPACE)
    : text.replace(/[ \t\r\n]+/g, " ");
  return spaced.replace(/&(?=#?\w+;)/g, "&amp;").replace(/<(?=[a-z/])/gi, "&lt;");
}

function whole(element, open) {
  const name = element.localName;
  const look = element.dataset.style ?? "";
  if (UNSEEN.has(name) || /(?:^|;)\s*(?:display\s*:\s*none|mso-hide)/i.test(look)) return "";
  if (/mso-list\s*:\s*ignore/i.test(look)) return "• "; // how Word writes the mark of a list
  if (name === "br") return "\n";
  const tags = tagsFor(element, look).filter((tag) => !open.includes(tag));
  const text = inside(element, [...open, ...tags]);
  if (name === "li") return `\n• ${text.trim().replace(/\n{2,}/g, "\n")}`;
  if (name === "tr") return `${text.trim()}\n`;
  if (name === "td" || name === "th") return `${text.trim()} `;
  const marked = mark(text, tags, element);
  return BLOCKS.has(name) ? `\n\n${marked.trim()}\n\n` : marked;
}

/** Google Docs and Word say by style what others say by tags, and put all in a <b> that is none. */
function tagsFor(element, look) {
  const tag = TAGS[element.localName];
  const weight = /font-weight\s*:\s*(\w+)/i.exec(look)?.[1] ?? "";
  const slant = /font-style\s*:\s*(\w+)/i.exec(look)?.[1] ?? "";
  const isLight = /^(?:normal|lighter|[1-5]00)$/i.test(weight);
  const isHeading = /^h[1-6]$/.test(element.localName);
  const tags = [];
  if (BOLD.has(tag) ? !isLight : weight ? !isLight : isHeading)
    tags.push(BOLD.has(tag) ? tag : "b");
  if (ITALIC.has(tag) ? !/^normal$/i.test(slant) : /^(?:italic|oblique)$/i.test(slant))
    tags.push(ITALIC.has(tag) ? tag : "i");
  if (/text-decoration[\w-]*\s*:[^;]*line-through/i.test(look) && tag !== "del") tags.push("s");
  const isOther = tag && !BOLD.has(tag) && !ITALIC.has(tag) && !tags.includes(tag);
  if (isOther && (tag !== "a" || LINK.test(element.getAttribute("href")?.trim())))
    tags.unshift(tag);
  return tags;
}

/** Tags stand close to their words, and around something. */
function mark(text, tags, element) {
  const [, before, core, after] = /^(\s*)(.*?)(\s*)$/s.exec(text);
  if (!core || !tags.length) return text;
  // An inline tag would not reach across the blank lines of what is in it.
  const whole = core.includes("\n\n") ? tags.filter((tag) => tag === "blockquote") : tags;
  const href = element.getAttribute("href")?.trim();
  const opened = whole.map((tag) => (tag === "a" ? `<a href="${href}">` : `<${tag}>`));
  const closed = whole.map((tag) => `</${tag}>`).reverse();
  return `${before}${opened.join("")}${core}${closed.join("")}${after}`;
}
