"""Who may do what in Redis: an administrator, and a user for each service who reaches its own keys and channels."""

from collections.abc import Callable, Iterable, Mapping

ADMIN = "virtubar"
# What services do, and nothing else: no looking at keys without naming one (scan, keys, dbsize), none of what all users
# share (script and function flush, publish), no way to carry a key off or bring one in (dump, restore, migrate).
CONNECTING = ("auth", "hello", "ping", "quit", "reset", "select")
KEEPING = ("get", "incrby", "hget", "hmget", "hset", "hdel", "sadd", "srem", "smembers", "del", "expire", "pexpire")
TELLING = ("xadd", "xdel", "xrange", "xtrim", "xinfo|stream", "hgetall")
DECIDING = ("script|load", "evalsha")
COMMANDS = tuple(f"+{command}" for command in (*CONNECTING, *KEEPING, *TELLING, *DECIDING))


def users(keys: Mapping[str, Iterable[str]], word: Callable[[str], str]) -> list[list[str]]:
    """A line of words for each user, as `user` in redis.conf and `--user` take it.

    `keys` are the key patterns of every service; `word` gives the password of `redis/<user>`.
    """
    lines = [["default", "off"], [ADMIN, "on", f">{word(f'redis/{ADMIN}')}", "~*", "&*", "+@all"]]
    for service, patterns in keys.items():
        reach = (f"~{pattern}" for pattern in patterns)
        lines.append([service, "on", f">{word(f'redis/{service}')}", *reach, "-@all", *COMMANDS])
    return lines
