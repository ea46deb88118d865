"""The command line: `install` makes peers' environments, `list` says which of them run."""

import argparse
import sys
from pathlib import Path

from benchmarks.peers.client import Peer
from benchmarks.peers.environments import ENVIRONMENTS, FOLDER, CannotInstall, install, python_of

SELF_CHECK = {"rows": 64, "columns": 64, "tokens": 16, "sparsity": 0.75, "block": [4, 1], "runs": 3, "weights": 2}


def install_all(names: list[str], folder: Path) -> int:
    """Install each; the number of those that could not be."""
    failures = 0
    for name in names:
        print(f"{name}: installing {', '.join(ENVIRONMENTS[name].requirements) if name in ENVIRONMENTS else '?'}")
        try:
            install(name, folder)
        except CannotInstall as reason:
            failures += 1
            print(f"{name}: {reason}")
    return failures


def show(folder: Path) -> int:
    """Print a line for every peer: what it did with a tiny layer, or why it did nothing."""
    for name, environment in ENVIRONMENTS.items():
        if not environment.layers:
            missing = (
                "" if python_of(name, folder).exists() else f"not installed: python -m benchmarks.peers install {name}"
            )
            print(f"{name:18} {'missing' if missing else 'there':8} {missing or 'used by benchmarks.models'}")
            continue
        with Peer(name, folder) as peer:
            missing = peer.missing
            measured = peer.measure(SELF_CHECK)
        if measured.seconds is not None:
            print(f"{name:18} runs     {measured.what}")
        else:
            print(f"{name:18} {'missing' if missing else 'fails':8} {measured.error}")
    return 0


def main() -> int:
    """Parse, do, say how it went."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.peers", description="Other engines to compare with.")
    commands = parser.add_subparsers(required=True, dest="command")
    installer = commands.add_parser("install", help="make an environment for each of these peers")
    installer.add_argument("names", nargs="+", metavar="NAME", help=", ".join(ENVIRONMENTS))
    for command in (installer, commands.add_parser("list", help="say which peers run")):
        command.add_argument("--folder", type=Path, default=FOLDER, help="where environments are, %(default)s")
    arguments = parser.parse_args()
    if arguments.command == "install":
        return install_all(arguments.names, arguments.folder)
    return show(arguments.folder)


if __name__ == "__main__":
    sys.exit(main())
