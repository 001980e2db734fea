"""What the documents name exists: files of this tree, make's targets, tools and their options. Needs Python alone.

Files are looked for in all of the text, targets and tools in `code` and in lines of code. A name in capitals stands for
another (CASE, tools/NAME.c)."""

import glob
import os
import re
import subprocess

PATTERNS = ("README.md", "CONTRIBUTING.md", "data/README.md", "docs/*.md")
MADE = {"docs/COMMANDS.md"}  # tests/docs/commands.py
DOCUMENTS = [path for pattern in PATTERNS for path in sorted(glob.glob(pattern)) if path not in MADE]
TOP = [name for name in os.listdir(".") if name not in ("build", "runs", ".git")]
TOOLS = {os.path.basename(path)[:-2] for path in glob.glob("tools/*.c")}
SOURCES = {name for folder in TOP for _, _, names in os.walk(folder) for name in names}
SOURCE_NAME = re.compile(r"[\w-]+\.(c|h|cu|cpp|def|sh|py|awk|mk)")
LINKS = {"prunet-" + name for name in TOOLS}  # of an installed copy
NOT_TOOLS = {"prunet-nrrd", "prunet-2019"}  # the profile of records, a convention of scores
EXAMPLES = {"invert", "conv5"}  # the tool and the operation that CONTRIBUTING.md adds
OTHER_PROGRAMS = {"make", "cat", "unu", "git", "python3", "pkg-config", "sbatch", "srun", "salloc", "scancel", "mpirun"}
PROGRAM = re.compile("^```c .*?^```$", re.M | re.S)  # what tests/pipelines/library.sh compiles


def check(passed, name):
    print(("ok" if passed else "not ok") + " - " + name)


def report(document, what, wrong):
    check(not wrong, f"{document}: {what}" + "".join(f", not {name}" for name in sorted(wrong)))


def code_of(text):
    """The pieces of code in a document: fenced and indented lines, then `code` in the others."""
    fenced, lines, prose = False, [], []
    for line in text.splitlines():
        if line.startswith("```"):
            fenced = not fenced
        elif fenced or line.startswith("    "):
            lines.append(re.sub(r"\s#.*", "", line).strip())
        else:
            prose.append(line)
    return lines + re.findall(r"`([^`]+)`", "\n".join(prose))


def alternatives(path):
    """measure.{h,c}: measure.h and measure.c"""
    found = re.search(r"\{([^{}]*)\}", path)
    if not found:
        return [path]
    return [path[: found.start()] + one + path[found.end() :] for one in found.group(1).split(",")]


def is_placeholder(path):
    """tools/NAME.c, CASES/CASE.nrrd; kernels/cpu/planar/conv5.c of an example."""
    names = {name.split(".")[0] for name in path.split("/")}
    return not path.endswith(".md") and any(re.fullmatch(r"[A-Z]{2,}", name) or name in EXAMPLES for name in names)


def missing_files(document, text, code):
    links = [os.path.normpath(os.path.join(os.path.dirname(document), path))
             for path in re.findall(r"\]\(([^)#:]+)\)", text)]
    words = re.findall(r"(?<![\w./=-])[\w.*{},-]+(?:/[\w.*{},-]+)+/?", text)
    paths = links + [word.rstrip(".,") for word in words if word.split("/")[0] in TOP]
    missing = {path for whole in paths for path in alternatives(whole) if not glob.glob(path)}
    bare = {name for piece in code for name in re.findall(r"(?<![\w./*-])[\w-]+\.\w+(?![\w/*])", piece)}
    missing |= {name for name in bare if SOURCE_NAME.fullmatch(name) and name not in SOURCES}
    return {path for path in missing if not is_placeholder(path)}


def make_targets():
    """Patterns of the targets in the Makefile and in what it includes."""
    lines = [line for path in ("Makefile", "tests/tests.mk") for line in open(path).read().splitlines()]
    heads = [line.split(":")[0] for line in lines if re.match(r"[a-z.][\w.% -]*:(?!=)", line)]
    return [re.compile(re.escape(name).replace("%", ".+")) for head in heads for name in head.split()]


def missing_targets(code, targets):
    """Words behind make that are no target; VARIABLE="several words" is left out."""
    code = [re.sub('"[^"]*"', "", piece) for piece in code]
    words = [words for piece in code for words in re.findall(r"(?<![\w/.-])make((?: +[\w.=/+-]+)+)", piece)]
    goals = {word for word in " ".join(words).split() if re.fullmatch(r"[a-z][\w.-]*", word)}
    return {goal for goal in goals if not any(target.fullmatch(goal) for target in targets)}


def missing_tools(text, code):
    """Tools and, as tool --option, options that do not exist."""
    wrong = {name for name in re.findall(r"(?<![\w./-])prunet-[a-z0-9]+", text) if name not in TOOLS | NOT_TOOLS | LINKS}
    for command in [part.strip() for piece in code for part in re.split(r"[|;&()]|-->", piece)]:
        tool, options = command.split(" ")[0], re.findall(r"(?<![\w-])--[a-z][a-z0-9-]+", command)
        door = re.match(r"prunet ([a-z][a-z0-9-]*)", command)
        if door or (tool in TOOLS and options):
            words = ["prunet", "help", door.group(1)] if door and door.group(1) not in ("help", "version") else [tool, "--help"]
            usage = subprocess.run(words, stdout=subprocess.PIPE, text=True).stdout
            wrong |= set() if usage else {command}
            wrong |= {f"{tool} {option}" for option in options if not re.search(option + r"(?![\w-])", usage)}
        elif options and re.fullmatch(r"[a-z][a-z0-9-]*", tool) and tool not in OTHER_PROGRAMS:
            wrong.add(tool)
    return wrong


targets = make_targets()
for document in DOCUMENTS:
    text = PROGRAM.sub("", open(document).read())
    code = code_of(text)
    report(document, "every file that it names exists", missing_files(document, text, code))
    report(document, "every target of make", missing_targets(code, targets))
    report(document, "every tool and option", missing_tools(text, code))

readme = open("README.md").read()
report("README.md", "it leads to every page of docs/", {page for page in glob.glob("docs/*.md") if f"]({page})" not in readme})
report("README.md", "it is short", {f"below 220 lines: {readme.count(chr(10))}"} if readme.count("\n") >= 220 else set())

section = open("docs/tools.md").read().split("## The tools")[1].split("\n## ")[0]
named = {name for row in re.findall(r"^\| ([a-z0-9, -]+) \| (?!does)", section, re.M) for name in row.split(", ")}
report("docs/tools.md", "its table of tools has all of them and no other", named ^ TOOLS)
