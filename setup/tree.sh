# A private Debian tree with DOLFINx in the cache folder, for systems whose own DOLFINx is missing or too old.
# Sourced by ./hotmesa.
# shellcheck shell=bash

# What DOLFINx, MPI, gmsh and off-screen pictures need. libopenblas0-pthread: without it PETSc runs on the
# reference BLAS, several times slower. libegl1: without it VTK dies when it draws without a screen.
packages=(
  python3-dolfinx-real python3-venv python3-pip python3-setuptools libopenblas0-pthread libegl1 python3-gmsh
  python3-meshio python3-scipy python3-matplotlib python3-pydantic ca-certificates git
)

# Which Debian carries which DOLFINx: trixie (13) 0.9, sid 0.11.
suite_for() {
  case ${1:-0.9} in
    0.9) printf trixie ;;
    0.11) printf sid ;;
    *) die "no Debian tree has DOLFINx $1: HOTMESA_DOLFINX may be 0.9 or 0.11" ;;
  esac
}

tree_name() { printf '%s/debian-%s-%s' "$cache" "$1" "$(digest "1 ${packages[*]}")"; }

# The mirror of this machine if it is a Debian one, else Debian's own; by https where it answers so. What comes from it
# is signed by Debian either way.
debian_mirror() { # SUITE
  local found=
  if [[ -n ${HOTMESA_DEBIAN_MIRROR-} ]]; then
    found=$HOTMESA_DEBIAN_MIRROR
  elif command -v apt-get >/dev/null; then
    found=$(apt-get indextargets --format '$(REPO_URI) $(COMPONENT)' 'Created-By: Packages' 2>/dev/null |
      awk '$2 == "main" && $1 ~ /\/debian\/?$/ { print $1; exit }') || true
  fi
  found=${found:-http://deb.debian.org/debian}
  if [[ -z ${HOTMESA_DEBIAN_MIRROR-} && $found == http://* ]]; then
    if answers "https://${found#http://}" "$1"; then found=https://${found#http://}; else
      say "note: $found gives no https here; Debian's signatures are checked either way"
    fi
  fi
  printf '%s' "$found"
}

# Whether apt can fetch a suite from a mirror, with its own proxies and certificates.
answers() { # MIRROR SUITE
  local helper=/usr/lib/apt/apt-helper file=$cache/release.$$ status=0
  [[ -x $helper ]] || return 1
  "$helper" -o Acquire::Retries=0 -o Acquire::https::Timeout=20 download-file "${1%/}/dists/$2/Release" "$file" \
    >>"$log" 2>&1 </dev/null || status=$?
  rm -f -- "$file" "$file".*
  return "$status"
}

# Proxies, certificates and time limits of the machine's apt, as a file for the tree's apt.
apt_settings() {
  printf 'APT::Install-Recommends "false";\nAcquire::Retries "3";\nAPT::Sandbox::User "root";\n'
  [[ $1 != *sid* ]] || printf 'Acquire::Check-Valid-Until "false";\n' # snapshots of sid outlive their date
  if command -v apt-config >/dev/null; then
    apt-config dump --format '%f "%v";%n' Acquire | grep -iE '^Acquire::https?::[^ ]*(Proxy|CaInfo|CaPath|Verify|Timeout)' || true
  fi
}

tree_possible() {
  [[ $(uname -s) == Linux ]] || return 1
  if is_root; then command -v apt-get >/dev/null || command -v mmdebstrap >/dev/null; else
    command -v mmdebstrap >/dev/null && command -v newuidmap >/dev/null && { bubblewrap_works || command -v proot >/dev/null; }
  fi
}

# mmdebstrap and bubblewrap (or proot, where name spaces are forbidden), installed by apt if root lacks them.
tree_tools() {
  command -v mmdebstrap >/dev/null || install_by_apt mmdebstrap debian-archive-keyring
  bubblewrap_works && return 0
  command -v bwrap >/dev/null || { is_root && install_by_apt bubblewrap; }
  bubblewrap_works && return 0
  command -v proot >/dev/null || { is_root && install_by_apt proot; }
  command -v proot >/dev/null || die "neither bubblewrap nor proot works here, and one is needed to enter the tree" "${other_ways[@]}"
}

apt_lists_fresh=no
install_by_apt() {
  command -v apt-get >/dev/null || die "$* missing, and there is no apt-get to install it" "${other_ways[@]}"
  say "installing for the whole machine, as root, with apt-get: $*"
  # A broken third-party source must not stop us: whether the packages can be had shows in the next step.
  [[ $apt_lists_fresh == yes ]] || logged apt-get update || say "apt-get update failed (details: $log); trying all the same"
  apt_lists_fresh=yes
  # Not through `logged`: a package manager is never to be killed half-way.
  DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends "$@" >>"$log" 2>&1 </dev/null || {
    log_tail
    die "apt-get could not install: $*" "No network, or no such package in this system's sources. The whole log: $log" "${other_ways[@]}"
  }
}

build_tree() { # SUITE
  local suite=$1 partial=$tree.partial mirror started=$SECONDS
  begin_changes
  need_space 4 "a Debian tree with DOLFINx"
  phase "tools that make and enter a Debian tree"
  tree_tools
  mirror=$(debian_mirror "$suite")
  phase "a private Debian $suite with DOLFINx in $tree"
  say "from $mirror: about 500 MB to fetch, 3 GB on disk, one to three minutes"
  [[ ! -e $partial ]] || rm -rf --one-file-system -- "$partial"
  unfinished=$partial
  apt_settings "$suite" >"$cache/apt.conf"
  logged bootstrap "$suite" "$partial" "$mirror" || {
    log_tail
    die "could not build the Debian tree from $mirror" \
      "No network, a proxy that apt does not know of, or a wrong mirror (HOTMESA_DEBIAN_MIRROR=http://…)." \
      "The whole log: $log" "${other_ways[@]}"
  }
  finish_tree "$partial"
  phase "a look at its DOLFINx"
  logged in_tree "$partial" python3 "$root/setup/base_python.py" probe || {
    log_tail
    die "the new Debian tree cannot import DOLFINx" "The whole log: $log" "${other_ways[@]}"
  }
  mv -- "$partial" "$tree"
  unfinished=
  end_changes
  say "Debian tree ready after $((SECONDS - started)) s"
}

bootstrap() { # SUITE FOLDER MIRROR
  local IFS=, # for the list of packages
  local options=(--variant=apt --aptopt="$cache/apt.conf" --include="${packages[*]}" --dpkgopt=force-unsafe-io
    --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/locale/*'
    --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-include=/usr/share/doc/*/copyright')
  umask 022
  mkdir -p -- "$2"
  if is_root; then
    mmdebstrap --mode=root "${options[@]}" "$1" "$2" "$3"
  else # as a tar file, so that every file belongs to the user
    mmdebstrap --mode=unshare --format=tar "${options[@]}" "$1" - "$3" | tar -C "$2" --no-same-owner --exclude='./dev/*' -xf -
  fi
}

# Places on which the machine's own files are shown later (see enter.sh).
finish_tree() {
  local file
  mkdir -p -- "$1/etc/xdg/pip" "$1/etc/ssl/certs"
  for file in resolv.conf hosts passwd group pip.conf localtime; do
    if [[ -L $1/etc/$file || ! -e $1/etc/$file ]]; then # a link would be followed outside of the tree
      rm -f -- "$1/etc/$file"
      : >"$1/etc/$file"
    fi
  done
}

# A browser without a window, in which the tests of pages run and pictures of them are made. Runs need none, so it comes
# into a tree only when it is asked for.
browser=chromium-headless-shell

has_browser() {
  local name
  for name in "$browser" chromium google-chrome; do
    if [[ $route == tree ]]; then [[ -x $tree/usr/bin/$name ]]; else command -v "$name" >/dev/null; fi && return 0
  done
  return 1
}

bring_browser() {
  has_browser && return 0
  phases=1
  phase "a browser for the tests of pages: $browser, about 100 MB to fetch, 310 MB on disk"
  take_lock
  begin_changes
  if [[ $route == tree ]]; then
    apt_settings "${tree##*/}" >"$cache/apt.conf"
    # A look at the network takes no longer than this; what an interruption has left half-way is put right first.
    logged in_writable_tree /bin/sh -c "dpkg --configure -a && timeout 120 apt-get update && apt-get install --yes --no-upgrade $browser && apt-get clean" || {
      log_tail
      die "no browser, so that the tests of pages are left out" "No network, or a proxy that apt does not know of. The whole log: $log"
    }
  else
    is_root || die "no browser, so that the tests of pages are left out; an administrator can help with: apt-get install $browser"
    install_by_apt "$browser"
  fi
  end_changes
  drop_lock
}

# A command inside the tree, to which it may write; of the machine only its way to the network is shown.
in_writable_tree() { # COMMAND…
  local file words=()
  local settings=(DEBIAN_FRONTEND=noninteractive APT_CONFIG=/tmp/apt.conf PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8)
  if bubblewrap_works; then
    words=(bwrap --die-with-parent --bind "$tree" / --dev /dev --proc /proc --tmpfs /tmp --chdir / --ro-bind "$cache/apt.conf" /tmp/apt.conf)
    is_root || words+=(--unshare-user --uid 0 --gid 0)
  else
    words=(proot --kill-on-exit -0 -r "$tree" -w / -b /dev -b /proc -b "$cache/apt.conf:/tmp/apt.conf")
  fi
  for file in /etc/resolv.conf /etc/hosts /etc/ssl/certs; do
    [[ -e $file && -e $tree$file ]] || continue
    if [[ ${words[0]} == bwrap ]]; then words+=(--ro-bind "$(readlink -f -- "$file")" "$file"); else words+=(-b "$file"); fi
  done
  "${words[@]}" env "${settings[@]}" "$@"
}
