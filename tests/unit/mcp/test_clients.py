"""What clients need to start this installation."""

import json
import tomllib
from pathlib import Path

import pytest

from kotadb.mcp.clients import Client, snippet, unshown

ENVIRONMENT = {
    "KOTADB_DATA_DIR": '/da"ta',
    "KOTADB_GIT_PROXY": "https://user:password@proxy",
    "DATABASE_URL": "postgresql://user:password@host/name",
    "HOME": "/home/somebody",
}


def server(client: Client, environment: dict[str, str]) -> dict[str, object]:
    text = snippet(client, environment)
    found = tomllib.loads(text) if client is Client.CODEX else json.loads(text)
    assert isinstance(found, dict)
    names = {Client.CODEX: "mcp_servers", Client.VSCODE: "servers"}
    assert found.keys() == {names.get(client, "mcpServers")}
    [(name, made)] = next(iter(found.values())).items()
    assert name == "kotadb"
    assert isinstance(made, dict)
    return made


@pytest.mark.parametrize("client", Client)
def test_each_client_is_told_the_absolute_path_of_the_command(client: Client) -> None:
    made = server(client, {})
    assert Path(str(made["command"])).is_absolute()
    assert Path(str(made["command"])).is_file()
    assert isinstance(made["args"], list)
    assert made["args"][-1] == "mcp"
    assert "env" not in made


@pytest.mark.parametrize("client", Client)
def test_settings_go_along_but_what_may_hold_a_password(client: Client) -> None:
    assert server(client, ENVIRONMENT)["env"] == {"KOTADB_DATA_DIR": '/da"ta'}
    assert "password" not in snippet(client, ENVIRONMENT)
    assert unshown(ENVIRONMENT) == ["DATABASE_URL", "KOTADB_GIT_PROXY"]


def test_vs_code_wants_to_know_how_it_speaks() -> None:
    assert server(Client.VSCODE, {})["type"] == "stdio"
