# shellcheck shell=bash
# Shared by the scripts beside it: where things are, how long things take, and what to say about it.
# Everything a script says goes to stderr: stdout belongs to the program that is started in the end.

root=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/.." && pwd -P)
home=${HOME:-$(getent passwd "$(id -u)" | cut -d: -f6)}
cache=${XDG_CACHE_HOME:-$home/.cache}/xnai
data=${XDG_DATA_HOME:-$home/.local/share}/xnai
# shellcheck disable=SC2034  # used by those who source this
setup_stamp=$root/lib/.setup       # this clone was set up
demo_stamp=$data/demo-indexed      # this user's store holds the demo documents of the clone named in it

# Rust is often installed for one user and not yet on the path of a new shell.
command -v cargo >/dev/null || PATH=$PATH:${CARGO_HOME:-$home/.cargo}/bin

# Some programs end an interruption politely, which bash alone would take for an ordinary failure.
trap 'exit 130' INT TERM HUP

say() { printf '%s\n' "$*" >&2; }

# fail CODE MESSAGE…: exit codes as the program's own (README, "Exit codes").
fail() {
  local code=$1
  shift
  say "$@"
  exit "$code"
}

# Where builds go. Remembered under a name of its own, because cargo_env exports the folder below it as CARGO_TARGET_DIR,
# and a script started by another would otherwise nest its build in that.
export _xnai_builds=${_xnai_builds:-${CARGO_TARGET_DIR:-$cache/target}}

# One folder a kind of processor: a cache that moves to another machine never meets an illegal instruction.
target_dir() {
  local base=$_xnai_builds
  if [[ ${XNAI_PORTABLE:-0} != 0 ]]; then
    printf '%s/portable' "$base"
  else
    printf '%s/native-%s' "$base" "$({ grep -m1 ^flags /proc/cpuinfo || grep -m1 ^Features /proc/cpuinfo || uname -m; } | sha256sum | cut -c1-12)"
  fi
}

# Everything that the binary is made of. A stamp older than any of these means: build again.
sources() {
  local path
  for path in src crates Cargo.toml Cargo.lock build.rs .cargo cmake rust-toolchain.toml config.toml models/registry.toml; do
    [[ ! -e $root/$path ]] || printf '%s\0' "$root/$path"
  done
}

# built DIR: is the binary in DIR this clone's, and not older than its sources?
built() {
  local stamp=$1/release/.xnai-built owner='' newer
  local -a list
  [[ -x $1/release/xnai && -r $stamp ]] || return 1
  read -r owner <"$stamp" || true
  [[ $owner == "$root" ]] || return 1
  mapfile -d '' list < <(sources)
  newer=$(find "${list[@]}" -newer "$stamp" -print -quit)
  [[ -z $newer ]]
}

# demo_indexed: does this user's store hold this clone's demo documents as they are now?
demo_indexed() {
  local owner=''
  [[ -r $demo_stamp ]] || return 1
  read -r owner <"$demo_stamp" || true
  [[ $owner == "$root" && -z $(find "$root/assets/docs" -newer "$demo_stamp" -print -quit) ]]
}

# write_stamp FILE [REFERENCE]: remembers the clone, dated like REFERENCE; complete or not there at all.
write_stamp() {
  mkdir -p "$(dirname "$1")"
  printf '%s\n' "$root" >"$1.part"
  [[ -z ${2:-} ]] || touch -r "$2" "$1.part"
  mv -f "$1.part" "$1"
}

# Compilers that may run at once: one for each 4 GB that are free (rustc takes as much for the largest crate).
jobs_for_memory() {
  local free limit used jobs cores
  free=$(awk '/^MemAvailable:/ { print int($2 / 1024) }' /proc/meminfo)
  if [[ -r /sys/fs/cgroup/memory.max ]] && read -r limit </sys/fs/cgroup/memory.max && [[ $limit != max ]]; then
    read -r used </sys/fs/cgroup/memory.current
    limit=$(((limit - used) / 1048576))
    ((limit >= free)) || free=$limit
  fi
  cores=$(nproc)
  jobs=$((free / 4096))
  ((jobs <= cores)) || jobs=$cores
  ((jobs >= 1)) || jobs=1
  printf '%s' "$jobs"
}

# The environment of every cargo call, so that a build and the tests after it share their work.
cargo_env() {
  CARGO_TARGET_DIR=$(target_dir)
  CARGO_BUILD_JOBS=$(jobs_for_memory)
  export CARGO_TARGET_DIR CARGO_BUILD_JOBS PATH
  if [[ ${XNAI_PORTABLE:-0} != 0 ]]; then unset XNAI_NATIVE; else export XNAI_NATIVE=1; fi
}

# ticker LABEL LOG: says that LABEL goes on, and that it still does every half minute (every second at a terminal). With
# $of it also says of about how many crates.
ticker() {
  local label=$1 log=$2 start=$SECONDS crates of_about=
  ((${of:-0} == 0)) || of_about=" of about $of"
  # What takes less than a second is not worth a line.
  if sleep 1 && [[ ! -t 2 ]]; then say "  $label …"; fi
  while sleep 1 && kill -0 $$ 2>/dev/null; do
    crates=$(grep -c '^ *Compiling ' "$log" 2>/dev/null || true)
    if ((${crates:-0} > 0)); then crates=", $crates crates$of_about"; else crates=; fi
    if [[ -t 2 ]]; then
      printf '\r  %s … %d s%s\033[K' "$label" $((SECONDS - start)) "$crates" >&2
    elif (((SECONDS - start) % 30 == 0)); then
      say "  $label … $((SECONDS - start)) s$crates"
    fi
  done
}

# watched LABEL COMMAND…: runs it quietly with signs of life; what it printed is shown only when it fails.
watched() {
  local label=$1 log status=0 tick
  shift
  log=$(mktemp "${TMPDIR:-/tmp}/xnai-log.XXXXXX")
  ticker "$label" "$log" >/dev/null 9>&- &
  tick=$!
  # shellcheck disable=SC2064  # now, not then: both are local
  trap "kill $tick 2>/dev/null || true; rm -f '$log'" EXIT
  "$@" >"$log" 2>&1 </dev/null || status=$?
  kill "$tick" 2>/dev/null || true
  wait "$tick" 2>/dev/null || true
  [[ ! -t 2 ]] || printf '\r\033[K' >&2
  if ((status != 0)); then
    say "$label failed; the end of what it said:"
    tail -n 40 "$log" | sed 's/^/  | /' >&2
  fi
  rm -f "$log"
  trap - EXIT
  return "$status"
}

# minutes SECONDS, for people.
minutes() { if (($1 < 90)); then printf '%d s' "$1"; else printf '%d min %d s' $(($1 / 60)) $(($1 % 60)); fi; }
