"""The servers that an office has and we do not, mail and Request Tracker; for the tests.

They lie in a Debian root of their own, as Asterisk does, but nothing in it is installed: their
files are laid out and the little that they need to run is written here. That takes a third of the
time, and no script of a package can start anything on this machine.
"""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

from deploy.set_up_asterisk import SUITE, cache, contained, mirror, remove
from deploy.set_up_machine import install_packages, refuse_unusable_folder
from deploy.set_up_progress import SetUpRefused

if TYPE_CHECKING:
    from deploy.set_up_progress import Progress

# The first three are what a chroot needs; rt5-standalone keeps a whole Apache away.
PACKAGES = (
    "base-files",
    "dash",
    "util-linux",
    "request-tracker5",
    "rt5-db-sqlite",
    "rt5-standalone",
    "exim4-daemon-light",
)
NEVER_READ = ("usr/share/doc", "usr/share/man", "usr/share/fonts")
STAMP = "lpse-agent.json"
NEEDED_BYTES = 850_000_000  # the root has 345 MB; at first what is never read, and its packages
SERVER_ID = 64150  # of those that Debian gives to nobody; Exim knows it by its name
TRACKER = "/srv/request-tracker"  # where in the root a Request Tracker lies that is ready to use
PERL = ("/usr/bin/perl", "-I/usr/share/request-tracker5/lib")
TRIED = (
    ("/usr/sbin/exim4", "-C", "/dev/null", "-bV"),
    (*PERL, "-MRT", "-e", "RT->LoadConfig"),
)

FILES = {
    "etc/passwd": f"root:x:0:0::/root:/bin/sh\nDebian-exim:x:{SERVER_ID}:{SERVER_ID}::/:/bin/sh\n",
    "etc/group": f"root:x:0:\nmail:x:8:\nDebian-exim:x:{SERVER_ID}:\n",
    "etc/hosts": "127.0.0.1 localhost\n",
    # Its variables are set for each Request Tracker that is started: deploy/office_servers.py.
    "etc/request-tracker5/RT_SiteConfig.pm": """\
Set($rtname, 'lpse.test');
Set($Organization, 'lpse.test');
Set($WebDomain, '127.0.0.1');
Set($WebPort, $ENV{RT_PORT} || 80);
Set($DatabaseType, 'SQLite');
Set($DatabaseName, "$ENV{RT_FOLDER}/rt.sqlite");
Set($MailCommand, sub { 1 });
Set($LogToSyslog, undef);
Set($LogToSTDERR, 'error');
$RT::MasonDataDir = "$ENV{RT_FOLDER}/mason_data";
$RT::MasonSessionDir = "$ENV{RT_FOLDER}/session_data";
1;
""",
}

# A queue, and an account that may do there what the agent does and no more.
ACCOUNT = """
use RT -init;
my $queue = RT::Queue->new(RT->SystemUser);
my ($made, $why) = $queue->Create(Name => 'LPSE');
die $why unless $made;
my $user = RT::User->new(RT->SystemUser);
($made, $why) = $user->Create(Name => 'lpse-agent', Privileged => 1);
die $why unless $made;
for my $right (qw(SeeQueue ShowTicket CreateTicket)) {
    ($made, $why) = $user->PrincipalObj->GrantRight(Right => $right, Object => $queue);
    die $why unless $made;
}
my $token = RT::AuthToken->new(RT->SystemUser);
($made, $why, my $secret) = $token->Create(Owner => $user->id, Description => 'lpse-agent');
die $why unless $made;
open(my $file, '>', "$ENV{RT_FOLDER}/token") or die $!;
print $file $secret;
close($file) or die $!;
"""


def find_or_make_servers(progress: Progress, log: Path) -> Path:
    """Return the root with all servers, made when it is not complete. Raises SetUpRefused."""
    root = cache() / "servers"
    if _what_lacks(root) is not None:
        refuse_unusable_folder(root.parent, NEEDED_BYTES)
        root.parent.mkdir(parents=True, exist_ok=True)
        with progress.alone(root.parent / "lock"):
            lacking = _what_lacks(root)  # anew: another run may have made it meanwhile
            if lacking is not None:
                progress.say(f"Servers for the tests: {lacking}")
                install_packages(["mmdebstrap"], progress, log)
                _make_root(root, progress, log)
    progress.say(f"Servers for the tests: {root} is ready")
    return root


def in_root(root: Path, *command: str) -> list[str]:
    """The command line that runs a command in the root as its user, and ends it with us."""
    drop = [f"--reuid={SERVER_ID}", f"--regid={SERVER_ID}", "--clear-groups"]
    # Changing the user forgets the signal, so setpriv of the root is the one to ask for it.
    drop += ["--pdeathsig", "TERM"]
    return ["chroot", str(root), "/usr/bin/setpriv", *drop, *command]


def variables(tracker: str = TRACKER) -> dict[str, str]:
    """All that a program in the root may know of the world outside; a folder in it is RT's."""
    return {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "RT_FOLDER": tracker}


def _what_lacks(root: Path) -> str | None:
    if _stamp_of(root) != sorted(PACKAGES):
        return f"there is no complete set in {root} yet"
    for command in TRIED:
        tried = subprocess.run(
            in_root(root, *command), env=variables(), capture_output=True, text=True
        )
        if tried.returncode:
            words = (tried.stderr.strip().splitlines() or ["no word why"])[0]
            return f"{command[0]} in {root} does not run: {words}"
    if not (root / TRACKER[1:] / "token").is_file():
        return f"there is no Request Tracker ready for use in {root}"
    return None


def _stamp_of(root: Path) -> object:
    try:
        return json.loads((root / STAMP).read_text())
    except (OSError, ValueError):
        return None


def _make_root(root: Path, progress: Progress, log: Path) -> None:
    progress.say(f"Servers for the tests: making {root} with mmdebstrap (a minute, 345 MB)")
    unfinished = root.with_name("servers.unfinished")
    remove(unfinished)
    command = ["mmdebstrap", "--variant=extract", "--skip=chroot/mount"]
    # A mirror some days behind is as good here, and debootstrap does not look at its date either.
    command += ["--aptopt=Acquire::Check-Valid-Until false"]
    command += [f"--include={','.join(PACKAGES)}", SUITE, str(unfinished), *mirror()]
    progress.run([*contained(), *command], log)
    for folder in NEVER_READ:
        remove(unfinished / folder)
    unfinished.chmod(0o755)
    for name, content in FILES.items():
        (unfinished / name).write_text(content)
    _make_tracker(unfinished, progress, log)
    (unfinished / STAMP).write_text(json.dumps(sorted(PACKAGES)))
    lacking = _what_lacks(unfinished)
    if lacking is not None:
        raise SetUpRefused(f"Debian {SUITE} has no servers for us today ({lacking}): try tomorrow.")
    remove(root)
    unfinished.rename(root)


def _make_tracker(root: Path, progress: Progress, log: Path) -> None:
    """Its tables, the queue and the account; tests start with copies of this folder."""
    folder = root / TRACKER[1:]
    folder.mkdir(parents=True)
    for part in (folder, folder / "mason_data", folder / "session_data"):
        part.mkdir(exist_ok=True)
        subprocess.run(["chown", f"{SERVER_ID}:{SERVER_ID}", str(part)], check=True)
    inside = ["env", "-i", *(f"{name}={value}" for name, value in variables().items())]
    tables = ["/usr/sbin/rt-setup-database-5", "--action=init", "--skip-create"]
    for command in (tables, [*PERL, "-e", ACCOUNT]):
        progress.run([*inside, *in_root(root, *command)], log)
