"""A form whose bytes are no UTF-8 is refused with a page that says what to do; nothing of it is stored."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

FORM = "application/x-www-form-urlencoded"
GBK = "瓦房店".encode("gbk")
ESCAPED = "".join(f"%{byte:02X}" for byte in GBK).encode()


@pytest.mark.django_db
@pytest.mark.parametrize("text", [GBK, ESCAPED, b"\xc0\xaf", b"\xe4\xb8"])
def test_a_form_that_is_no_utf8_is_refused_by_name(client: Client, text: bytes) -> None:
    answer = client.generic("POST", reverse("account_login"), b"login=" + text, content_type=FORM)
    assert answer.status_code == 400
    assert "提交的文字不是UTF-8编码，没有保存。" in answer.content.decode()


@pytest.mark.django_db
@pytest.mark.parametrize("text", ["瓦房店".encode(), b"%E7%93%A6", b"100%", "\ufffd".encode()])
def test_control_a_form_in_utf8_reaches_its_page(client: Client, text: bytes) -> None:
    answer = client.generic("POST", reverse("account_login"), b"login=" + text, content_type=FORM)
    assert answer.status_code == 200
    assert "UTF-8" not in answer.content.decode()
