#!/bin/sh
# Gets the browser that the tests drive, if the machine has none. Whatever fails here fails softly:
# the tests that need a browser say so themselves.
set -u

playwright=.venv/bin/playwright

installed() {
    if [ -n "${CHROMIUM:-}" ]; then return 0; fi
    for name in chromium-headless-shell chromium chromium-browser google-chrome; do
        # Asked to run, for Ubuntu's chromium-browser may be there only to say that it is not.
        if "$name" --version >/dev/null 2>&1; then return 0; fi
    done
    return 1
}

as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"; else sudo -n "$@"; fi
}

by_apt() {
    command -v apt-get >/dev/null && as_root true 2>/dev/null || return 1
    echo "No Chromium on the PATH: installing it with apt-get"
    as_root apt-get update -qq >/dev/null
    # The first has no windows, which nobody would see: the tests take it half the time.
    for package in chromium-headless-shell chromium; do
        as_root env DEBIAN_FRONTEND=noninteractive \
            apt-get install -y -qq --no-install-recommends "$package" >/dev/null 2>&1
        if installed; then return 0; fi
    done
    return 1
}

by_playwright() {
    [ -x "$playwright" ] || return 1
    echo "No Chromium on the PATH: asking Playwright for its own"
    "$playwright" install chromium >/dev/null 2>&1
}

installed || by_apt || by_playwright ||
    echo "No Chromium could be had: install one, or name it in CHROMIUM, for the browser tests" >&2
exit 0
