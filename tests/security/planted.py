"""Breaks, which disable one guard each, in the processes of kotadb and without their knowing."""

from collections.abc import Callable
from typing import Any

from kotadb.git import addresses, command, fetch, sources


def plant(wanted: dict[str, Any]) -> None:
    """`wanted` has the name of a `break`, or None."""
    if wanted["break"] in BREAKS:
        BREAKS[wanted["break"]]()


def _set(module: Any, name: str, value: object) -> Callable[[], None]:
    return lambda: setattr(module, name, value)


def _configured(changes: dict[str, str]) -> Callable[[], None]:
    """git with another configuration than ours."""
    return _set(command, "CONFIG", {**command.CONFIG, **changes})


def _anything(*arguments: object) -> bool:
    return True


def _unpinned(https_config: Callable[..., dict[str, str]]) -> Callable[..., dict[str, str]]:
    """git looks names up itself."""

    def config(*arguments: Any) -> dict[str, str]:
        found = dict(https_config(*arguments))
        found.pop("http.curloptResolve", None)
        return found

    return config


BREAKS: dict[str, Callable[[], object]] = {
    "deny_list": _set(addresses, "is_public", _anything),
    "names": _set(sources, "require_public_name", _anything),
    "pin": lambda: setattr(fetch, "_https_config", _unpinned(fetch._https_config)),  # type: ignore[arg-type]
    "redirects": _configured({"http.followRedirects": "true"}),
}
