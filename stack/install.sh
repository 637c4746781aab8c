#!/usr/bin/env bash
# Installs what is missing, and only that. Safe to run twice.
#
#   stack/install.sh packages GROUP…   Debian packages of the groups python, services, browser, workbooks
#   stack/install.sh venv FOLDER       the virtual environment, as requirements.lock says
#
# Works as root or with sudo. Every step prints one line; a failing step says what to do.
set -euo pipefail
cd "$(dirname "$0")/.."

say() { printf '── %s\n' "$*"; }
fail() { printf '\n✗ %s\n' "$*" >&2; exit 1; }

has() { command -v "$1" >/dev/null 2>&1; }
has_nginx() { has nginx || [ -x /usr/sbin/nginx ]; }
has_postgres() { compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null; }
has_libmagic() { compgen -G '/usr/lib/*/libmagic.so.1' >/dev/null; }
has_headers() { [ -e /usr/include/postgresql/libpq-fe.h ]; }
has_browser() { has chromium || has chromium-browser || has google-chrome; }
has_cjk_fonts() { compgen -G '/usr/share/fonts/opentype/noto/NotoSansCJK*' >/dev/null; }
has_java() { has javac; }

# CKAN 2.12 names Python 3.10 to 3.12. The first of these that can make a virtual environment is taken.
find_python() {
    local candidate
    for candidate in ${PYTHON:-} python3 /usr/bin/python3 python3.12 python3.11 python3.10; do
        if "$candidate" -c 'import sys, venv, ensurepip; sys.exit(not (3, 10) <= sys.version_info < (3, 13))' 2>/dev/null; then
            echo "$candidate"
            return
        fi
    done
    for candidate in python3 /usr/bin/python3; do
        if "$candidate" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 13))' 2>/dev/null; then
            echo "$candidate"
            return
        fi
    done
}

missing_packages() {
    local group
    for group in "$@"; do
        case "$group" in
            python)
                [ -n "$(find_python)" ] || echo python3 python3-venv
                has_libmagic || echo libmagic1
                # Our own native/*.c are compiled; psycopg2 comes as source: it is compiled once, when the environment is made.
                has gcc || echo gcc libc6-dev
                [ -n "$(find_python)" ] && "$(find_python)" -c 'import sys, sysconfig, os
sys.exit(not os.path.exists(os.path.join(sysconfig.get_path("include"), "Python.h")))' || echo python3-dev
                [ -e "${VENV:-.run/venv}/.lock" ] || has_headers || echo libpq-dev
                ;;
            services)
                has_postgres || echo postgresql
                has redis-server || echo redis-server
                has_nginx || echo nginx-light
                has_java || echo default-jdk-headless
                has mvn || echo maven
                ;;
            browser)
                has_browser || echo chromium
                has_cjk_fonts || echo fonts-noto-cjk
                ;;
            workbooks) # LibreOffice recalculates our templates in a test.
                has soffice || has libreoffice || echo libreoffice-calc
                ;;
            *) fail "stack/install.sh: unknown group $group" ;;
        esac
    done
}

install_packages() {
    local missing log
    missing=$(missing_packages "$@" | tr '\n' ' ')
    [ -n "${missing// /}" ] || return 0
    has apt-get || fail "These programs are missing and there is no apt-get to install them: $missing"
    local run=()
    if [ "$(id -u)" -ne 0 ]; then
        has sudo || fail "Missing packages. As root:  apt-get install $missing"
        run=(sudo)
    fi
    say "Debian packages: $missing"
    mkdir -p "${RUN_DIR:-.run}"
    log="${RUN_DIR:-.run}/apt.log"
    if ! {
        "${run[@]}" apt-get -o DPkg::Lock::Timeout=900 update &&
            "${run[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=900 \
                install -y --no-install-recommends $missing
    } >"$log" 2>&1 </dev/null; then
        tail -n 15 "$log" >&2
        fail "apt-get failed (the whole log: $log). Put it right, or install by hand:  apt-get install $missing"
    fi
}

# Is the environment there as it is wanted, and our compiled part with it?
made() {
    [ -x "$1/bin/python" ] && [ "$(cat "$1/.lock" 2>/dev/null)" = "$2" ] && compgen -G 'recommended_datasets/_cells.*.so' >/dev/null
}

make_venv() {
    local venv="$1" python wanted log
    wanted="$(cat requirements.lock pyproject.toml setup.py recommended_datasets/native/*.[ch] | sha256sum | cut -d' ' -f1)"
    ! made "$venv" "$wanted $(pwd)" || return 0
    # Two commands at once: the second waits, then finds it done.
    mkdir -p "$(dirname "$venv")"
    exec 9>"$(dirname "$venv")/install.lock"
    flock 9
    ! made "$venv" "$wanted $(pwd)" || return 0
    python="$(find_python)"
    [ -n "$python" ] || fail "No Python 3.10, 3.11 or 3.12 that can make a virtual environment. Debian:  apt-get install python3 python3-venv"
    "$python" -c 'import sys; sys.exit(sys.version_info >= (3, 13))' ||
        say "Python 3.13 or later: CKAN 2.12 names 3.10 to 3.12. It goes on, untested."
    log="$(dirname "$venv")/install.log"
    : >"$log"
    if ! "$venv/bin/python" -c '' 2>/dev/null; then
        say "Python environment: $venv ($("$python" --version))"
        "$python" -m venv --clear "$venv" >>"$log" 2>&1 || fail "$python -m venv failed; see $log"
    fi
    say "Python packages, as requirements.lock says"
    local uv_version
    uv_version="$(sed -n 's/^uv==//p' requirements.lock)"
    # uv is quick; where it cannot be had, pip does the same.
    "$venv/bin/uv" --version >/dev/null 2>&1 || "$venv/bin/python" -m pip install -q "uv==$uv_version" >>"$log" 2>&1 || true
    local install=("$venv/bin/python" -m pip install)
    if "$venv/bin/uv" --version >/dev/null 2>&1; then
        install=("$venv/bin/uv" pip install --python "$venv/bin/python")
    fi
    "${install[@]}" -r requirements.lock >>"$log" 2>&1 </dev/null || {
        tail -n 15 "$log" >&2
        fail "The Python packages could not be installed (the whole log: $log). Is a package index within reach?"
    }
    # `compat`: the project's folder itself is on the path, so that a new package in it is found at once.
    "${install[@]}" --no-deps --no-build-isolation --config-settings editable_mode=compat -e . >>"$log" 2>&1 </dev/null || {
        tail -n 15 "$log" >&2
        fail "The project itself could not be installed (the whole log: $log)."
    }
    # A stale egg-info in the project's folder hides new entry points.
    rm -rf ./*.egg-info build
    "$venv/bin/python" -c 'import recommended_datasets._cells' 2>>"$log" ||
        fail "recommended_datasets/native/ could not be compiled (the whole log: $log). Is there a C compiler and Python.h?"
    echo "$wanted $(pwd)" >"$venv/.lock"
}

case "${1:-}" in
    packages) shift; install_packages "$@" ;;
    venv) make_venv "${2:?folder}" ;;
    python) find_python ;;
    *) fail "usage: stack/install.sh packages GROUP… | venv FOLDER" ;;
esac
