# Messages, the cache folder, the lock and the checks that every route needs. Sourced by ./hotmesa.
# shellcheck shell=bash

say() { printf 'hotmesa set-up: %s\n' "$*" >&2; }

die() {
  printf 'hotmesa set-up: error: %s\n' "$1" >&2
  shift
  (($# == 0)) || printf '  %s\n' "$@" >&2
  exit 1
}

other_ways=(
  "Other ways to DOLFINx:"
  "  conda:   conda env create -f environment.yml && conda activate hotmesa    then the same command again"
  "  Docker:  docker build -t hotmesa . && docker run --rm -v \"\$PWD/out:/out\" hotmesa run kurter2010-n19 --out /out/n19"
)

# Batch systems and services may give no home folder, which programs look for: the one of the user's entry then.
if [[ -z ${HOME-} ]]; then
  unset HOME
  HOME=~
  export HOME
fi

# Where environments and trees are kept: outside the clone, shared by all clones of this user.
cache=${HOTMESA_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/hotmesa}

make_cache() {
  [[ $cache == /* ]] || die "the cache folder must be an absolute path, not '$cache' (HOTMESA_CACHE, XDG_CACHE_HOME)"
  [[ $cache != *[[:space:]]* ]] || die "the cache folder '$cache' has a space in its name, which the tools for the" \
    "environment do not bear: set HOTMESA_CACHE to a folder without one (the clone itself may lie anywhere)"
  mkdir -p -- "$cache/clones" 2>/dev/null && [ -w "$cache/clones" ] ||
    die "cannot write to the cache folder $cache" "Set HOTMESA_CACHE to a folder that you may write to."
  log=$cache/setup.log
}

# One set-up at a time; the lock falls when the process and its children have ended, however they ended.
take_lock() {
  command -v flock >/dev/null || return 0
  exec 9>"$cache/lock"
  local status=0
  flock --nonblock --conflict-exit-code 75 9 2>/dev/null || status=$?
  case $status in
    0) ;;
    75)
      say "another set-up is at work in $cache: waiting for it"
      flock 9
      ;;
    *) say "note: the file system of $cache has no locks (NFS without lockd?): do not set up twice at the same time" ;;
  esac
}

drop_lock() { exec 9>&-; }

# MPI ends a program where it cannot write its temporary files.
check_temporary() { # [FOLDERS THAT ARE SHOWN…]
  local name folder
  for name in TMPDIR TEMP TMP; do
    [[ -n ${!name-} ]] || continue
    folder=$(realpath -m -- "${!name}")
    if [[ -d $folder && -w $folder ]]; then
      (($# == 0)) || below "$folder" "$@" || unset "$name"
    else
      unset "$name"
    fi
    [[ -n ${!name-} ]] || say "$name=$folder cannot be written to from inside the environment: temporary files go to /tmp"
  done
}

below() { # FOLDER FOLDERS…: whether it is one of them, or lies in one
  local item
  for item in "${@:2}"; do case $1/ in "$item"/*) return 0 ;; esac; done
  return 1
}

need_space() { # GB WHAT
  local free
  free=$(df -Pk -- "$cache" | awk 'NR == 2 { print int($4 / 1000000) }')
  ((free >= $1)) || die "$2 needs $1 GB in $cache, and $free GB are free" \
    "Make room there, or set HOTMESA_CACHE to a folder on another disk."
}

# A short name for a text (not a secret: only to keep folders apart).
digest() { printf '%s' "$1" | cksum | { read -r sum _ && printf '%08x' "$sum"; }; }

# The parts of a set-up, told as they begin; how many there are depends on the route.
phases=1
phase_number=0
phase() {
  phase_number=$((phase_number + 1))
  say "step $phase_number of $phases: $*"
}

# While something takes long, tell its last words now and then.
still_at_work() {
  local waited=0 words
  while sleep 15; do
    waited=$((waited + 15))
    words=$(tail -n 1 -- "$log" | tr -cd '[:print:]' | cut -c -70) || true
    say "… $waited s${words:+: $words}"
  done
}

# Run a command with its output in the log: in the background, so that a signal is handled at once, and as a
# process group of its own, so that clean_up can end it with all its children.
logged() {
  local status=0
  printf '\n$ %s\n' "$*" >>"$log"
  set -m
  "$@" >>"$log" 2>&1 </dev/null &
  job=$!
  still_at_work </dev/null 9>&- &
  beat=$!
  set +m
  wait "$job" || status=$?
  job=
  quiet_again
  return "$status"
}

log_tail() {
  printf '  ---- last lines of %s ----\n' "$log" >&2
  tail -n "${1:-12}" -- "$log" | sed 's/^/  | /' >&2
}

# Nothing half-made is left behind: what is under construction is named in `unfinished`.
job=
beat=
unfinished=
quiet_again() {
  [[ -z $beat ]] || kill -KILL -- "-$beat" 2>/dev/null || true
  [[ -z $beat ]] || wait "$beat" 2>/dev/null || true
  beat=
}
clean_up() {
  trap '' INT TERM HUP
  quiet_again
  if [[ -n $job ]]; then
    local tries
    kill -TERM -- "-$job" 2>/dev/null || true
    for tries in {1..100}; do kill -0 -- "-$job" 2>/dev/null || break; sleep 0.1; done
    kill -KILL -- "-$job" 2>/dev/null || true
  fi
  if [[ -n $unfinished && -e $unfinished ]]; then
    say "removing the unfinished $unfinished"
    rm -rf --one-file-system -- "$unfinished" 2>/dev/null || rm -rf -- "$unfinished" || true
  fi
}

begin_changes() {
  trap clean_up EXIT
  trap 'exit 130' INT
  trap 'exit 143' TERM HUP
}

end_changes() {
  trap - EXIT INT TERM HUP
}

is_root() { ((EUID == 0)); }

# Distribution and version of this machine, from /etc/os-release (in a subshell: the file sets many names).
distribution() { ( . /etc/os-release 2>/dev/null && printf '%s %s' "${ID-unknown}" "${VERSION_ID-}" ) || printf 'unknown '; }
