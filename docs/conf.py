"""Sphinx: Markdown pages, the Python reference from the installed package, the C++ reference from Doxygen's XML."""

import re
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

root = Path(__file__).resolve().parent.parent
work = root / "build" / "docs"

project = "libtwin"
author = "the libtwin authors"
project_copyright = author
release = re.search(r"project\(twin VERSION ([0-9.]+)", (root / "CMakeLists.txt").read_text())[1]
version = release

extensions = ["breathe", "myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
exclude_patterns = ["Doxyfile.in"]
html_extra_path = ["reference/plant.schema.json"]
source_suffix = {".md": "markdown"}
myst_enable_extensions = ["colon_fence", "deflist", "dollarmath"]
myst_heading_anchors = 3

napoleon_google_docstring = False
autodoc_member_order = "bysource"
autodoc_typehints = "none"

html_theme = "furo"
html_title = f"libtwin {release}"
html_copy_source = False


def run_doxygen() -> str:
    """Read the headers with Doxygen, whose warnings are errors, and return the folder of its XML."""
    work.mkdir(parents=True, exist_ok=True)
    text = (root / "docs" / "Doxyfile.in").read_text()
    for name, value in {"PROJECT_SOURCE_DIR": root, "OUTPUT_DIR": work, "VERSION": release}.items():
        text = text.replace(f"@{name}@", str(value))
    (work / "Doxyfile").write_text(text)
    subprocess.run(["doxygen", "-q", str(work / "Doxyfile")], check=True)
    name_files_by_path(work / "xml")
    return str(work / "xml")


def name_files_by_path(xml: Path) -> None:
    """Name files in Doxygen's index by path, since Breathe would not tell gateway/rules.hpp from sync/rules.hpp."""
    tree = ElementTree.parse(xml / "index.xml")
    for compound in tree.iterfind("compound[@kind='file']"):
        location = ElementTree.parse(xml / f"{compound.get('refid')}.xml").find("compounddef/location")
        compound.find("name").text = location.get("file")
    tree.write(xml / "index.xml", encoding="utf-8", xml_declaration=True)


def write_cpp_pages() -> None:
    """Write one page per module, bottom up as in libtwin/CMakeLists.txt, with one section per header."""
    modules = re.findall(r"^twin_module\((\w+)", (root / "libtwin" / "CMakeLists.txt").read_text(), re.MULTILINE)
    folder = root / "docs" / "reference" / "cpp"
    folder.mkdir(parents=True, exist_ok=True)
    wanted = {}
    for module in modules:
        headers = sorted((root / "libtwin" / "include" / "twin" / module).glob("*.hpp"))
        if headers:
            lines = [f"# {module}", ""]
            for header in headers:
                name = f"twin/{module}/{header.name}"
                lines += [f"## {name}", "", f"```{{doxygenfile}} {name}", ":project: libtwin", "```", ""]
            wanted[f"{module}.md"] = "\n".join(lines)
    for stale in folder.glob("*.md"):
        if stale.name not in wanted:
            stale.unlink()
    for name, text in wanted.items():
        page = folder / name
        if not page.exists() or page.read_text() != text:
            page.write_text(text)


breathe_projects = {"libtwin": run_doxygen()}
breathe_default_project = "libtwin"
breathe_default_members = ("members",)
# Each header opens namespace twin again, which Sphinx takes for a second declaration.
suppress_warnings = ["duplicate_declaration.cpp"]
write_cpp_pages()

sys.path.insert(0, str(root / "docs"))
import pictures  # noqa: E402, beside this file

pictures.draw(root / "docs" / "pictures")


def hide_colon(app, what, name, thing, options, lines):
    """Keep Napoleon from taking "Every forecast: instant, part" for a type and its meaning."""
    if what == "property" and lines:
        lines[0] = lines[0].replace(":", "\ue000")


def show_colon(app, what, name, thing, options, lines):
    if what == "property" and lines:
        lines[0] = lines[0].replace("\ue000", ":")


def setup(app):
    app.connect("autodoc-process-docstring", hide_colon, priority=400)
    app.connect("autodoc-process-docstring", show_colon, priority=600)
