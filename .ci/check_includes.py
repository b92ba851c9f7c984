"""Check that every include in libtwin points to a module its own may include, as libtwin/CMakeLists.txt declares."""

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent / "libtwin"
MODULE = re.compile(r"^twin_module\((\w+)([^)]*)\)", re.MULTILINE)
INCLUDE = re.compile(r'^\s*#\s*include\s*["<]twin/(\w+)/')


def allowed_includes() -> dict[str, set[str]]:
    """Return, for each module, itself and all modules below it."""
    allowed: dict[str, set[str]] = {}
    for name, arguments in MODULE.findall((ROOT / "CMakeLists.txt").read_text()):
        below = re.findall(r"twin::(\w+)", arguments)
        allowed[name] = {name}.union(*(allowed[module] for module in below))
    return allowed


def main() -> int:
    """Print each include that points upwards; return their number, at most 1."""
    allowed = allowed_includes()
    faults = 0
    for file in sorted([*ROOT.glob("include/twin/*/*.hpp"), *ROOT.glob("src/*/*.[ch]pp")]):
        module = file.parent.name
        for number, line in enumerate(file.read_text().splitlines(), 1):
            found = INCLUDE.match(line)
            if found and found[1] not in allowed.get(module, set()):
                faults += 1
                known = ", ".join(sorted(allowed.get(module, set()))) or "none: the module is not declared"
                print(f"{file.relative_to(ROOT.parent)}:{number}: {module} includes {found[1]}; allowed: {known}")
    return min(faults, 1)


if __name__ == "__main__":
    sys.exit(main())
