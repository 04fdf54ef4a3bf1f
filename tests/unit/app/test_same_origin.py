"""What the outermost layer refuses, and what every answer carries."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import pytest
from werkzeug.test import Client, TestResponse
from werkzeug.wrappers import Request, Response

from app.web.middleware.proxy import ProxyMiddleware, is_root_path
from app.web.middleware.same_origin import SameOriginMiddleware, is_local_name
from app.web.middleware.security_headers import is_site

HOST = "127.0.0.1:8000"
SOCKETS = "/socket.io/?EIO=4&transport=polling"
UPGRADE = {"Connection": "Upgrade", "Upgrade": "websocket"}

OTHER_SITES: list[dict[str, str]] = [
    {"Origin": "https://evil.example"},
    {"Origin": "null"},
    {"Origin": "http://[not-a-host"},
    {"Origin": "http://127.0.0.1:1"},
    {"Origin": f"https://{HOST}"},
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
]
THIS_SITE: list[dict[str, str]] = [
    {"Origin": f"http://{HOST}", "Sec-Fetch-Site": "same-origin"},
    {"Origin": f"http://{HOST}"},
    {"Sec-Fetch-Site": "none"},
    {},
]
FORWARDED = {
    "X-Forwarded-For": "203.0.113.7, 198.51.100.9",
    "X-Forwarded-Proto": "https",
    "X-Forwarded-Host": "charnn.example",
    "Forwarded": "for=1.2.3.4;proto=https",
}


class Behind:
    """An application behind the guard, which answers everything and keeps what it was asked."""

    def __init__(
        self,
        *,
        trusted_proxies: int = 0,
        local_only: bool = True,
        allowed_hosts: str = "",
        root_path: str = "",
        frame_ancestors: str = "",
    ) -> None:
        self.asked: list[dict[str, Any]] = []
        guard = SameOriginMiddleware(
            self._answer,
            local_only=local_only,
            allowed_hosts=allowed_hosts.split(),
            frame_ancestors=frame_ancestors,
        )
        self._client = Client(
            ProxyMiddleware(guard, trusted_proxies=trusted_proxies, root_path=root_path)
        )

    def ask(self, path: str, method: str = "GET", **headers: str) -> TestResponse:
        """Send a request; its Host is this machine's unless it is among the headers."""
        headers = {"Host": HOST, **headers}
        return self._client.open(path, method=method, headers=headers)

    def _answer(self, environ: Any, start_response: Any) -> Any:
        self.asked.append({**environ, "url": Request(environ).url})
        response = Response("here", headers={"Referrer-Policy": "no-referrer"})
        return response(environ, start_response)


def code(response: TestResponse) -> str:
    answer = response.get_json()
    assert (answer["ok"], answer["field"]) == (False, None)
    return str(answer["code"])


@pytest.mark.parametrize("headers", OTHER_SITES)
def test_what_another_sites_page_sends_does_not_get_past(headers: dict[str, str]) -> None:
    behind = Behind()
    for response in (
        behind.ask(SOCKETS, **headers),
        behind.ask(SOCKETS, "POST", **headers),
        behind.ask("/anywhere", **headers, **UPGRADE),
        behind.ask("/api/model.json", "PUT", **headers),
        behind.ask("/token", "POST", **headers),
    ):
        assert (response.status_code, code(response)) == (403, "other_site")
    assert not behind.asked


@pytest.mark.parametrize("headers", THIS_SITE)
def test_what_the_own_page_or_a_program_sends_gets_past(headers: dict[str, str]) -> None:
    behind = Behind()
    assert behind.ask(SOCKETS, **headers).status_code == 200
    assert behind.ask("/api/model.json", "PUT", **headers).status_code == 200
    assert behind.ask(SOCKETS, **headers, **UPGRADE).status_code == 200


def test_a_link_from_another_site_opens_a_page() -> None:
    headers = {"Sec-Fetch-Site": "cross-site", "Origin": "https://elsewhere.example"}
    assert Behind().ask("/", **headers).status_code == 200


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1.evil.example", "localhost.evil.example", "[::1", "10.0.0.1"]
)
def test_a_foreign_name_that_leads_to_this_machine_is_refused_wherever_it_asks(host: str) -> None:
    assert not is_local_name(host)
    behind = Behind()
    for path in ("/", "/healthz", "/api/model.json", SOCKETS):
        response = behind.ask(path, Host=host)
        assert (response.status_code, code(response)) == (403, "other_host")
    assert not behind.asked


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:1234", "127.0.0.1", "[::1]:80", "::1"])
def test_the_names_of_this_machine_are_its_own(host: str) -> None:
    assert is_local_name(host)
    header = "[::1]" if host == "::1" else host
    assert Behind().ask("/healthz", Host=header).status_code == 200


def test_where_others_may_come_every_name_is_answered() -> None:
    assert Behind(local_only=False).ask("/", Host="charnn.example").status_code == 200


@pytest.mark.parametrize("local_only", [False, True])
def test_a_server_with_allowed_hosts_answers_to_these_names(local_only: bool) -> None:
    """Off localhost too, no foreign name may lead to the server."""
    behind = Behind(local_only=local_only, allowed_hosts="charnn.example Other.example")
    for host in ("charnn.example", "CHARNN.example:8000", "other.example", "localhost", "10.0.0.7"):
        assert behind.ask("/", Host=host).status_code == 200
    for host in ("evil.example", "charnn.example.evil.example", "a.charnn.example", "", "[::1"):
        assert code(behind.ask("/", Host=host)) == "other_host"


def test_behind_a_proxy_the_forwarded_name_must_be_allowed() -> None:
    behind = Behind(trusted_proxies=1, allowed_hosts="charnn.example")
    assert behind.ask("/", **{"X-Forwarded-Host": "charnn.example"}).status_code == 200
    assert code(behind.ask("/", **{"X-Forwarded-Host": "evil.example"})) == "other_host"


def test_every_answer_says_that_no_other_site_may_use_it_and_no_foreign_script_runs() -> None:
    behind = Behind()
    answers = [behind.ask("/"), behind.ask("/", Host="evil.example"), behind.ask("/", "PUT")]
    for headers in [answer.headers for answer in answers]:
        policy = headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["X-Frame-Options"] == "DENY"
        assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
        assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
        assert "Permissions-Policy" in headers
        assert "Strict-Transport-Security" not in headers
        assert "Access-Control-Allow-Origin" not in headers
    assert answers[0].headers["Referrer-Policy"] == "no-referrer"  # an answer's own stays
    assert answers[1].headers["Referrer-Policy"] == "same-origin"


def test_without_a_proxy_forwarded_headers_count_for_nothing() -> None:
    behind = Behind()
    answer = behind.ask("/", **FORWARDED)
    assert "Strict-Transport-Security" not in answer.headers
    (seen,) = behind.asked
    assert urlsplit(seen["url"]).scheme == "http"
    assert not [name for name in seen if "FORWARDED" in name]
    assert code(behind.ask(SOCKETS, **FORWARDED, Origin="https://charnn.example")) == "other_site"


def test_a_trusted_proxy_says_who_visits_and_by_which_address() -> None:
    behind = Behind(trusted_proxies=1, local_only=False)
    answer = behind.ask("/", **FORWARDED)
    assert "max-age" in answer.headers["Strict-Transport-Security"]
    (seen,) = behind.asked
    assert seen["url"] == "https://charnn.example/"
    assert seen["REMOTE_ADDR"] == "198.51.100.9"  # the last: what came before it is made up
    own = behind.ask(SOCKETS, **FORWARDED, Origin="https://charnn.example")
    assert own.status_code == 200
    for origin in ("http://charnn.example", "https://evil.example", f"http://{HOST}"):
        assert code(behind.ask(SOCKETS, **FORWARDED, Origin=origin)) == "other_site"


@pytest.mark.parametrize(
    ("proxies", "headers", "address", "url"),
    [
        (2, {"For": "1.1.1.1, 2.2.2.2, 3.3.3.3"}, "2.2.2.2", f"http://{HOST}/"),
        (
            2,
            {"For": "2.2.2.2", "Proto": "https", "Host": "a.example"},
            "2.2.2.2",
            "https://a.example/",
        ),
        (
            2,
            {"Proto": "http, https, http", "Host": "x, a.example:1, b"},
            "",
            "https://a.example:1/",
        ),
        (1, {"For": "9.9.9.9, 2.2.2.2:4711"}, "2.2.2.2", f"http://{HOST}/"),
        (1, {"For": "[2001:db8::1]:80"}, "2001:db8::1", f"http://{HOST}/"),
        (1, {"For": "2001:db8::1"}, "2001:db8::1", f"http://{HOST}/"),
    ],
)
def test_each_of_several_proxies_adds_or_replaces_an_entry(
    proxies: int, headers: dict[str, str], address: str, url: str
) -> None:
    behind = Behind(trusted_proxies=proxies, local_only=False)
    behind.ask("/", **{f"X-Forwarded-{name}": value for name, value in headers.items()})
    (seen,) = behind.asked
    assert (seen["REMOTE_ADDR"], seen["url"]) == (address, url)


@pytest.mark.parametrize("path", ["/charnn/api/x", "/api/x"])
@pytest.mark.parametrize(
    ("settings", "headers"),
    [
        ({"root_path": "/charnn"}, {}),
        ({"trusted_proxies": 1, "local_only": False}, {"X-Forwarded-Prefix": "/charnn/"}),
    ],
)
def test_a_root_path_is_separated_whether_or_not_the_proxy_removes_it(
    path: str, settings: dict[str, Any], headers: dict[str, str]
) -> None:
    behind = Behind(**settings)
    behind.ask(path, **headers)
    (seen,) = behind.asked
    assert (seen["SCRIPT_NAME"], seen["PATH_INFO"]) == ("/charnn", "/api/x")


@pytest.mark.parametrize("prefix", ["//evil.example", "/a?b", '/a"b', "x", "/a//b"])
def test_a_malformed_prefix_is_ignored(prefix: str) -> None:
    behind = Behind(trusted_proxies=1, local_only=False, root_path="/charnn")
    behind.ask("/charnned", **{"X-Forwarded-Prefix": prefix})
    (seen,) = behind.asked
    assert (seen["SCRIPT_NAME"], seen["PATH_INFO"]) == ("/charnn", "/charnned")


def test_only_named_sites_may_embed_the_page() -> None:
    sites = "https://a.example https://*.b.example:8443"
    headers = Behind(frame_ancestors=sites).ask("/").headers
    assert headers["Content-Security-Policy"].endswith(f"frame-ancestors {sites}")
    assert "X-Frame-Options" not in headers


def test_paths_and_sites_that_would_end_up_elsewhere_are_not_accepted() -> None:
    assert all(map(is_root_path, ["", "/a", "/a/b-c_d.e~f"]))
    assert not any(map(is_root_path, ["a", "/", "/a/", "//a", "/a b", "/a;b", "/ä", "/a\n"]))
    assert all(map(is_site, ["https://a.example", "http://localhost:80", "https://*.a.example"]))
    for other in (
        "a.example",
        "https://a.example/",
        "https://a;script-src",
        "*",
        "https://a\n",
        "",
    ):
        assert not is_site(other)
