"""Who may do what in Redis: an administrator, and a user for each service who reaches its own keys and channels."""

from collections.abc import Callable, Iterable, Mapping

ADMIN = "virtubar"
# Commands that look at keys without naming one would show a service the keys of another.
BLIND = ("-@admin", "-@dangerous", "-scan", "-randomkey", "-dbsize")


def users(keys: Mapping[str, Iterable[str]], word: Callable[[str], str]) -> list[list[str]]:
    """A line of words for each user, as `user` in redis.conf and `--user` take it.

    `keys` are the key patterns of every service; `word` gives the password of `redis/<user>`.
    """
    lines = [["default", "off"], [ADMIN, "on", f">{word(f'redis/{ADMIN}')}", "~*", "&*", "+@all"]]
    for service, patterns in keys.items():
        reach = [*(f"~{pattern}" for pattern in patterns), f"&{service}:*"]
        lines.append([service, "on", f">{word(f'redis/{service}')}", *reach, "+@all", *BLIND, "+info"])
    return lines
