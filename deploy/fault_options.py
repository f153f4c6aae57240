"""What ./deploy/faults may be asked for; read on the machine's own Python before the set-up too."""

from __future__ import annotations

import argparse


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options of ./deploy/faults."""
    only = "run this fault alone, for example F07; may be repeated"
    parser.add_argument("--only", action="append", metavar="FAULT", help=only)
    parser.add_argument("--long", action="store_true", help="run also what takes minutes")
    soak = "run also the soak test (F34), for so long"
    parser.add_argument("--soak", type=float, metavar="MINUTES", help=soak)
    parser.add_argument("--json", metavar="FILE", help="write what was found there as well")
