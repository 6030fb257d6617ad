"""Who may log in to a host, and with what: listed keys alone, with current algorithms."""

from dataclasses import dataclass

from hosts.steps import Absent, Directory, File, Packages, Role, Running, reload

# Algorithms: what `ssh-audit` 3 calls good in OpenSSH 10, post-quantum key exchange first.
CONFIGURATION = """\
# Written by groundwork; a change by hand is undone at the next run.
HostKey /etc/ssh/ssh_host_ed25519_key
AuthorizedKeysFile /etc/ssh/authorized_keys/%u

AuthenticationMethods publickey
PubkeyAuthentication yes
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitEmptyPasswords no
PermitRootLogin no
AllowUsers {users}

AllowAgentForwarding no
AllowTcpForwarding {forwarding}
AllowStreamLocalForwarding no
PermitTunnel no
GatewayPorts no
X11Forwarding no
PermitUserEnvironment no
UsePAM yes

LoginGraceTime 30
MaxAuthTries 4
MaxSessions 10
MaxStartups {arrivals}
ClientAliveInterval 300
ClientAliveCountMax 2
LogLevel VERBOSE
PrintMotd no
Subsystem sftp internal-sftp

KexAlgorithms mlkem768x25519-sha256,sntrup761x25519-sha512,sntrup761x25519-sha512@openssh.com,\
curve25519-sha256,curve25519-sha256@libssh.org
Ciphers aes256-gcm@openssh.com,aes128-gcm@openssh.com,aes256-ctr,aes192-ctr,aes128-ctr
MACs hmac-sha2-512-etm@openssh.com,hmac-sha2-256-etm@openssh.com,umac-128-etm@openssh.com
HostKeyAlgorithms ssh-ed25519
PubkeyAcceptedAlgorithms ssh-ed25519,sk-ssh-ed25519@openssh.com,rsa-sha2-512,rsa-sha2-256
"""


@dataclass(frozen=True, kw_only=True)
class SshHardening:
    user: str
    authorized_keys: tuple[str, ...]
    """Public keys; two while a deploy key is changed for another."""
    jump_host: bool = False
    """Lets connections through to other hosts; the operations instance alone does."""

    def __post_init__(self) -> None:
        if not self.authorized_keys:
            raise ValueError(f"no public key is given for {self.user}: nobody could log in again")


def ssh_hardening(wanted: SshHardening) -> Role:
    """Judged by sshd before it takes effect; sessions that are open stay open."""
    keys = "".join(f"{key.strip()}\n" for key in wanted.authorized_keys)
    return Role(
        name="ssh",
        install=(Packages(("openssh-server",)),),
        configure=(
            Directory("/etc/ssh/authorized_keys"),
            File(
                f"/etc/ssh/authorized_keys/{wanted.user}",
                keys,
                validate="ssh-keygen -l -f %s",
            ),
            # What drops files there would come before ours, and sshd takes the first word it gets.
            Absent("/etc/ssh/sshd_config.d", owes=(reload("ssh.service"),)),
            File(
                "/etc/ssh/sshd_config",
                CONFIGURATION.format(
                    users=wanted.user,
                    forwarding="yes" if wanted.jump_host else "no",
                    # All hosts are configured side by side, and all connections come through it.
                    arrivals="100:30:200" if wanted.jump_host else "20:30:60",
                ),
                mode="0600",
                validate="sshd -t -f %s",
                owes=(reload("ssh.service"),),
            ),
            *(
                Absent(f"/etc/ssh/ssh_host_{kind}_key{half}")
                for kind in ("rsa", "ecdsa", "dsa")
                for half in ("", ".pub")
            ),
            File(
                "/etc/sudoers.d/groundwork",
                f"Defaults use_pty\nDefaults !requiretty\n{wanted.user} ALL=(ALL) NOPASSWD: ALL\n",
                mode="0440",
                validate="visudo --check --quiet --file=%s",
            ),
        ),
        activate=(Running("ssh.service"),),
    )
