# What every host script begins with: the words that its steps are written in.
#
# A check runs as the condition of an `if`, where bash ignores `set -e`: so it is one command, or
# several joined by `&&`. A remedy runs outside of any condition, where every failure counts.
set -euo pipefail
umask 022
export LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive NEEDRESTART_SUSPEND=1
# On a busy machine systemd may be late with an answer (systemd's ENVIRONMENT.md; 25 s otherwise).
export SYSTEMD_BUS_TIMEOUT=180
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin

# What a run owes is a file, so that it outlives a run which fails before it could pay.
owed=/var/lib/groundwork/owed
journal=/var/log/groundwork/last-run.log
mkdir -p "$owed" "${journal%/*}"
chmod 0700 "${journal%/*}"
: >"$journal"
step='beginning'

explain() {
  local status=$?
  if [ "$status" -ne 0 ]; then
    printf 'failed: %s\n' "$step" >&2
    tail -n 20 "$journal" >&2
  fi
  return "$status"
}
trap explain EXIT

refuse() { # what is wrong, and what to do
  printf '%s\n' "$*" >>"$journal"
  exit 1
}

owe() { # kind of debt, unit: a unit that is not there yet starts with what is new anyway
  mkdir -p "$owed/$1"
  touch "$owed/$1/$2"
}

owes_nothing() { # kind of debt
  test -z "$(ls -A "$owed/$1" 2>/dev/null)"
}

pay_reloads() { # of services that no visitor notices, or that are put on a new set-up in flight
  local mark unit
  for mark in "$owed/reload/"*; do
    unit=${mark##*/}
    systemctl reload-or-restart "$unit" || return 1
    rm "$mark"
  done
}

take_other_units_away() { # record of an earlier run, applications released here; now's on stdin
  local record=$1 unit application gone=()
  shift
  mkdir -p "${record%/*}"
  cat >"$record.fresh"
  touch "$record"
  while read -r unit _; do
    rm -f "$owed/removal/"*/"$unit"
  done <"$record.fresh"
  while read -r unit application; do
    case " $* " in
      *" $application "*) owe "removal/$application" "$unit" ;;
      *) gone+=("$unit") ;;
    esac
  done < <(join -v 1 "$record" "$record.fresh")
  [ ${#gone[@]} -eq 0 ] || /usr/local/lib/groundwork/remove-units "${gone[@]}"
  mv -fT "$record.fresh" "$record"
}

forget_units() {
  systemctl daemon-reload || return 1
  rm -f "$owed/manager/units"
}

put() { # path, mode, owner, group, [command that must accept %s before it is installed]; content on stdin
  local fresh accept=${5:-}
  mkdir -p "${1%/*}"
  # Hidden and beside its target: no include picks it up, and the last move is atomic.
  fresh=$(mktemp "${1%/*}/.groundwork.XXXXXX")
  cat >"$fresh"
  chmod "$2" "$fresh"
  chown "$3:$4" "$fresh"
  if [ -n "$accept" ] && ! eval "${accept//%s/$fresh}"; then
    rm -f "$fresh"
    refuse "$1 was left as it is: refused by ${accept//%s/$1}"
  fi
  mv -fT "$fresh" "$1"
}

is_file() { # path, mode, owner, group, sha256
  test "$(stat -c '%04a %U %G' "$1")" = "$2 $3 $4" &&
    echo "$5  $1" | sha256sum --check --status
}

is_directory() { # path, mode, owner, group
  test -d "$1" && test ! -L "$1" && test "$(stat -c '%04a %U %G' "$1")" = "$2 $3 $4"
}

is_installed() { # packages; one line is said for each that is known
  test "$(dpkg-query -Wf '${db:Status-Status}\n' "$@" | grep -cx installed)" -eq $#
}

install_packages() { # packages; patient with whoever else installs right now
  local attempt
  for attempt in 1 2 3 4 5 6 7 8 9 10; do
    if apt-get -o DPkg::Lock::Timeout=300 -qy update &&
      apt-get -o DPkg::Lock::Timeout=300 -o Dpkg::Options::=--force-confold \
        --no-install-recommends -qy install "$@"; then
      return
    fi
    sleep "$attempt"
  done
  refuse "these packages cannot be had: $*"
}

is_member() { # user, groups
  local user=$1 group
  shift
  for group; do
    id -nG "$user" | tr ' ' '\n' | grep -qx -- "$group" || return 1
  done
}

is_running() { # unit; one that its own conditions keep from starting here is as it should be
  systemctl is-enabled --quiet "$1" && {
    systemctl is-active --quiet "$1" || is_ruled_out "$1"
  }
}

is_ruled_out() { # unit
  test "$(systemctl show --property ConditionTimestampMonotonic --value "$1")" != 0 &&
    test "$(systemctl show --property ConditionResult --value "$1")" = no
}

live_unit() { # service: its unit in the colour that answers
  local port
  port=$(sed -n 's/.*:\([0-9]*\);.*/\1/p' "/etc/nginx/live/$1.conf")
  printf '%s@%s.service' "$1" "$port"
}

runs_in_live_colour() { # service, application: nothing runs before the first release
  test ! -e "/srv/$2/current" || is_running "$(live_unit "$1")"
}

run_in_live_colour() { # service
  systemctl enable --now --quiet "$(live_unit "$1")"
}

has_firewall_rules() { # file with one `ufw` rule a line, as `ufw show added` prints them
  ufw status | grep -q '^Status: active' && test "$(ufw_rules)" = "$(sort -u "$1")"
}

ufw_rules() {
  ufw show added | sed -n 's/^ufw //p' | sort -u
}

set_firewall_rules() { # file with one `ufw` rule a line
  local rule
  # New rules first: nobody who stays allowed is cut off in between.
  comm -13 <(ufw_rules) <(sort -u "$1") | while read -r rule; do
    # shellcheck disable=SC2086 # a rule is words
    ufw $rule
  done
  comm -23 <(ufw_rules) <(sort -u "$1") | while read -r rule; do
    # shellcheck disable=SC2086
    ufw delete $rule
  done
  ufw --force enable
}

has_archive() { # directory, sha256
  test "$(cat "$1/.sha256")" = "$2"
}

fetch() { # bucket, key, sha256, file
  /usr/local/lib/groundwork/cloud fetch-object "$1" "$2" "$4"
  echo "$3  $4" | sha256sum --check --status ||
    refuse "s3://$1/$2 is not what was promised: its sha256 is not $3"
}

unpack() { # archive, directory, sha256; the directory appears whole or not at all
  local fresh
  mkdir -p "${2%/*}"
  fresh=$(mktemp -d "${2%/*}/.groundwork.XXXXXX")
  tar --extract --file "$1" --directory "$fresh" --no-same-owner --strip-components "${4:-0}"
  chmod 0755 "$fresh"
  echo "$3" >"$fresh/.sha256"
  rm -rf "$2"
  mv -T "$fresh" "$2"
}

put_archive() { # bucket, key, sha256, directory, leading folders to leave out
  local archive
  archive=$(mktemp /var/tmp/groundwork.XXXXXX)
  fetch "$1" "$2" "$3" "$archive"
  unpack "$archive" "$4" "$3" "$5"
  rm -f "$archive"
}
