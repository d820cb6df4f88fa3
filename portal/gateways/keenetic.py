"""Keenetic's component "Captive portal": CoovaChilli inside, set up in a web form. The protocol is in `uam`."""

from urllib.parse import urlsplit

from portal.gateways.base import GatewaySettings, Paste, PortalUrls
from portal.gateways.uam import UamGateway


class Keenetic(UamGateway):
    """The Gateway of kind `keenetic`. Old builds refuse a right answer once in a while: the guest is sent for another."""

    def pastes(self, config: GatewaySettings, urls: PortalUrls) -> tuple[Paste, ...]:
        """The web form's fields, by their names there."""
        return (Paste("Keenetic: Общие настройки → Изменить набор компонентов", _COMPONENT), Paste(_FORM, _fields(config, urls)))


_FORM = "Keenetic: Мои сети и Wi-Fi → Гостевая сеть → Captive Portal"
_COMPONENT = "Captive portal\n"


def _fields(config: GatewaySettings, urls: PortalUrls) -> str:
    address = urlsplit(config.base_url)
    lines = [
        ("Профиль", "Свой (custom)"),
        ("UAM-сервер", urls.wifi),
        ("UAM-секрет", config.secret),
        ("RADIUS-сервер 1", f"{urls.radius_host}, порты {urls.radius_auth_port} и {urls.radius_acct_port}"),
        ("RADIUS-сервер 2", urls.radius_host),
        ("RADIUS-секрет", urls.radius_secret),
        ("NAS-ID", urls.nas_name),
        ("Белый список (walled garden)", ", ".join(urls.hosts)),
        ("Аутентификация по MAC", "включить"),
        ("Интервал обновления учёта", "600 секунд, не меньше 60"),
    ]
    if urls.family_dns:
        lines.append(("DNS гостевой сети", ", ".join(urls.family_dns)))
    form = "\n".join(f"{name}: {value}" for name, value in lines)
    return (
        f"{form}\n\n# Портал ждёт гостей с адреса {address.hostname}:{address.port} (uamip и uamport в адресе страницы входа).\n"
    )
