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
    say "making a Python environment in $environment"
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
  install_package "$python"
  cp -- "$root/pyproject.toml" "$stamp"
  unfinished=
  end_changes
  say "Python environment ready after $((SECONDS - started)) s"
}

# Install this clone in editable form. pyvista, pyarrow, lmfit and the test tools are welcome but not needed for a run.
install_package() {
  local python=$1 extras
  for extras in viz,study,fit,test fit,test test; do
    say "installing hotmesa[$extras] with pip"
    if logged pip_install "$python" "$root[$extras]"; then
      printf '%s\n' "$extras" >"$environment/extras"
      [[ $extras == *viz* ]] || say "note: pyvista or pyarrow could not be installed; pictures come from matplotlib, tables are CSV (details: $log)"
      return 0
    fi
  done
  say "pip could not fetch the test tools; trying with what is on this machine"
  printf 'none\n' >"$environment/extras"
  logged pip_install "$python" "$root" --no-index --no-build-isolation || {
    log_tail
    die "pip could not install hotmesa" \
      "No network, or an index or a certificate that pip does not know of (pip config list). The whole log: $log"
  }
}

# The pins are given by a relative name, since pip splits this variable at spaces; it also replaces a
# constraint file that the machine sets for its own Python.
pip_install() { # PYTHON REQUIREMENT OPTIONS…
  cd -- "$environment"
  # Metadata of the package would else be left in the clone, which may not be writable.
  mkdir -p -- "$environment/metadata"
  printf '[egg_info]\negg_base = %s\n' "$environment/metadata" >"$environment/metadata/setup.cfg"
  export DIST_EXTRA_CONFIG=$environment/metadata/setup.cfg
  export PIP_CONSTRAINT=constraints.txt PIP_USER=0 PIP_NO_INPUT=1 PIP_ROOT_USER_ACTION=ignore PIP_DISABLE_PIP_VERSION_CHECK=1
  inside "$1" -m pip install --prefer-binary "${@:3}" --editable "$2"
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
