# A Python with DOLFINx, and the virtual environment of this clone on top of it. Sourced by ./hotmesa.
# shellcheck shell=bash

every_extra=viz,study,fit,report,test,docs,notebook,shell,explore

# Look for a python3 that can import DOLFINx: sets base and own_paths, or returns 1.
# own_paths=yes keeps the user's PYTHONPATH and LD_LIBRARY_PATH, where DOLFINx is found only through them.
find_python() {
  local candidate
  for candidate in "$(type -P python3 || true)" /usr/bin/python3; do
    [[ -n $candidate && -x $candidate ]] || continue
    base=$candidate
    for own_paths in no yes; do
      [[ $own_paths == no || -n ${PYTHONPATH-}${LD_LIBRARY_PATH-} ]] || continue
      if (system_variables && "$candidate" "$root/setup/base_python.py" probe) >>"$log" 2>&1; then
        # The real file, so that a Python replaced by another version is noticed.
        base=$("$candidate" -c 'import sys; print(sys.executable)')
        return 0
      fi
    done
  done
  base= own_paths=no
  return 1
}

# Make or renew the virtual environment of this clone; `environment` counts as ready only once its stamp is written.
# It holds hotmesa alone, in editable form, and sees the packages that all clones with the same requirements share.
make_environment() {
  local stamp=$environment/pyproject.toml started=$SECONDS packages
  need_space 1 "the Python environment"
  drop_stale_environments
  begin_changes
  shared_packages || packages=
  unfinished=$environment
  # One that sees no shared packages needs a pip of its own.
  if [[ ! -e $stamp || (-z $packages && ! -x $environment/bin/pip) ]]; then rm -rf -- "$environment"; fi
  rm -f -- "$stamp"
  [[ -d $environment ]] || make_venv "$environment" ${packages:+--without-pip}
  printf '%s\n' "$root" >"$environment/clone"
  if [[ -n $packages ]]; then
    see_packages
    phase "hotmesa itself, in editable form"
    logged pip_editable "$environment" "$root" --no-deps --no-build-isolation || {
      log_tail
      die "pip could not install hotmesa"
    }
    cp -- "$packages/extras" "$environment/extras"
  else
    rm -f -- "$environment/packages" "$environment"/lib/python3*/site-packages/packages.pth
    install_unlocked "$environment"
  fi
  cp -- "$root/pyproject.toml" "$stamp"
  unfinished=
  drop_stale_packages
  end_changes
  say "Python environment ready after $((SECONDS - started)) s"
}

# A virtual environment that sees the packages of the base Python, with the pins that pip is given there.
make_venv() { # FOLDER OPTIONS…
  phase "a Python environment in $1"
  logged inside "$base" -m venv --system-site-packages "${@:2}" "$1" || {
    log_tail
    die "could not make a virtual environment with $base" \
      "On Debian and Ubuntu: apt-get install python3-venv python3-pip    then the same command again"
  }
  inside "$base" "$root/setup/base_python.py" parents >"$1/parents"
  local folder
  for folder in "$1"/lib/python3*/site-packages; do
    [[ ! -s $1/parents ]] || cp -- "$1/parents" "$folder/parents.pth"
  done
  inside "$1/bin/python" "$root/setup/base_python.py" constraints >"$1/constraints.txt"
}

# Sets `packages` to the folder of what hotmesa requires on this Python, in the versions of the lock file; makes it where
# no clone has yet. Returns 1 if those versions cannot be had.
shared_packages() {
  packages=$cache/packages/$(digest "$base|$tree|$own_paths|$(made_from "$root/pyproject.toml")|$(<"$root/setup/requirements.lock")")
  if [[ -f $packages/extras ]]; then
    touch -- "$packages"
    return 0
  fi
  [[ ${HOTMESA_HASHES-} != no ]] || return 1
  unfinished=$packages
  phases=$((phases + 2))
  rm -rf -- "$packages"
  mkdir -p -- "${packages%/*}"
  make_venv "$packages"
  phase "packages that this Python lacks"
  if install_locked "$packages" "$every_extra"; then
    printf '%s\n' "$every_extra" >"$packages/extras"
    unfinished=
  else
    rm -rf -- "$packages"
    return 1
  fi
}

# Let the environment of this clone find the shared packages, before those of the base Python.
see_packages() {
  local from to
  for from in "$packages"/lib/python3*/site-packages; do
    for to in "$environment"/lib/python3*/site-packages; do
      printf 'import site; site.addsitedir("%s")\n' "$from" >"$to/packages.pth"
    done
  done
  ln -sfn -- "$packages" "$environment/packages"
}

# Install this clone and what it requires in versions that fit, where the tested ones cannot be had, into its own
# environment. pyvista, pyarrow, lmfit and the test tools are welcome but not needed for a run.
install_unlocked() { # ENVIRONMENT
  local extras
  phase "packages that this Python lacks"
  say "taking versions that fit instead of the tested ones, without their hashes"
  for extras in "$every_extra" viz,study,fit,test fit,test test; do
    say "installing hotmesa[$extras] with pip"
    if logged pip_editable "$1" "$root[$extras]"; then
      printf '%s\n' "$extras" >"$1/extras"
      [[ $extras == *viz* ]] || say "note: pyvista or pyarrow could not be installed; pictures come from matplotlib, tables are CSV (details: $log)"
      return 0
    fi
  done
  say "pip could not fetch the test tools; trying with what is on this machine"
  printf 'none\n' >"$1/extras"
  logged pip_editable "$1" "$root" --no-index --no-build-isolation || {
    log_tail
    die "pip could not install hotmesa" \
      "No network, or an index or a certificate that pip does not know of (pip config list). The whole log: $log"
  }
}

# What this Python lacks, in the versions of the lock file and from files with its hashes alone. Each round may show
# what the packages of the one before require.
install_locked() { # ENVIRONMENT EXTRAS
  local round wanted=$1/wanted.txt
  for round in 1 2 3 4; do
    inside "$1/bin/python" "$root/setup/base_python.py" unmet "$root/pyproject.toml" "$2" "$root/setup/requirements.lock" \
      >"$wanted" 2>>"$log" || {
      say "note: this Python needs other packages than the tested ones: $(tail -n 1 -- "$log")"
      return 1
    }
    [[ -s $wanted ]] || break
    ((round < 4)) || return 1
    say "fetching $(grep -c '==' -- "$wanted") packages with pip, with known hashes"
    logged pip_install "$1" --require-hashes --no-deps --requirement wanted.txt || {
      refuse_other_hashes
      say "note: pip could not fetch the tested versions (details: $log)"
      return 1
    }
  done
}

# A file with another content than the one that was tested is never taken, nor anything else from there.
refuse_other_hashes() {
  grep -q 'DO NOT MATCH THE HASHES' -- "$log" || return 0
  log_tail
  die "pip fetched a file that is not the one that was tested (its SHA-256 differs from setup/requirements.lock)" \
    "Something between here and the index has changed it. If your index builds its packages itself: HOTMESA_HASHES=no"
}

# Install with the pins of this environment. They are given by a relative name, since pip splits this variable at
# spaces; it also replaces a constraint file that the machine sets for its own Python.
pip_install() { # ENVIRONMENT OPTIONS…
  cd -- "$1"
  export PIP_CONSTRAINT=constraints.txt PIP_USER=0 PIP_NO_INPUT=1 PIP_ROOT_USER_ACTION=ignore PIP_DISABLE_PIP_VERSION_CHECK=1
  inside "$1/bin/python" -m pip install --prefer-binary "${@:2}"
}

pip_editable() { # ENVIRONMENT REQUIREMENT OPTIONS…
  # Metadata of the package would else be left in the clone, which may not be writable.
  mkdir -p -- "$1/metadata"
  printf '[egg_info]\negg_base = %s\n' "$1/metadata" >"$1/metadata/setup.cfg"
  export DIST_EXTRA_CONFIG=$1/metadata/setup.cfg
  pip_install "$1" "${@:3}" --editable "$2"
}

# Environments of clones that are gone are of no use to anyone.
drop_stale_environments() {
  local file clone
  for file in "$cache"/environments/*/clone; do
    [[ -f $file ]] && read -r clone <"$file" && [[ ! -d $clone ]] || continue
    say "removing the environment of the vanished clone $clone"
    rm -rf -- "${file%/clone}"
  done
}

# Nor are packages that no environment sees, once it is two weeks since one did: branches may ask for others in turn.
drop_stale_packages() {
  local file folder
  for folder in "$cache"/packages/*; do
    [[ -d $folder ]] || continue
    for file in "$cache"/environments/*/packages; do
      if [[ $file -ef $folder ]]; then continue 2; fi
    done
    [[ -n $(find "$folder" -maxdepth 0 -mtime +14) ]] || continue
    say "removing packages that no environment uses any more: $folder"
    rm -rf -- "$folder"
  done
}

require_test_tools() {
  local extras=
  [[ ! -f $environment/extras ]] || read -r extras <"$environment/extras"
  [[ $extras == *test* ]] && return 0
  die "the test tools (pytest, ruff, mypy) could not be installed by the set-up" \
    "Once pip can fetch packages here: ./hotmesa setup"
}
