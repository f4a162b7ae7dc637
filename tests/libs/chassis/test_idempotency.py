"""What makes two requests the same."""

from libs.chassis.idempotency import fingerprint


def test_the_fingerprint_is_of_method_path_and_body() -> None:
    requests = [
        ("POST", "/v1/rooms", b"{}"),
        ("PUT", "/v1/rooms", b"{}"),
        ("POST", "/v1/room", b"s{}"),
        ("POST", "/v1/rooms", b'{"a": 1}'),
    ]
    assert len({fingerprint(*each) for each in requests}) == len(requests)
    assert fingerprint("POST", "/v1/rooms", b"{}") == fingerprint(*requests[0])
    assert len(fingerprint(*requests[0])) == 32
