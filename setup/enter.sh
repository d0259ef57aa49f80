# The environment variables of a run, and the way into the private Debian tree. Sourced by ./hotmesa.
# shellcheck shell=bash

# Variables for every route. One thread a process: MPI and sweeps share the cores between processes.
common_variables() {
  export OMP_NUM_THREADS=${HOTMESA_THREADS:-1} PYTHONNOUSERSITE=1
  # A waiting process must not keep others from working on a machine with more processes than free cores.
  export OMPI_MCA_mpi_yield_when_idle=1 OMPI_MCA_btl=self,sm OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
  export PRTE_MCA_rmaps_default_mapping_policy=:oversubscribe
  # When it is asked to end itself: seconds in which its ranks put down what they have.
  export PRTE_MCA_odls_base_sigkill_timeout=${PRTE_MCA_odls_base_sigkill_timeout:-30}
  unset PYTHONHOME
  # A clone that belongs to somebody else gets no files of ours, not even from root.
  [[ -O $root && -w $root ]] || export PYTHONPYCACHEPREFIX=$cache/pycache
  # git refuses a clone that belongs to somebody else; provenance only reads its revision.
  local count=${GIT_CONFIG_COUNT:-0}
  export "GIT_CONFIG_KEY_$count=safe.directory" "GIT_CONFIG_VALUE_$count=$root" "GIT_CONFIG_COUNT=$((count + 1))"
}

# Open MPI takes 16 MB of shared memory a process and ends where there is less, as in a container; a file will do.
shared_memory() { # PROCESSES
  local free
  free=$(df -Pk /dev/shm 2>/dev/null | awk 'NR == 2 { print $4 }') || true
  [[ $1 =~ ^[0-9]+$ && -w /dev/shm ]] && ((${free:-0} >= 20000 * $1)) && return 0
  export OMPI_MCA_btl_sm_backing_directory=${TMPDIR:-/tmp} OMPI_MCA_btl_vader_backing_directory=${TMPDIR:-/tmp}
  say "/dev/shm has $((${free:-0} / 1000)) MB, too few for $1 processes of MPI: they share files in ${TMPDIR:-/tmp}"
}

system_variables() {
  common_variables
  [[ $own_paths == yes ]] || unset PYTHONPATH LD_LIBRARY_PATH
}

# In the tree nothing of the machine's own libraries and tools may shine through.
tree_variables() {
  common_variables
  unset PYTHONPATH LD_LIBRARY_PATH LD_PRELOAD VIRTUAL_ENV CONDA_PREFIX
  export PATH=/usr/bin:/bin:/usr/sbin:/sbin LC_ALL=C.UTF-8
  visible_certificates
}

# Certificates named by the user in folders that the tree covers: shown as a copy in the cache folder.
visible_certificates() {
  local name file
  for name in SSL_CERT_FILE PIP_CERT REQUESTS_CA_BUNDLE CURL_CA_BUNDLE GIT_SSL_CAINFO; do
    file=${!name-}
    case $file in
      /etc/ssl/certs/*) ;;
      /etc/* | /usr/*)
        if [[ -f $file ]]; then
          mkdir -p -- "$cache/certificates" && cp -uL -- "$file" "$cache/certificates/$name.pem"
          export "$name=$cache/certificates/$name.pem"
        fi
        ;;
    esac
  done
}

bubblewrap_works() { bwrap --ro-bind / / --dev /dev --proc /proc true 2>/dev/null; }

# What was possible at the set-up may be forbidden since: another kernel, a rule of AppArmor, a container.
no_way_in() {
  local reason
  reason=$(bwrap --ro-bind / / --dev /dev --proc /proc true 2>&1 | tail -n 1) || true
  die "the Debian tree cannot be entered any more: ${reason:-bubblewrap does not work}" \
    "bubblewrap needs user name spaces (sysctl user.max_user_namespaces, kernel.apparmor_restrict_unprivileged_userns)" \
    "without them: apt-get install proot    then the same command again" "${other_ways[@]}"
}

# Fills `shown` with the machine's folders that are shown inside: all but the system's own ones.
shown_folders() {
  shown=()
  local folder
  for folder in /*; do
    case $folder in
      /usr | /etc | /bin | /sbin | /lib | /lib32 | /lib64 | /libx32 | /dev | /proc | /sys | /boot | /lost+found) ;;
      *) [[ ! -d $folder || ! -x $folder ]] || shown+=("$folder") ;;
    esac
  done
  for folder in /usr/local /usr/src; do
    case $root/:$PWD/:$cache/ in *"$folder"/*) shown+=("$folder") ;; esac
  done
}

# Fills `shown_files` with the machine's files and folders under /etc that replace those of the tree.
shown_settings() { # TREE
  shown_files=()
  local file
  for file in resolv.conf hosts passwd group localtime pip.conf xdg/pip ssl/certs; do
    [[ ! -e /etc/$file || ! -e $1/etc/$file ]] || shown_files+=("/etc/$file")
  done
}

# Fills `entry` with the words that go before a command to run it in the tree.
entry_words() { # TREE
  local item shown shown_files
  shown_folders
  shown_settings "$1"
  if bubblewrap_works; then
    # A temporary file system as root, since mount points cannot be made in a read-only tree.
    entry=(bwrap --die-with-parent --tmpfs / --dev /dev --proc /proc --ro-bind /sys /sys --ro-bind "$1/usr" /usr --ro-bind "$1/etc" /etc)
    [[ ! -d /dev/shm ]] || entry+=(--bind /dev/shm /dev/shm)
    for item in bin sbin lib lib64; do [[ ! -e $1/$item ]] || entry+=(--symlink "usr/$item" "/$item"); done
    for item in "${shown[@]}"; do entry+=(--bind "$item" "$item"); done
    for item in "${shown_files[@]}"; do entry+=(--ro-bind "$(readlink -f -- "$item")" "$item"); done
    # What is written beside the folders shown would vanish with the sandbox, and must fail instead.
    entry+=(--remount-ro / --remount-ro /dev --chdir "$PWD")
  elif ! command -v proot >/dev/null; then
    no_way_in
  else
    entry=(proot --kill-on-exit -r "$1" -w "$PWD" -b /dev -b /proc -b /sys)
    for item in "${shown[@]}" "${shown_files[@]}"; do entry+=(-b "$item"); done
    export PMIX_MCA_gds=hash # MPI's shared-memory store does not work under proot
  fi
  # The outer process ignores what asks it to stop (see run_watched); the program must not, but for what nohup set.
  local signals=INT,QUIT,TERM
  ignored HUP || signals+=,HUP
  entry+=(/usr/bin/env "--default-signal=$signals")
}

# Refuse what is not shown inside: a working folder or a file below the machine's own /usr and /etc, and results in a
# folder that would vanish with the sandbox, for instance a new one under the root of the machine.
refuse_hidden() { # TREE ARGUMENTS…
  local word folder='' shown inside=$1
  shift
  shown_folders
  if hidden "$PWD" "$inside"; then
    say "the working folder $PWD is not shown inside the environment, which has a system of its own:"
    say "work in another folder, for instance below $HOME or /tmp"
    exit 2
  fi
  for word; do
    if [[ $word == /* && -e $word ]] && hidden "$(realpath -- "$word")" "$inside"; then
      say "$word is not shown inside the environment, which has a system of its own:"
      say "copy it to another folder, for instance below $HOME or /tmp"
      exit 2
    fi
    [[ $folder != next ]] || folder=$word
    case $word in --out) folder=next && continue ;; --out=*) folder=${word#--out=} ;; esac
    [[ -n $folder && $folder != next ]] || continue
    folder=$(realpath -m -- "$folder")
    below "$folder" "${shown[@]}" /dev/stdout /dev/shm && folder='' && continue
    say "cannot write results to $folder, which does not exist or is not shown inside the environment;"
    say "make the folder first (mkdir -p $folder), or choose another one with --out"
    exit 2
  done
}

# Whether a path of the machine is neither shown nor has a namesake inside.
hidden() { # PATH TREE
  ! below "$1" "${shown[@]}" /dev /proc /sys && [[ ! -e $2$1 ]]
}

in_tree() { # TREE COMMAND…
  local tree=$1
  tree_variables
  entry_words "$tree"
  shift
  "${entry[@]}" "$@"
}

# Run a command during the set-up, in the tree or on the system.
inside() (
  if [[ $route == tree ]]; then in_tree "$tree" "$@"; else
    system_variables
    "$@"
  fi
)

# Replace the launcher by a command inside the ready environment.
run_inside() {
  if [[ $route == tree ]]; then
    refuse_hidden "$tree" "$@"
    shown_folders
    check_temporary "${shown[@]}"
    tree_variables
    entry_words "$tree"
    export PATH=$environment/bin:$environment/packages/bin:$PATH
    run_watched shielded "${entry[@]}" "$@"
  else
    system_variables
    export PATH=$environment/bin:$environment/packages/bin:$PATH
    [[ $apart == yes ]] || exec "$@"
    run_watched setpriv --pdeathsig TERM "$@" # mpirun ends its ranks, should this launcher be killed
  fi
}

# bubblewrap stands between the launcher and the program, and would take the program along if a signal ended it.
# So it ignores every signal that asks a program to stop, and the launcher waits for the program's own exit status.
# A signal for the whole group (Ctrl-C, a closed terminal, a batch system) reaches the program directly; one for the
# launcher alone does not, and is handed on. A witness process in the group tells the two apart. Behind mpirun, which
# kills its ranks a second after it is asked to end, nothing comes directly (`apart`): it runs in a session of its own.
run_watched() {
  local outer witness status=0 final number filter=
  if [[ $apart == yes ]]; then
    exec 8> >(without_mpirun_words >&2)
    filter=$!
    "$@" </dev/null 2>&8 8>&- & # mpirun would take what a loop of the shell is still to read
    outer=$!
    exec 8>&-
  else
    "$@" <&0 &
    outer=$!
  fi
  setpriv --pdeathsig KILL env --default-signal=INT,TERM,HUP sleep 2147483647 </dev/null >/dev/null 2>&1 &
  witness=$!
  for number in INT TERM HUP; do
    # shellcheck disable=SC2064
    ignored "$number" || trap "hand_on $number" "$number"
  done
  while :; do
    wait "$outer" && status=0 || status=$?
    kill -0 "$outer" 2>/dev/null || break
  done
  wait "$outer" 2>/dev/null && final=0 || final=$?
  ((final == 127)) || status=$final
  kill -KILL "$witness" 2>/dev/null || true
  wait "$witness" 2>/dev/null || true
  [[ -z $filter ]] || ends_soon "$filter"
  exit "$status"
}

ends_soon() { # PID
  local tries
  for tries in {1..100}; do
    kill -0 "$1" 2>/dev/null || return 0
    sleep 0.05
  done
}

# Hand on all lines but the blocks in which mpirun tells that a process ended with a status above 0, or ended the
# others: the program itself has said why; and that a setting of ours has another name in Open MPI 6.
without_mpirun_words() {
  trap '' INT QUIT TERM HUP
  local line held='' dropping=no rule='^-{60,}$'
  while IFS= read -r line || [[ -n $line ]]; do
    [[ $line != *"PMIX ERROR: PMIX_ERR_UNREACH"* ]] || continue # mpirun on a process that has ended
    if [[ $dropping == yes ]]; then
      [[ ! $line =~ $rule ]] || dropping=no
    elif [[ -n $held && -z $line ]]; then
      held+=$'\n' # Open MPI 6 begins its blocks with an empty line
    elif [[ -n $held && ($line == "A deprecated MCA variable"* || $line == *"exited with non-zero status"* || $line == "Primary job "* ||
      $line == "MPI_ABORT was invoked on rank "*) ]]; then
      held='' dropping=yes
    else
      [[ -z $held ]] || printf '%s\n' "$held"
      held=
      if [[ $line =~ $rule ]]; then held=$line; else printf '%s\n' "$line"; fi
    fi
  done
  [[ -z $held ]] || printf '%s\n' "$held"
}

apart=no

# Run a command that ignores every request to stop.
shielded() {
  trap '' INT QUIT TERM HUP
  exec "$@"
}

# Whether this shell was started with a signal ignored, as nohup does; then everything below it ignores it too.
ignored() { # SIGNAL
  local key mask
  while read -r key mask; do
    [[ $key != SigIgn: ]] || { (((16#$mask >> ($(kill -l "$1") - 1)) & 1)); return; }
  done <"/proc/$$/status"
  return 1
}

hand_on() { # SIGNAL
  sleep 0.1 || true # may be hit itself; the witness gets the signal of a group at about the same time
  if [[ $apart == yes ]] || alive "$witness"; then signal_programs "$1" "$outer"; fi
}

# A process that has ended but was not yet waited for is no witness any more.
alive() { # PID
  local stat # by read: where the file is gone, $(<file) would end bash itself, whatever follows
  { read -r stat <"/proc/$1/stat"; } 2>/dev/null || return 1
  [[ ${stat##*) } != Z* ]]
}

# Signal what runs below a process: the program itself, and behind mpirun (which would kill its ranks within a second)
# every rank.
signal_programs() { # SIGNAL PID
  local child children name
  # Of all threads: Open MPI 6 starts each rank from another one.
  read -r -d '' -a children < <(cat "/proc/$2/task/"*/children 2>/dev/null) || true # there is no end but that of the file
  for child in "${children[@]}"; do
    { read -r name <"/proc/$child/comm"; } 2>/dev/null || continue
    case $name in
      bwrap | proot | setsid | mpirun | prterun | env) signal_programs "$1" "$child" ;;
      *) kill -s "$1" "$child" 2>/dev/null || true ;;
    esac
  done
}
