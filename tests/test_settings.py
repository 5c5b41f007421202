"""What can be set from outside, and the sentence for what cannot."""

from pathlib import Path

import pytest

from backend import settings
from backend.settings import ROOT, TABLE, SettingsError, read


def test_nothing_set_is_a_server_for_this_machine_only() -> None:
    it = read({})
    assert (it.host, it.port, it.public_url) == ("127.0.0.1", 8000, "http://127.0.0.1:8000")
    assert it.data == ROOT / "data"
    assert not it.demo
    assert not it.secure_cookies
    assert it.zone.key == "Asia/Shanghai"


def test_everything_can_be_set() -> None:
    it = read(
        {
            "XUNAN_HOST": "::1",
            "XUNAN_PORT": " 8123 ",
            "XUNAN_DATA": "/srv/a b",
            "XUNAN_PUBLIC_URL": "https://xunan.example.cn/",
            "XUNAN_DATABASE_URL": "postgresql://owner:secret@db/city",
            "XUNAN_TRUSTED_PROXIES": "10.0.0.0/8, 192.0.2.1",
            "XUNAN_WORKERS": "2",
            "XUNAN_TIME_ZONE": "Asia/Urumqi",
            "XUNAN_OUTGOING_PRIVATE": "10.1.0.0/16, Hooks.school.local, [fd00::1]",
            "XUNAN_SMTP_URL": "smtp://user:p%40ss@mail.example.cn:587?starttls",
        }
    )
    assert it.local_url == "http://[::1]:8123"
    assert it.data == Path("/srv/a b")
    assert it.public_url == "https://xunan.example.cn"
    assert it.secure_cookies
    assert it.trusted_proxies == ("10.0.0.0/8", "192.0.2.1")
    assert it.outgoing_private == ("10.1.0.0/16", "hooks.school.local", "fd00::1")
    assert it.smtp_url == "smtp://user:p%40ss@mail.example.cn:587?starttls"
    assert it.mail_from == "xunan@xunan.example.cn"


def test_a_relative_folder_is_meant_from_the_project(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    assert read({"XUNAN_DATA": "other"}).data == ROOT / "other"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("XUNAN_HOST", "not a host"),
        ("XUNAN_HOST", "999.1.1.1"),
        ("XUNAN_PORT", "0"),
        ("XUNAN_PORT", "65536"),
        ("XUNAN_PORT", "八千"),
        ("XUNAN_PORT", "²"),
        ("XUNAN_PUBLIC_URL", "xunan.example.cn"),
        ("XUNAN_PUBLIC_URL", "https://xunan.example.cn/path"),
        ("XUNAN_PUBLIC_URL", "https://xunan.example.cn:port"),
        ("XUNAN_PUBLIC_URL", "https://user@xunan.example.cn"),
        ("XUNAN_DATABASE_URL", "mysql://u:geheim@h/x"),
        ("XUNAN_DATABASE_URL", "postgresql://u:geheim@h"),
        ("XUNAN_DATABASE_URL", "postgresql://u:geheim@h:99999/x"),
        ("XUNAN_APP_DATABASE_URL", "geheim"),
        ("XUNAN_DEMO", "maybe"),
        ("XUNAN_TIME_ZONE", "China"),
        ("XUNAN_TIME_ZONE", "../etc/passwd"),
        ("XUNAN_WORKERS", "0"),
        ("XUNAN_TRUSTED_PROXIES", "proxy.local"),
        ("XUNAN_SECURE_COOKIES", "si"),
        ("XUNAN_OUTGOING_PRIVATE", "10.0.0.0/8, not a host"),
        ("XUNAN_OUTGOING_PRIVATE", "10.0.0"),
        ("XUNAN_SMTP_URL", "mail.school.cn"),
        ("XUNAN_SMTP_URL", "http://u:geheim@mail.school.cn"),
        ("XUNAN_SMTP_URL", "smtp://u:geheim@mail.school.cn/path"),
        ("XUNAN_SMTP_URL", "smtp://u:geheim@mail.school.cn:99999"),
        ("XUNAN_SMTP_URL", "smtp://u:geheim@mail.school.cn?tls"),
        ("XUNAN_MAIL_FROM", "nobody"),
        ("XUNAN_MAIL_FROM", "a@b.cn, c@d.cn"),
    ],
)
def test_a_bad_value_is_one_sentence_that_names_it(name: str, value: str) -> None:
    with pytest.raises(SettingsError) as refused:
        read({name: value})
    for sentence in (refused.value.english, refused.value.chinese):
        assert name in sentence
        assert "\n" not in sentence
        assert "geheim" not in sentence  # a password


@pytest.mark.parametrize("where", [{"XUNAN_HOST": "0.0.0.0"}, {"XUNAN_PUBLIC_URL": "https://xunan.example.cn"}])
def test_the_demo_stays_on_this_machine_unless_told_otherwise(where: dict[str, str]) -> None:
    with pytest.raises(SettingsError, match="XUNAN_ALLOW_PUBLIC_DEMO=1"):
        read({**where, "XUNAN_DEMO": "1"})
    assert read({**where, "XUNAN_DEMO": "1", "XUNAN_ALLOW_PUBLIC_DEMO": "1"}).demo
    assert not read(where).demo


def test_labels_never_print_the_address_of_everything(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "lan_addresses", lambda: ["192.168.1.5"])
    assert read({"XUNAN_HOST": "0.0.0.0"}).public_url == "http://192.168.1.5:8000"
    monkeypatch.setattr(settings, "lan_addresses", list)
    assert read({"XUNAN_HOST": "::"}).public_url == "http://127.0.0.1:8000"


def test_the_table_is_complete_in_both_languages() -> None:
    fields = {f"XUNAN_{name.upper()}" for name in settings.Settings.__dataclass_fields__ if name != "root"}
    assert {row.name for row in TABLE} == fields
    assert all(row.meaning and row.chinese and row.default for row in TABLE)
