"""People are people, also inside an app; machines never become a guest's visit."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.datastructures import Headers

from portal.acquisition.bots import classify
from portal.acquisition.devices import family_of

IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko)"
ANDROID = "Mozilla/5.0 (Linux; Android 14; {model}) AppleWebKit/537.36 (KHTML, like Gecko)"
WEBVIEW = ANDROID.format(model="{model}; wv") + " Version/4.0 Chrome/125.0.6422.165 Mobile Safari/537.36"

PEOPLE = [
    f"{IPHONE} Version/17.5 Mobile/15E148 Safari/604.1",
    f"{IPHONE} Mobile/15E148",  # Apple's captive window
    f"{IPHONE} CriOS/125.0.6422.80 Mobile/15E148 Safari/604.1",
    f"{IPHONE} Mobile/15E148 Instagram 334.0.0.22.106 (iPhone14,5; iOS 17_5; ru_RU; ru; scale=3.00; 1170x2532; 602412839)",
    f"{IPHONE} GSA/318.0.636382222 Mobile/15E148 Safari/604.1",
    f"{IPHONE} Mobile/15E148 [FBAN/FBIOS;FBAV/465.0.0.40.114;FBBV/600000000;FBDV/iPhone14,5;FBMD/iPhone]",
    f"{IPHONE} Version/17.5 YaBrowser/24.6.1.1.10 Mobile/15E148 Safari/604.1",
    f"{IPHONE} Mobile/15E148 Viber/22.5.1",
    ANDROID.format(model="K") + " Chrome/125.0.0.0 Mobile Safari/537.36",
    ANDROID.format(model="CUBOT X70") + " Chrome/125.0.0.0 Mobile Safari/537.36",
    ANDROID.format(model="Redmi Note 12") + " Chrome/125.0.0.0 YaBrowser/24.6.1.66.00 SA/3 Mobile Safari/537.36",
    ANDROID.format(model="SM-A536B") + " SamsungBrowser/25.0 Chrome/121.0.0.0 Mobile Safari/537.36",
    WEBVIEW.format(model="Pixel 8 Build/AP1A.240505.005")
    + " Instagram 334.0.0.42.95 Android (34/14; 420dpi; 1080x2219; Google/google; Pixel 8; shiba; shiba; ru_RU; 602412839)",
    WEBVIEW.format(model="2201117TG Build/TKQ1.220829.002") + " VKAndroidApp/8.80-20000",
    WEBVIEW.format(model="M2101K6G Build/TKQ1") + " Viber/22.6.0.5",
    WEBVIEW.format(model="M2101K6G Build/TKQ1") + " [FB_IAB/FB4A;FBAV/465.0.0.42.67;]",
    "Mozilla/5.0 (Android 14; Mobile; rv:126.0) Gecko/126.0 Firefox/126.0",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/125.0.0.0 Safari/537.36 Edg/125.0",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Safari/605.1.15",
]
BOTS = [
    "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
    "Mozilla/5.0 (compatible; YandexBot/3.0; +http://yandex.com/bots)",
    f"{IPHONE} Version/9.0 Mobile/13B143 Safari/601.1 (compatible; YandexMobileBot/3.0; +http://yandex.com/bots)",
    "TelegramBot (like TwitterBot)",
    "WhatsApp/2.24.11.79 A",
    "Viber",
    "facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)",
    "Mozilla/5.0 (compatible; vkShare; +http://vk.com/dev/Share)",
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/125.0.0.0 Safari/537.36",
    "curl/8.5.0",
    "python-requests/2.32.3",
    "Go-http-client/1.1",
    "okhttp/4.12.0",
    "SomeNewBot/1.0",
    "",
    "   ",
]
PROBES = [
    "CaptiveNetworkSupport-481.100.10 wispr",
    "Microsoft NCSI",
    "NetworkManager/1.42.4",
    "Dalvik/2.1.0 (Linux; U; Android 14; Pixel 8 Build/AP1A)",
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/60.0.3112.32 Safari/537.36",
]


def headers(user_agent: str = PEOPLE[0], **more: str) -> Headers:
    return Headers({"User-Agent": user_agent, **{name.replace("_", "-"): value for name, value in more.items()}})


@pytest.mark.parametrize("user_agent", PEOPLE)
def test_people_are_let_through(user_agent: str) -> None:
    assert classify("GET", headers(user_agent)).kind == "person"


@pytest.mark.parametrize("user_agent", BOTS)
def test_bots_are_named(user_agent: str) -> None:
    seen = classify("GET", headers(user_agent))
    assert seen.kind == "bot"
    assert seen.reason and len(seen.reason) <= 40


@pytest.mark.parametrize("user_agent", PROBES)
def test_the_systems_own_probes_are_known(user_agent: str) -> None:
    assert classify("GET", headers(user_agent)).kind == "probe"


@pytest.mark.parametrize("method", ["HEAD", "OPTIONS"])
def test_who_asks_for_no_page_is_nobody(method: str) -> None:
    assert classify(method, headers()).kind == "head"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("Sec-Purpose", "prefetch"),
        ("Sec-Purpose", "prefetch;prerender"),
        ("sec-purpose", "Prefetch"),
        ("Purpose", "prefetch"),
        ("Purpose", "preview"),
        ("X-Purpose", "preview"),
        ("X-Purpose", "instant"),
        ("X-Moz", "prefetch"),
    ],
)
def test_a_page_fetched_ahead_was_seen_by_nobody(name: str, value: str) -> None:
    sent = headers()
    sent.set(name, value)
    seen = classify("GET", sent)
    assert (seen.kind, seen.reason) == ("prefetch", name.lower())


def test_another_purpose_is_no_prefetch() -> None:
    assert classify("GET", headers(Purpose="navigation")).kind == "person"


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=3000))
def test_no_user_agent_breaks_it(user_agent: str) -> None:
    seen = classify("GET", {"User-Agent": user_agent})
    assert seen.reason is None or (len(seen.reason) <= 40 and seen.reason.isprintable())


def test_a_known_user_agent_costs_next_to_nothing() -> None:
    sent = headers()
    classify("GET", sent)
    began = time.perf_counter()
    for _ in range(1000):
        classify("GET", sent)
    assert time.perf_counter() - began < 0.5  # half a millisecond each would be two hundred times what it takes


@pytest.mark.parametrize(
    ("user_agent", "family"),
    [
        (PEOPLE[0], "iphone"),
        (PEOPLE[8], "android"),
        ("Mozilla/5.0 (iPad; CPU OS 12_5 like Mac OS X)", "ipad"),
        (PEOPLE[-2], "windows"),
        (PEOPLE[-1], "mac"),
        ("Mozilla/5.0 (X11; Linux x86_64; rv:126.0) Gecko/20100101 Firefox/126.0", "linux"),
        ("", "other"),
    ],
)
def test_the_kind_of_device(user_agent: str, family: str) -> None:
    assert family_of(user_agent) == family
