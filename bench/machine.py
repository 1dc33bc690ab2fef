"""The machine that was measured on."""

import os
import platform
from pathlib import Path

from .contenders import packaged, release


def processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        name, _, value = line.partition(":")
        if name.strip() in ("model name", "Model"):
            return value.strip()
    return platform.processor() or "unknown"


def is_virtual() -> bool:
    flags = [it for it in Path("/proc/cpuinfo").read_text().splitlines() if it.startswith("flags")]
    return bool(flags) and "hypervisor" in flags[0].split()


def memory() -> int:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def describe() -> dict:
    """What a reader needs to know of it; nothing that tells one such machine from another."""
    return {
        "architecture": platform.machine(),
        "processor": processor(),
        "processors": os.cpu_count(),
        "virtual": is_virtual(),
        "memory_bytes": memory(),
        "kernel": platform.release().split("-")[0],
        "system": release("PRETTY_NAME"),
        "load": os.getloadavg()[0],
    }


def tools() -> dict:
    names = ["hyperfine", "strace", "musl-tools", "gcc"]
    return {name: packaged(name) for name in names}
