"""Checks about the text of the sources: who includes whom, what a file begins with, and what must
not be in the repository."""
import os
import pathlib
import re
import subprocess

from harness import ROOT, Failure

FOLDERS = ("kernel", "libpv", "servers", "pvguest", "iso", "tests")
CODE = (".c", ".h", ".asm", ".inc")

# DESIGN: who may include whom. The longest folder that a file lies in decides what it may include:
# files below one of these. "." is the file's own folder of this table, "*" its own program.
MAY_INCLUDE = {
    "kernel": ("kernel", "libpv/include", "libpv/base"),
    "libpv/include": ("libpv/include", "libpv/base"),
    "libpv/base": ("libpv/base", "libpv/include"),
    "libpv": ("libpv",),
    "servers/drivers": ("servers/drivers", "libpv"),
    "servers/runtime": ("servers/runtime", "servers/drivers", "libpv"),
    "servers/*": ("servers/*", "servers/runtime", "servers/drivers", "libpv"),
    "pvguest": ("pvguest", "servers/drivers", "libpv"),
    "tests/programs/*": ("tests/programs", "servers/runtime", "servers/drivers", "libpv"),
}

# Where the compiler looks for <...>, for files in these folders.
INCLUDE_PATH = {
    "kernel": ("kernel", "libpv/include", "libpv"),
    "libpv": ("libpv/include", "libpv"),
    "servers": ("servers", "libpv/include", "libpv"),
    "pvguest": ("pvguest", "servers", "libpv/include", "libpv"),
    "tests/programs": ("servers", "libpv/include", "libpv"),
}

# The compiler's own headers, which exist without a C library.
FREESTANDING = {"stdarg.h", "stdbool.h", "stddef.h", "stdint.h", "stdalign.h", "stdnoreturn.h",
                "limits.h", "float.h", "iso646.h"}

INCLUDE = re.compile(r'^\s*[#%]\s*include\s+([<"])([^>"]+)[>"]', re.MULTILINE)

# Signs of one particular machine, or of a service somewhere: nothing here needs a web address.
PLACES = re.compile(r"(?<![\w.])/(?:home/\w|root/|Users/\w|[w]ork/)|\bhttps?:/" "/")
UNFINISHED = re.compile(r"\b(?:TO" r"DO|FIX" r"ME|XX" r"X|HA" r"CK)\b")


def repository_files():
    """All files of the repository, relative to its root; without git, all that lie in it."""
    listed = subprocess.run(["git", "ls-files", "-z", "--cached", "--others",
                             "--exclude-standard"], cwd=ROOT, stdout=subprocess.PIPE,
                            stderr=subprocess.DEVNULL)
    if listed.returncode == 0:
        names = listed.stdout.decode().split("\0")
    else:
        names = (str(path.relative_to(ROOT)) for path in ROOT.rglob("*")
                 if not {"build", ".git", "__pycache__"} & set(path.parts))
    return sorted(pathlib.Path(name) for name in names if name and (ROOT / name).is_file())


def sources(*suffixes):
    return [path for path in repository_files() if path.suffix in suffixes
            and path.parts[0] in FOLDERS]


def read(path):
    return (ROOT / path).read_text(errors="replace")


def demand_none(complaints):
    if complaints:
        raise Failure("\n".join(complaints))


# --- who includes whom ----------------------------------------------------------------------------


def below(path, folder):
    """Whether a file lies below a folder; a "*" in the folder stands for any one name."""
    want = pathlib.Path(folder).parts
    have = path.parts[:-1]
    return len(have) >= len(want) and all(w in ("*", h) for w, h in zip(want, have))


def rule_of(path):
    """(folders that this file may include from) or None where there is no rule."""
    places = [place for place in MAY_INCLUDE if below(path, place)]
    if not places:
        return None
    place = max(places, key=lambda name: (len(pathlib.Path(name).parts), "*" not in name))
    own = "/".join(path.parts[:len(pathlib.Path(place).parts)])
    return [own if folder == place else folder for folder in MAY_INCLUDE[place]]


def resolve(path, mark, name):
    """The file of the repository that an #include means, or None."""
    candidates = [path.parent / name] if mark == '"' else []
    for folder, search in INCLUDE_PATH.items():
        if below(path, folder):
            candidates += [pathlib.Path(place) / name for place in search]
    for candidate in candidates:
        candidate = pathlib.Path(os.path.normpath(candidate))
        if (ROOT / candidate).is_file():
            return candidate
    return None


def check_dependencies():
    """Nobody includes what DESIGN does not let them."""
    complaints = []
    for path in sources(*CODE):
        allowed = rule_of(path)
        if allowed is None:
            continue
        for mark, name in INCLUDE.findall(read(path)):
            target = resolve(path, mark, name)
            if target is None and name not in FREESTANDING:
                complaints.append(f"{path}: includes {name}, which is not ours, and needs a C "
                                  "library or does not exist")
            elif target and not any(below(target, folder) for folder in allowed):
                complaints.append(f"{path}: must not include {target}")
    demand_none(complaints)


def check_layers_of_base():
    """libpv/base has no state: no variable that can be written."""
    complaints = []
    for build in ("debug", "release"):
        archive = ROOT / f"build/{build}/lib/base.a"
        if archive.exists():
            listing = subprocess.run(["nm", str(archive)], stdout=subprocess.PIPE, text=True).stdout
            complaints += [f"{archive.relative_to(ROOT)}: variable {line.split()[2]}"
                           for line in listing.splitlines()
                           if re.match(r"\S+ [bBdDcC] ", line)]
    demand_none(complaints)


# --- what a file looks like -----------------------------------------------------------------------


def check_headers():
    """Every source file begins with a comment that says what it is."""
    complaints = []
    for path in sources(*CODE, ".ld"):
        first = read(path).lstrip()
        if not first.startswith((";",) if path.suffix in (".asm", ".inc") else ("/*", "//")):
            complaints.append(f"{path}: does not begin with a comment that says what it is")
    for path in sources(".py"):
        if not re.match(r'(#!.*\n)?"""', read(path)):
            complaints.append(f"{path}: does not begin with a text that says what it is")
    for path in sources(".sh", ".mk") + [pathlib.Path("Makefile")]:
        if not re.match(r"(#!.*\n)?#", read(path)):
            complaints.append(f"{path}: does not begin with a comment that says what it is")
    demand_none(complaints)


def check_text():
    """Tabs only in makefiles, no spaces at line ends, 100 columns."""
    complaints = []
    for path in sources(*CODE, ".py", ".sh", ".ld", ".cfg"):
        for number, line in enumerate(read(path).split("\n"), 1):
            if "\t" in line or line != line.rstrip() or len(line) > 100:
                complaints.append(f"{path}:{number}: a tab, spaces at the end, or over 100 columns")
        if not read(path).endswith("\n"):
            complaints.append(f"{path}: does not end with a newline")
    demand_none(complaints)


def check_places():
    """Nothing names a particular machine's folders or a web address, or is left undone."""
    complaints = []
    for path in repository_files():
        for number, line in enumerate(read(path).split("\n"), 1):
            for pattern in (PLACES, UNFINISHED):
                found = pattern.search(line)
                if found:
                    complaints.append(f"{path}:{number}: {found.group(0)!r}")
    demand_none(complaints)


def check_folders():
    """Only the folders of the house at the top."""
    strangers = {path.parts[0] for path in repository_files() if len(path.parts) > 1}
    demand_none(sorted(f"a folder {name}/ at the top" for name in strangers - {*FOLDERS, ".ci"}))


def check_reading():
    """What READING.md points to exists: files and folders by path, functions and types by name."""
    guide = ROOT / "READING.md"
    if not guide.exists():
        return
    words = set(re.findall(r"\w+", "\n".join(read(path) for path in sources(*CODE, ".py"))))
    complaints = []
    for token in re.findall(r"`([^`\s]+)`", guide.read_text()):
        name = token.rstrip("()")
        if re.fullmatch(r"[\w./*-]+(/|\.(?:c|h|asm|py|sh|md|mk|cfg))|[\w.-]+/[\w./*-]+", token):
            if not any(ROOT.glob(name.rstrip("/"))):
                complaints.append(f"READING.md: `{token}` does not exist")
        elif re.fullmatch(r"\w+", name) and ("_" in name or token.endswith("()")):
            if name not in words:
                complaints.append(f"READING.md: no source has `{token}`")
    demand_none(complaints)


def check_ci():
    """.ci/run runs the whole suite."""
    script = ROOT / ".ci/run"
    if not os.access(script, os.X_OK) or not re.search(r"^exec make test\b", script.read_text(),
                                                       re.MULTILINE):
        raise Failure(".ci/run must be executable, and call make test")
