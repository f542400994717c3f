"""What to write into the configuration of clients, so that they start this installation's `kotadb mcp`."""

import json
import os
import sys
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Any

NAME = "kotadb"
STARTUP_SECONDS = 30
"""The first start of the embedded PostgreSQL on a slow machine takes a while."""

SECRETS = frozenset({"DATABASE_URL", "KOTADB_GIT_PROXY"})
"""May hold passwords: these are not shown."""


class Client(StrEnum):
    """A client, by the name of its program."""

    CLAUDE = "claude"
    CURSOR = "cursor"
    VSCODE = "vscode"
    CODEX = "codex"


PLACES = {
    Client.CLAUDE: ".mcp.json in the root of a project; for all projects: claude mcp add --scope user",
    Client.CURSOR: ".cursor/mcp.json in the root of a project, or ~/.cursor/mcp.json",
    Client.VSCODE: ".vscode/mcp.json in the root of a project",
    Client.CODEX: "~/.codex/config.toml, or .codex/config.toml in the root of a project that is trusted",
}
"""Where each looks for it."""


def snippet(client: Client, environment: Mapping[str, str] = os.environ) -> str:
    """The configuration, in the format of this client."""
    command = [*_command(), "mcp"]
    settings = {name: value for name, value in environment.items() if name.startswith("KOTADB_")}
    shown = {name: settings[name] for name in sorted(settings.keys() - SECRETS)}
    if client is Client.CODEX:
        return _toml(command, shown)
    server: dict[str, Any] = {"type": "stdio", "command": command[0], "args": command[1:]}
    if shown:
        server["env"] = shown
    return json.dumps({"servers" if client is Client.VSCODE else "mcpServers": {NAME: server}}, indent=2)


def unshown(environment: Mapping[str, str] = os.environ) -> list[str]:
    """Variables that count here and are not in the snippet."""
    return sorted(SECRETS & environment.keys())


def _command() -> list[str]:
    """How this installation is started, wherever that is."""
    program = Path(sys.executable).with_name(NAME)
    # -P: the current folder is a stranger's repository; nothing may be imported from there.
    return [str(program)] if program.is_file() else [sys.executable, "-P", "-m", NAME]


def _toml(command: list[str], environment: Mapping[str, str]) -> str:
    """Strings and lists of TOML are written as in JSON."""
    lines = [
        f"[mcp_servers.{NAME}]",
        f"command = {json.dumps(command[0])}",
        f"args = {json.dumps(command[1:])}",
        f"startup_timeout_sec = {STARTUP_SECONDS}",
    ]
    if environment:
        lines += ["", f"[mcp_servers.{NAME}.env]", *(f"{k} = {json.dumps(v)}" for k, v in environment.items())]
    return "\n".join(lines)
