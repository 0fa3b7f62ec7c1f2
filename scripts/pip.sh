# shellcheck shell=bash
# Finds a pip that works, for the scripts that fetch pinned wheels. Sourced; sets the array PIP.
#
# Nothing is ever installed into the system's Python: wheels are downloaded or unpacked into folders of ours.

die() { printf '%s: %s\n' "${0##*/}" "$1" >&2; exit 1; }

# The folder for things that may be deleted at any time; without a home, the clone's own build folder.
cache_folder() {
    if [[ ${XDG_CACHE_HOME:-} == /* ]]; then echo "$XDG_CACHE_HOME/xnai"
    elif [[ ${HOME:-} == /* && -w $HOME ]]; then echo "$HOME/.cache/xnai"
    else echo "$ROOT/target/xnai-cache"; fi
}

find_pip() {
    command -v python3 >/dev/null || die "python3 is missing: run \`apt-get install python3 python3-pip\` as root"
    PIP=(python3 -m pip)
    "${PIP[@]}" --version >/dev/null 2>&1 && return
    local venv; venv="$(cache_folder)/pip"
    PIP=("$venv/bin/python3" -m pip)
    "${PIP[@]}" --version >/dev/null 2>&1 && return
    rm -rf "$venv"
    if ! python3 -m venv "$venv" >/dev/null 2>&1; then
        rm -rf "$venv"
        die "Python has no pip here: run \`apt-get install python3-pip\` as root, and this again"
    fi
}

# One run at a time for one folder; the lock goes with the process, whatever ends it.
lock_folder() {
    mkdir -p "$1" || die "cannot make the folder $1"
    exec 9>"$1/.lock" || die "cannot write to $1"
    flock --nonblock 9 || { echo "${0##*/}: waiting for another run to finish" >&2; flock 9; }
}
