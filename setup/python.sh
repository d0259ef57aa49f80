# A Python with DOLFINx, and the virtual environment of this clone on top of it. Sourced by ./hotmesa.
# shellcheck shell=bash

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

# Make or renew the virtual environment; `environment` counts as ready only once its stamp is written.
make_environment() {
  local stamp=$environment/pyproject.toml python=$environment/bin/python started=$SECONDS
  need_space 1 "the Python environment"
  drop_stale_environments
  begin_changes
  unfinished=$environment
  if [[ ! -e $stamp ]]; then rm -rf -- "$environment"; fi
  rm -f -- "$stamp"
  if [[ ! -d $environment ]]; then
    phase "a Python environment in $environment"
    logged inside "$base" -m venv --system-site-packages "$environment" || {
      log_tail
      die "could not make a virtual environment with $base" \
        "On Debian and Ubuntu: apt-get install python3-venv python3-pip    then the same command again"
    }
    inside "$base" "$root/setup/base_python.py" parents >"$environment/parents"
    local packages
    for packages in "$environment"/lib/python3*/site-packages; do
      [[ ! -s $environment/parents ]] || cp -- "$environment/parents" "$packages/parents.pth"
    done
  fi
  printf '%s\n' "$root" >"$environment/clone"
  inside "$python" "$root/setup/base_python.py" constraints >"$environment/constraints.txt"
  phase "packages that this Python lacks"
  install_package "$python"
  cp -- "$root/pyproject.toml" "$stamp"
  unfinished=
  end_changes
  say "Python environment ready after $((SECONDS - started)) s"
}

# Install this clone in editable form. pyvista, pyarrow, lmfit and the test tools are welcome but not needed for a run.
install_package() {
  local python=$1 extras=viz,study,fit,test,docs,notebook,shell,explore
  if install_locked "$python" "$extras"; then
    printf '%s\n' "$extras" >"$environment/extras"
    return 0
  fi
  say "taking versions that fit instead of the tested ones, without their hashes"
  for extras in viz,study,fit,test,docs,notebook,shell,explore viz,study,fit,test fit,test test; do
    say "installing hotmesa[$extras] with pip"
    if logged pip_editable "$python" "$root[$extras]"; then
      printf '%s\n' "$extras" >"$environment/extras"
      [[ $extras == *viz* ]] || say "note: pyvista or pyarrow could not be installed; pictures come from matplotlib, tables are CSV (details: $log)"
      return 0
    fi
  done
  say "pip could not fetch the test tools; trying with what is on this machine"
  printf 'none\n' >"$environment/extras"
  logged pip_editable "$python" "$root" --no-index --no-build-isolation || {
    log_tail
    die "pip could not install hotmesa" \
      "No network, or an index or a certificate that pip does not know of (pip config list). The whole log: $log"
  }
}

# What this Python lacks, in the versions of the lock file and from files with its hashes alone. Each round may show
# what the packages of the one before require.
install_locked() { # PYTHON EXTRAS
  local round wanted=$environment/wanted.txt
  [[ ${HOTMESA_HASHES-} != no ]] || return 1
  for round in 1 2 3 4; do
    inside "$1" "$root/setup/base_python.py" unmet "$root/pyproject.toml" "$2" "$root/setup/requirements.lock" \
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
  phase "hotmesa itself, in editable form"
  logged pip_editable "$1" "$root" --no-deps --no-build-isolation
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
pip_install() { # PYTHON OPTIONS…
  cd -- "$environment"
  export PIP_CONSTRAINT=constraints.txt PIP_USER=0 PIP_NO_INPUT=1 PIP_ROOT_USER_ACTION=ignore PIP_DISABLE_PIP_VERSION_CHECK=1
  inside "$1" -m pip install --prefer-binary "${@:2}"
}

pip_editable() { # PYTHON REQUIREMENT OPTIONS…
  # Metadata of the package would else be left in the clone, which may not be writable.
  mkdir -p -- "$environment/metadata"
  printf '[egg_info]\negg_base = %s\n' "$environment/metadata" >"$environment/metadata/setup.cfg"
  export DIST_EXTRA_CONFIG=$environment/metadata/setup.cfg
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

require_test_tools() {
  local extras=
  [[ ! -f $environment/extras ]] || read -r extras <"$environment/extras"
  [[ $extras == *test* ]] && return 0
  die "the test tools (pytest, ruff, mypy) could not be installed by the set-up" \
    "Once pip can fetch packages here: ./hotmesa setup"
}
