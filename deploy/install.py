"""`./deploy/install`: reads what was typed; the work is in installation.py.

No syntax so new that an old Python could not say what it lacks.
"""

from __future__ import annotations

import argparse
import os
import sys

from deploy.set_up_machine import refuse_unfit_machine
from deploy.set_up_progress import SetUpRefused


def main() -> None:
    """Install; status 0 when `lpse-agent doctor` then finds everything well."""
    given = vars(_parser().parse_args())
    try:
        refuse_unfit_machine("./deploy/install")
        from deploy.installation import install  # an old Python cannot even read it

        sys.exit(install(given))
    except SetUpRefused as reason:
        sys.exit(str(reason))
    except KeyboardInterrupt:
        sys.exit("Interrupted: start it again, what is finished stays.")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="./deploy/install",
        description=(
            "Install the helpdesk on this Debian machine for good: Asterisk, agent, database,"
            " firewall, fail2ban and clock under systemd. Start it again at any time, without the"
            " answers it already has; whoever talks, talks on. DATABASE_URL names a PostgreSQL of"
            " your own instead of this machine's."
        ),
    )
    parser.add_argument(
        "--trunk",
        action="append",
        metavar="ADDRESS",
        help="address or network that the telephone company calls from; may be repeated",
    )
    parser.add_argument("--number", help="the helpdesk's number as the trunk dials it (1500)")
    parser.add_argument(
        "--phones",
        action="append",
        metavar="NETWORK",
        help="network with operators' telephones; may be repeated (the private ranges)",
    )
    parser.add_argument(
        "--pages-origin",
        metavar="URL",
        help="how browsers see the pages, https://helpdesk.example.go.id (on this machine alone);"
        " without a certificate nginx speaks TLS: README says how",
    )
    parser.add_argument(
        "--pages-certificate",
        metavar="FILE",
        type=os.path.abspath,
        help="certificate chain (PEM) of that name: the agent itself speaks TLS. Leave the file"
        " where it is: a repeat takes up the renewed one",
    )
    parser.add_argument(
        "--pages-key", metavar="FILE", type=os.path.abspath, help="its private key (PEM)"
    )
    parser.add_argument(
        "--browsers",
        action="append",
        metavar="NETWORK",
        help="network from which pages are seen; may be repeated (the private ranges)",
    )
    parser.add_argument("--sip-address", help="address to take SIP at (all of this machine's)")
    parser.add_argument(
        "--standby",
        action=argparse.BooleanOptionalAction,
        help="also run a second agent that takes over from the first",
    )
    return parser


if __name__ == "__main__":
    main()
