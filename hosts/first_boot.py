"""What a machine does by itself at its first boot: it tells the world its SSH key, once.

One that is reached by Session Manager alone first installs the agent of it, without which there
would be no way in to configure anything.
"""

from hosts.programs import DIRECTORY, source

KEY = "/etc/ssh/ssh_host_ed25519_key"

_USER_DATA = """\
#!/bin/bash
# Publishes the public half of this machine's SSH host key, so that nobody has to trust it unseen.
set -euo pipefail
mkdir -p {directory}
cat >{directory}/cloud <<'END OF PROGRAM'
{program}END OF PROGRAM
chmod 0755 {directory}/cloud
{agent}[ -e {key} ] || ssh-keygen -q -t ed25519 -N '' -f {key}
{directory}/cloud publish-host-key {prefix} {key}.pub
"""

# Debian's images lack it. It comes from AWS's own bucket of the region (Systems Manager user guide,
# installing SSM Agent on Debian); an image that has one keeps that.
_AGENT = """\
if ! command -v amazon-ssm-agent >/dev/null; then
  from=https://s3.{region}.amazonaws.com/amazon-ssm-{region}/latest
  for _ in {{1..40}}; do
    python3 -c 'import sys, urllib.request as ask; ask.urlretrieve(*sys.argv[1:])' \
      "$from/debian_$(dpkg --print-architecture)/amazon-ssm-agent.deb" /run/agent.deb && break
    sleep 3
  done
  apt-get -qy -o DPkg::Lock::Timeout=300 install /run/agent.deb
  systemctl enable --now amazon-ssm-agent
fi
"""


def parameter_prefix(stack: str) -> str:
    """Under this path a host may create the parameter that is named like its instance."""
    return f"/groundwork/{stack}/host-keys"


def user_data(stack: str, *, session_manager_of: str | None = None) -> str:
    """Holds nothing secret, and is the same for every host of a stack.

    session_manager_of: region of the Session Manager that alone leads to the machine.

    Only the first boot reads it, so a later change of it is no reason to replace a machine.
    """
    return _USER_DATA.format(
        directory=DIRECTORY,
        key=KEY,
        prefix=parameter_prefix(stack),
        agent=_AGENT.format(region=session_manager_of) if session_manager_of else "",
        program=source("cloud.py"),
    )
