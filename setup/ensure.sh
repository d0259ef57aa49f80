# Decides which route leads to DOLFINx on this machine and makes the environment ready. Sourced by ./hotmesa.
# shellcheck shell=bash
#
# A record in the cache folder, one a clone and surrounding Python, says how it was done:
#   clone, route (system or tree), base Python, its tree or -, own_paths, environment
# With it, a ready environment is recognised by a few file tests.

record_name() {
  printf '%s/clones/%s' "$cache" "$(digest "$root|${HOTMESA_DOLFINX-}|$(type -P python3 || true)|${CONDA_PREFIX-}|${VIRTUAL_ENV-}")"
}

read_record() {
  local clone
  [[ -f $record ]] && { read -r clone; read -r route; read -r base; read -r tree; read -r own_paths; read -r environment; } <"$record" &&
    [[ $clone == "$root" ]]
}

write_record() {
  printf '%s\n' "$root" "$route" "$base" "${tree:--}" "$own_paths" "$environment" >"$record.new"
  mv -- "$record.new" "$record"
}

is_ready() {
  read_record || return 1
  if [[ $route == tree ]]; then [[ -d $tree/usr ]]; else [[ -x $base ]]; fi &&
    [[ ! -L $environment/packages || -d $environment/packages ]] && is_of_this_project "$environment/pyproject.toml"
}

# Whether an environment was made for the packages and requirements that the project has now; rules for tests and types
# may have changed.
is_of_this_project() { # STAMP
  [[ -f $1 && $(made_from "$1") == "$(made_from "$root/pyproject.toml")" ]]
}

made_from() { awk '/^\[/ { part = /^\[+(build-system|project|tool\.setuptools)/ } part' "$1"; }

ensure_environment() { # [again]
  record=$(record_name)
  if [[ ${1-} != again ]] && is_ready; then return 0; fi
  make_cache
  take_lock
  if [[ ${1-} != again ]] && is_ready; then # made by another set-up in the meantime
    drop_lock
    return 0
  fi
  : >"$log"
  phases=2 # more where a Debian tree or the shared packages are to be made
  choose_route
  if ! is_of_this_project "$environment/pyproject.toml" ||
    [[ $(<"$environment/extras") != "$every_extra" && ${1-} == again ]]; then
    make_environment
  fi
  write_record
  link_command
  drop_lock
}

# `hotmesa` in every folder: a link to this launcher among the user's own programs, where no other program has that name.
link_command() {
  local link=$HOME/.local/bin/hotmesa hint=
  [[ -e $link || ! -w $HOME ]] && return 0
  mkdir -p -- "${link%/*}" && ln -sfn -- "$root/hotmesa" "$link" || return 0
  [[ :$PATH: == *":${link%/*}:"* ]] || hint="; add that folder to PATH"
  say "hotmesa is this clone's ./hotmesa from now on, in any folder: a link in ${link%/*}$hint"
}

# Sets route, base, tree, own_paths and environment; installs or builds what the route needs.
choose_route() {
  own_paths=no tree=-
  if [[ -z ${HOTMESA_DOLFINX-} ]] && find_python; then
    route=system
    say "DOLFINx found by $base"
  elif [[ -z ${HOTMESA_DOLFINX-} ]] && is_root && modern_distribution; then
    phases=3
    phase "DOLFINx from the packages of this distribution"
    install_by_apt "${packages[@]}"
    find_python || { log_tail; die "apt-get installed DOLFINx, but no python3 can import it" "${other_ways[@]}"; }
    route=system
  else
    use_tree
  fi
  environment=$cache/environments/$(digest "$root|$base|$tree|$own_paths")
  mkdir -p -- "$cache/environments"
}

use_tree() {
  local suite shown
  suite=$(suite_for "${HOTMESA_DOLFINX-}")
  route=tree base=/usr/bin/python3 tree=$(tree_name "$suite")
  shown_folders
  check_temporary "${shown[@]}"
  [[ ! -d $tree ]] || return 0
  tree_possible || no_way
  phases=5
  build_tree "$suite"
}

# Debian 13 and Ubuntu 26.04 are the first that carry a recent enough DOLFINx; Debian testing and sid have no number.
modern_distribution() {
  local name version
  read -r name version <<<"$(distribution)"
  case $name in
    debian) [[ -z $version ]] || ((${version%%.*} >= 13)) ;;
    ubuntu) ((${version%%.*} >= 26)) ;;
    *) return 1 ;;
  esac
}

no_way() {
  local hint="an administrator can help with: apt-get install mmdebstrap bubblewrap uidmap"
  if modern_distribution; then hint="an administrator can help with: apt-get install ${packages[*]}"; fi
  die "no Python here can import DOLFINx >= 0.9, and this user may not install it" "On Debian and Ubuntu $hint" "${other_ways[@]}"
}

describe_environment() {
  if [[ $route == tree ]]; then printf 'Debian tree %s, environment %s' "$tree" "$environment"; else
    printf 'Python %s, environment %s' "$base" "$environment"
  fi
}
