"""docker-compose.yml and Dockerfile: services, users, health, secrets. `docker compose config` where it is installed."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import warnings

import pytest
import yaml
from django.conf import settings

from greenportal import checks
from greenportal.devtools.places import ROOT

COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
SERVICES = COMPOSE["services"]
OURS = ("web", "worker-fast", "worker-packet", "beat", "migrate")


def test_services_are_those_of_the_design():
    assert set(SERVICES) == {*OURS, "postgres", "redis", "storage"}
    assert SERVICES["web"]["deploy"]["replicas"] == 2
    assert SERVICES["storage"]["profiles"] == ["s3"]


@pytest.mark.parametrize("name", SERVICES)
def test_service_has_an_image_and_runs_without_root(name):
    assert re.fullmatch(r"\$\{[A-Z]+_IMAGE:-[a-z0-9/.-]+:[a-z0-9.-]+\}", SERVICES[name]["image"])
    assert int(SERVICES[name]["user"].split(":")[0]) > 0


@pytest.mark.parametrize("name", [name for name in SERVICES if name != "migrate"])
def test_long_running_service_is_watched_and_restarted(name):
    assert SERVICES[name]["healthcheck"]["test"][0] in {"CMD", "CMD-SHELL"}
    assert SERVICES[name]["restart"] == "unless-stopped"


def test_migration_runs_once_as_the_owner_before_the_rest():
    migrate = SERVICES["migrate"]

    assert migrate["restart"] == "no"
    assert "greenportal:${POSTGRES_PASSWORD" in migrate["environment"]["MIGRATE_DATABASE_URL"]
    for name in ("web", "worker-fast", "worker-packet", "beat"):
        assert SERVICES[name]["depends_on"]["migrate"] == {"condition": "service_completed_successfully"}
        assert "greenportal_app:" in SERVICES[name]["environment"]["DATABASE_URL"]
        assert "MIGRATE_DATABASE_URL" not in SERVICES[name]["environment"]


@pytest.mark.parametrize(
    ("name", "queue", "limits"), [("worker-fast", "fast", []), ("worker-packet", "packet", ["600", "720"])]
)
def test_each_queue_has_its_worker(name, queue, limits):
    command = SERVICES[name]["command"]

    assert command[command.index("-Q") + 1] == queue
    assert [part for part in command if part in {"600", "720"}] == limits


def test_no_secret_is_written_down():
    for name, service in SERVICES.items():
        for variable, value in service.get("environment", {}).items():
            if re.search(r"PASSWORD|SECRET|ACCESS_KEY|_URL$", variable):
                literal = re.sub(r"\$\{[^}]*\}", "", str(value))
                assert not re.search(r"://[^@/]*:[^@/$]+@", literal), (name, variable)
                assert "${" in str(value), (name, variable)


@pytest.mark.parametrize(
    "variable", ["SECRET_KEY", "IDENTITY_KEY", "POSTGRES_PASSWORD", "APP_DATABASE_PASSWORD", "REDIS_PASSWORD"]
)
def test_missing_secret_stops_compose(variable):
    text = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")

    assert re.findall(rf"\$\{{{variable}[^:}}]*\}}|\$\{{{variable}:-", text) == []
    assert f"${{{variable}:?" in text


#: Settings that no operator of the compose file sets, each with the reason.
NOT_PASSED = {
    "APP_DATABASE_ROLE": "the role's name is the compose file's own",
    "CACHE_URL": "the cache is the compose file's Redis",
    "DOCUMENT_FONT_DIR": "the fonts are in the image",
    "EMAIL_GATEWAY": "dotted path of code, set by whoever adds the code",
    "SMS_GATEWAY": "dotted path of code, set by whoever adds the code",
    "GREENPORTAL_CLOCK_OFFSET_SECONDS": "shifts every deadline; a system check refuses it",
    "GREENPORTAL_DEMO": "the demonstration never runs in production",
    "GREENPORTAL_LOCAL_DIR": "a developer's folder",
}


def test_every_setting_of_the_environment_reaches_the_portal():
    """A scanner that cannot be switched on is no scanner: a setting read from the environment is passed, or excused."""
    folder = ROOT / "greenportal" / "settings"
    code = "".join((folder / name).read_text(encoding="utf-8") for name in ("base.py", "production.py"))
    read = set(re.findall(r"env\.\w+\(\s*\"([A-Z_]+)\"", code))
    assert {"CLAMD_ADDRESS", "SECRET_KEY", "DATABASE_URL"} <= read
    passed = set(SERVICES["web"]["environment"])
    assert read - passed - set(NOT_PASSED) == set()
    assert set(NOT_PASSED) & passed == set()
    guide = (ROOT / "docs" / "howto" / "deploy.md").read_text(encoding="utf-8")
    assert {name for name in read & passed if name not in guide} == set()


def test_redis_keeps_its_rings_and_evicts_nothing():
    command = " ".join(SERVICES["redis"]["command"])

    assert "--appendonly yes" in command
    assert "--maxmemory-policy noeviction" in command
    assert "requirepass" in command


def test_portal_shares_only_the_storage():
    assert {name: SERVICES[name].get("volumes") for name in OURS} == {
        name: ["storage:/app/var/storage"] for name in OURS
    }


def test_every_volume_is_declared_and_every_mounted_file_exists():
    named = {mount.split(":")[0] for service in SERVICES.values() for mount in service.get("volumes", [])}

    assert {name for name in named if re.fullmatch(r"[a-z]+", name)} == set(COMPOSE["volumes"])
    assert [name for name in named if name.startswith("./") and not (ROOT / name).is_file()] == []


def test_image_installs_by_hash_and_drops_root():
    text = (ROOT / "Dockerfile").read_text(encoding="utf-8")

    assert "--require-hashes" in text
    assert "libharfbuzz-subset0" in text
    assert re.findall(r"^USER (.+)$", text, flags=re.MULTILINE) == ["10001:10001"]
    copied = re.findall(r"^COPY (\S+) ", text, flags=re.MULTILINE)
    assert [name for name in copied if not (ROOT / name).exists()] == []


def nginx_limit() -> int:
    text = (ROOT / "docs" / "howto" / "deploy.md").read_text(encoding="utf-8")
    (found,) = re.findall(r"^\s*client_max_body_size (\d+)m;", text, flags=re.MULTILINE)
    return int(found)


def test_proxy_of_the_guide_lets_through_what_the_portal_takes():
    assert nginx_limit() == settings.REQUEST_LIMIT_MB


def test_system_check_compares_what_the_guide_says_with_what_the_portal_takes(settings):
    """And refuses each other number: the guide's stands for what an operator reads in his nginx."""
    settings.PROXY_UPLOAD_LIMIT_MB = nginx_limit()
    assert checks.upload_limits(None) == []
    settings.REQUEST_LIMIT_MB += 1
    assert [found.id for found in checks.upload_limits(None)] == ["greenportal.E003"]


@pytest.mark.parametrize("name", ["web", "migrate"])
def test_nobody_but_the_operator_states_the_limit_of_the_proxy(name):
    """A default here would be the portal's own number compared with itself."""
    stated = SERVICES[name]["environment"]["PROXY_UPLOAD_LIMIT_MB"]
    assert stated.startswith("${PROXY_UPLOAD_LIMIT_MB:?")


def test_a_new_site_knows_its_districts_before_anybody_signs_in():
    """No page makes a district: without the directory nobody but the administrators could be invited."""
    steps = SERVICES["migrate"]["command"][-1].split(" && ")
    assert [step.split()[2] for step in steps] == ["migrate", "load_directory", "grant_app_role"]


def _compose() -> list[str]:
    """Return the command of compose on this machine (the plugin, else Debian's docker-compose), empty where none is."""
    for command in (["docker", "compose"], ["docker-compose"]):
        program = shutil.which(command[0])
        if program and subprocess.run([*command, "version"], capture_output=True, check=False).returncode == 0:
            return command
    return []


def test_compose_itself_accepts_the_file():
    """Runs where compose is installed; elsewhere says that it was not run, and the checks above stand alone."""
    command = _compose()
    if not command:
        with warnings.catch_warnings():
            warnings.simplefilter("always")
            warnings.warn("NOT RUN: docker compose is not installed here", stacklevel=1)
        return
    names = set(re.findall(r"\$\{([A-Z_]+):\?", (ROOT / "docker-compose.yml").read_text(encoding="utf-8")))
    done = subprocess.run(
        [*command, "config", "--quiet"],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], **dict.fromkeys(names, "x")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_control_compose_refuses_a_missing_secret():
    command = _compose()
    if not command:
        return
    done = subprocess.run(
        [*command, "config", "--quiet"],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode != 0
    assert "SECRET_KEY" in done.stderr
