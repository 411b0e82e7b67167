"""Where a comment leads, and how openly it says so."""

import re
from functools import lru_cache

from widget.spam.checks.reading import MAX_LINKS, Link, domain_of, host_of, hosts_of, read, words_of
from widget.spam.checks.signal import Candidate, History, Signal

# So few words beside a link are none.
_FEW_WORDS = 4
# In words.
_LONGEST_ADDRESS = 30
# They only lead on, so where to is not seen.
_SHORTENERS = words_of(
    "adf.ly b.link bit.do bit.ly bl.ink buff.ly cutt.ly dub.co goo.gl goo.su is.gd j.mp lnkd.in "
    "ow.ly qr.ae rb.gy rebrand.ly s.id short.gy short.io shorturl.at shrtco.de snip.ly soo.gd t.ly "
    "tiny.cc tiny.one tinyurl.com trib.al u.to urlz.fr v.gd x.co clck.ru vk.cc shorte.st ouo.io "
    "linktr.ee taplink.cc shorturl.asia n9.cl acortar.link kutt.it t2m.io chilp.it bc.vc"
)
# Endings that cost next to nothing, so that most of what is registered there is thrown away soon.
_CHEAP_ENDINGS = words_of(
    "bar beauty best bid buzz bond casino cam cfd cf click club country cricket cyou date download "
    "faith ga gdn gq hair icu loan makeup men ml monster mom party poker porn pics quest racing "
    "rest review sbs sex shop skin stream store tk top trade vip wang webcam win work xxx xyz "
    "bet"
)
# Letters of other scripts that cannot be told from these when they are read.
_TWINS = str.maketrans(
    "\u0430\u0441\u0501\u0435\u04bb\u0456\u0458\u04cf\u043e\u0440"
    "\u051b\u0455\u051d\u0445\u0443\u03bf\u03bd\u0131\u0261",
    "acdehijlopqswxyovig",
)
_SIMILAR = str.maketrans({"0": "o", "1": "l", "-": None})
_LOOKS_LIKE_ADDRESS = re.compile(
    r"\s*(?:https?://)?((?:[\w-]{1,63}\.){1,5}[a-z]{2,24})(?:[/?#:]\S*)?\s*", re.IGNORECASE
)
# What is longer is no name of a place.
_MAX_NAME = 300
_FOREIGN = re.compile(r"\[(url|link|img)\s?[=\]]|</?a\s+href\s?=|&lt;a\s+href", re.IGNORECASE)
# One of these is in all that the next finds, and in few other texts.
_HIDING = ("hxxp", "dot", "d0t", "www", " .", ". com", ". net", ". org", "[.", "(.", "{.")
_HIDDEN = re.compile(
    r"\bhxxps?\b|\w\s?[\[({]\s?(?:dot|\.)\s?[\])}]\s?\w|\w (?:dot|d0t) (?:com|net|org|info|ru)\b"
    r"|\bwww ?[.,] [a-z0-9]|\bwww,[a-z0-9]|[a-z0-9]\. (?:com|net|org)(?:/|\b(?! [A-Za-z]))",
    re.IGNORECASE,
)  # fmt: skip


def links(candidate: Candidate, _history: History) -> Signal | None:
    """As many links as the site's rule names, or more (0 turns the rule off)."""
    count = len(read(candidate).links)
    if not candidate.hold_links or count < candidate.hold_links:
        return None
    reason = "1 link" if count == 1 else f"{count} links"
    # The site's rule holds; that it is advertising, many links say louder than a few.
    score = min(0.9, 0.45 + 0.05 * count)
    return Signal(rule="links", reason=reason, span=str(count), score=round(score, 2))


def bare_link(candidate: Candidate, _history: History) -> Signal | None:
    """Hardly a word beside links that lead away from the site."""
    reading = read(candidate)
    if len(reading.tokens) > _FEW_WORDS + _LONGEST_ADDRESS * len(reading.links):
        return None
    away = [link for link in reading.links if not _is_ours(link.host, candidate.origins)]
    if not away or len(reading.own_words) > _FEW_WORDS:
        return None
    return Signal(
        rule="bare-link", reason="Hardly a word beside a link", span=away[0].text[:200], holds=False
    )


def new_link(candidate: Candidate, history: History) -> Signal | None:
    """A link by somebody of whom nothing is approved yet; alone it is nothing."""
    if history.key.approved:
        return None
    reading = read(candidate)
    named = [*(link.url for link in reading.links), *reading.addresses]
    for url in named[:MAX_LINKS]:
        host = host_of(url)
        if host and not _is_ours(host, candidate.origins):
            reason = f"The first comment from this browser leads to {host}"
            return Signal(rule="new-link", reason=reason, span=host, score=0.3, holds=False)
    return None


def disguised_link(candidate: Candidate, _history: History) -> Signal | None:
    """A link that looks as if it led elsewhere than it does."""
    for link in read(candidate).links[:MAX_LINKS]:
        if says := _says(link):
            return Signal(
                rule="disguised-link",
                reason=f"A link reads “{says}” but leads to {link.host}",
                span=link.text.strip()[:200],
                score=0.8,
            )
    return None


def look_alike_host(candidate: Candidate, _history: History) -> Signal | None:
    """A host that can be taken for another one: for the site itself, or by letters of two kinds."""
    for host in hosts_of(candidate)[:MAX_LINKS]:
        if reason := _mistaken(host, candidate.origins):
            return Signal(rule="look-alike-host", reason=reason, span=host, score=0.9)
    return None


def odd_host(candidate: Candidate, _history: History) -> Signal | None:
    """A host without a name, or under an ending that is cheap to throw away."""
    for host in hosts_of(candidate)[:MAX_LINKS]:
        ending = host.rpartition(".")[2]
        if ending.isdigit() or ":" in host:
            reason, score = f"A link leads to a number, not a name: {host}", 0.5
        elif ending in _CHEAP_ENDINGS:
            reason, score = f"A link leads to .{ending}, where names cost next to nothing", 0.3
        else:
            continue
        return Signal(rule="odd-host", reason=reason, span=host, score=score, holds=False)
    return None


def shortener(candidate: Candidate, _history: History) -> Signal | None:
    """A link that only leads on."""
    for host in hosts_of(candidate):
        if host in _SHORTENERS:
            reason = f"{host} does not show where it leads to"
            return Signal(rule="shortener", reason=reason, span=host, holds=False)
    return None


def foreign_markup(candidate: Candidate, _history: History) -> Signal | None:
    """Links in the markup of other systems, as programs post them everywhere."""
    found = _FOREIGN.search(read(candidate).some)
    if not found:
        return None
    reason = "Holds a link in markup that means nothing here"
    return Signal(rule="foreign-markup", reason=reason, span=found[0], score=0.8)


def hidden_link(candidate: Candidate, _history: History) -> Signal | None:
    """An address written so that it is not taken for one."""
    text = read(candidate).some
    lower = text.lower()
    if not any(sign in lower for sign in _HIDING) or not (found := _HIDDEN.search(text)):
        return None
    reason = "Holds an address that is written as if it were none"
    return Signal(rule="hidden-link", reason=reason, span=found[0], score=0.5, holds=False)


def _says(link: Link) -> str:
    """The host that a link's text names, if it leads to another one."""
    if len(link.text) > _MAX_NAME or not (named := _LOOKS_LIKE_ADDRESS.fullmatch(link.text)):
        return ""
    says = host_of(f"//{named[1]}")
    return "" if domain_of(says) == domain_of(link.host) else says


def _is_ours(host: str, origins: tuple[str, ...]) -> bool:
    return any(host == host_of(origin) for origin in origins)


@lru_cache(maxsize=1024)
def _mistaken(host: str, origins: tuple[str, ...]) -> str:
    """What a host can be taken for, in words."""
    read_as = ".".join(map(_decoded, host.split(".")))
    twin = read_as.translate(_TWINS)
    for label in read_as.split("."):
        if len(_scripts(label)) > 1:
            return f"{read_as} mixes letters of different scripts"
    ending = host.rpartition(".")[2]
    if twin != read_as and twin.isascii() and not ending.startswith("xn--"):
        return f"{read_as} can be taken for {twin}"
    for ours in map(host_of, origins):
        own, its = domain_of(ours), domain_of(twin)
        if own and own != its and _skeleton(own) == _skeleton(its):
            return f"{read_as} can be taken for {own}"
    return ""


def _decoded(label: str) -> str:
    if not label.startswith("xn--"):
        return label
    try:
        return label[4:].encode().decode("punycode")
    except UnicodeError:
        return label


def _skeleton(domain: str) -> str:
    return domain.translate(_SIMILAR).replace("rn", "m").replace("vv", "w")


def _scripts(label: str) -> set[str]:
    """Latin, Greek and Cyrillic look alike; others nobody mixes up."""
    scripts = set()
    for char in label:
        if char.isalpha():
            scripts.add(
                "cyrillic" if "\u0400" <= char <= "\u052f"
                else "greek" if "\u0370" <= char <= "\u03ff"
                else "latin" if char <= "\u024f"
                else "other"
            )  # fmt: skip
    return scripts - {"other"}
