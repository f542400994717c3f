"""The package that a specifier names when it leads out of the repository."""

import re

_MAX_SPECIFIER = 1000
_SCHEME = re.compile(r"([A-Za-z][\w+.-]+):")
_ALIAS = re.compile(r"[@~](?:/|\Z)")
_REGISTRIES = frozenset({"npm", "jsr"})
_WEB = frozenset({"http", "https"})

# From `module.builtinModules` of Node.js 24. No package of a repository takes the place of one of these by mere name.
_BUILTINS = (
    "assert async_hooks buffer child_process cluster console constants crypto dgram diagnostics_channel dns domain"
    " events fs http http2 https inspector module net os path perf_hooks process punycode querystring readline repl"
    " stream string_decoder sys timers tls trace_events tty url util v8 vm wasi worker_threads zlib"
)
BUILTINS = frozenset(_BUILTINS.split())


def is_relative(specifier: str) -> bool:
    """Whether it starts from the importer's folder."""
    return specifier in (".", "..") or specifier.startswith(("./", "../", ".\\", "..\\"))


def package_of(specifier: str) -> str | None:
    """The name of the package: without the path in it, a version, or a query; None if it cannot be one.

    `@/x` and `~/x` are aliases by convention: no package has such a name.
    """
    if not specifier or specifier[0] in "./\\#" or len(specifier) > _MAX_SPECIFIER or not specifier.isprintable():
        return None
    scheme = _SCHEME.match(specifier)
    if scheme is not None:
        return _with_scheme(scheme[1], specifier[scheme.end() :])
    return _name(specifier)


def _with_scheme(scheme: str, rest: str) -> str | None:
    if scheme in _REGISTRIES:
        return _without_version(_name(rest.lstrip("/")))
    if scheme in _WEB:
        return re.split(r"[?#]", _without_user(rest.lstrip("/")))[0].rstrip("/") or None
    if scheme == "file":
        return None
    return "data:" if scheme == "data" else f"{scheme}:{_name(rest) or rest}"


def _without_user(address: str) -> str:
    """Credentials are no part of a name."""
    host, slash, path = address.partition("/")
    return host.rpartition("@")[2] + slash + path


def _name(specifier: str) -> str | None:
    if _ALIAS.match(specifier):
        return None
    segments = specifier.partition("?")[0].split("/")
    return "/".join(segments[: 2 if specifier.startswith("@") else 1]) or None


def _without_version(name: str | None) -> str | None:
    if name is None:
        return None
    return name[0] + name[1:].partition("@")[0]
