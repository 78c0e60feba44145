"""The base of all test cases: a vault in a process of its own for each class, and a client that has a key to it."""

import json
import subprocess
import sys
import unittest
import urllib.error
import urllib.request
from pathlib import Path
from secrets import token_hex


class VaultTestCase(unittest.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        cls.key = f"vk_{token_hex(12)}"
        command = [sys.executable, str(Path(__file__).with_name("vault.py")), cls.key]
        cls.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        cls.addClassCleanup(cls.process.communicate, timeout=10)
        cls.addClassCleanup(cls.process.kill)
        cls.url = f"http://127.0.0.1:{int(cls.process.stdout.readline())}"

    def ask(self, method: str, path: str, text: str = "", key: str | None = None) -> tuple[int, str]:
        headers = {"Authorization": f"Bearer {self.key if key is None else key}"}
        request = urllib.request.Request(self.url + path, text.encode() or None, headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=10) as response:
                return response.status, json.load(response)
        except urllib.error.HTTPError as refused:
            with refused:
                return refused.code, json.load(refused)
