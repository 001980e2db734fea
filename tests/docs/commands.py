"""Each option of each command is in its --help, its manual page, the completions of bash, zsh and fish and in
docs/COMMANDS.md; the pages are clean, the completions are understood by their shells and complete. Needs Python alone;
mandoc, zsh and fish where they are there."""

import glob
import os
import re
import shutil
import subprocess

BUILD, FOLDER = os.environ["BUILD"], os.environ["TMPDIR"]
SHARE = os.path.join(FOLDER, "share")
BASH, ZSH, FISH = (os.path.join(SHARE, name) for name in ("bash-completion/completions/prunet", "zsh/site-functions/_prunet", "fish/vendor_completions.d/prunet.fish"))


def check(passed, name):
    print(("ok" if passed else "not ok") + " - " + name)
    return passed


def skip(name, program):
    print(f"ok - {name} # skip needs {program}")


def run(*command, **options):
    return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **options)


def output(*command):
    done = run(*command)
    if done.returncode or done.stderr:
        print("# " + done.stderr.replace("\n", "\n# "))
    return done.stdout


def has(text, option):
    return re.search(r"(?<![\w-])" + re.escape(option) + r"(?![\w-])", text) is not None


def rows_by_command():
    commands = {}
    for row in output("packaging/commands/describe", BUILD).splitlines():
        kind, *cells = row.split("\t")
        if kind == "values":
            continue
        if kind == "command":
            rows = commands[cells[0]] = []
        rows.append((kind, cells))
    return commands


def part(text, begin, end):
    """What stands between a line that begins in this way and the next that is `end`."""
    found = re.search("^" + re.escape(begin) + r".*?(?=^" + end + r"|\Z)", text, re.M | re.S)
    return found.group(0) if found else ""


check(run("packaging/commands/generate", BUILD, SHARE, "2026-11-26").returncode == 0, "the pages and completions are made")
commands = rows_by_command()
tools = {os.path.basename(path)[:-2] for path in glob.glob("tools/*.c")}
check({name if name in tools else "prunet-" + name for name in commands} >= tools, "every tool is described")
page = open("docs/COMMANDS.md").read()
bash, zsh, fish = (open(path).read() for path in (BASH, ZSH, FISH))
check(page == output("packaging/commands/generate", BUILD, "--markdown"), "docs/COMMANDS.md is of these commands: run make docs")

for command, rows in commands.items():
    options = [(cells[0], cells[1], cells[3]) for kind, cells in rows if kind in ("option", "common")]
    well_formed = all(len(cells) == 4 and all(cells) for kind, cells in rows if kind in ("option", "common"))
    check(options and well_formed, f"{command}: --help=options has four cells an option")
    text = output("prunet", "--help") if command == "prunet" else output("prunet", "help", command)
    manual = open(os.path.join(SHARE, "man/man1", "prunet.1" if command == "prunet" else f"prunet-{command}.1")).read()
    places = {
        "--help": [name for name, letter, about in options if not has(text, "--" + name) and name != "help"],
        "the manual": [name for name, letter, about in options if f" Fl -{name}" not in manual or (letter != "-" and f" Fl {letter} ," not in manual)],
        "docs/COMMANDS.md": [name for name, letter, about in options if not has(part(page, "## " + ("prunet" if command == "prunet" else "prunet " + command) + "\n", "## "), "--" + name)],
        "bash's": [name for name, letter, about in options if not has(part(bash, "        known='help version" if command == "prunet" else f"        {command})", " *[a-z-]*[)]|    else"), "--" + name)],
        "zsh's": [name for name, letter, about in options if not has(part(zsh, "        [[" if command == "prunet" else f"    {command})", " *;;| *return"), "--" + name)],
        "fish's": [name for name, letter, about in options if not re.search(("not __fish_seen" if command == "prunet" else f"__fish_seen_subcommand_from {command}'") + f".* -l {name} ", fish)],
    }
    for place, missing in places.items():
        check(not missing, f"{command}: every option is in {place}" + "".join(f", not --{name}" for name in missing))

if shutil.which("mandoc"):
    lint = run("mandoc", "-Tlint", *sorted(glob.glob(os.path.join(SHARE, "man/man1/*"))))
    said = [line for line in lint.stdout.splitlines() if "referenced manual not found" not in line]
    check(not said, "mandoc -Tlint is content" + "".join("\n# " + line for line in said[:9]))
else:
    skip("the manual pages are clean", "mandoc")

COMPLETE = """source "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _prunet "$1"; echo "${COMPREPLY[*]}" """
for words, wanted in ((["prunet", "cro"], "crop"), (["prunet", "crop", "--si"], "--size"), (["prunet", "help", "cro"], "crop"),
                      (["prunet-crop", "--st"], "--strict"), (["prunet", "crop", "--size", "--s"], ""), (["prunet", "crop", "fil"], ""),
                      (["prunet", "train", "--con"], "--config"), (["prunet", "--exec"], "--exec-path"),
                      (["prunet", "train", "a", "--config", "lap"], "laptop"), (["prunet", "train", "--config", "small+lab"], "small+labels-2023"),
                      (["prunet", "train", "--config", "=", "lap"], "laptop"), (["prunet-segment", "--backend", ""], "cpu reference cpu-int16 reference-int16 cuda cuda-bf16 cuda-int16 cuda-fp32"),
                      (["prunet", "nii2raw", "--scheme", "msd"], "msd-brain"), (["prunet", "dice-eval", "-c", "brats2026"], "brats2026 brats2026-mets"),
                      (["prunet", "infer", "--missing", ""], "zero"), (["prunet", "phantom", "--style", ""], "plain wild"), (["prunet", "raw2png", "--style", "t"], "tint"),
                      (["prunet", "step", "--loss", "dice+"], "dice+bce"), (["prunet", "crop", "--size", ""], "")):
    check(output("bash", "-c", COMPLETE, "bash", BASH, *words).strip() == wanted, f"bash: {' '.join(words)} is completed by '{wanted}'")

if shutil.which("fish"):
    for words, wanted in (("prunet cro", "crop"), ("prunet crop --si", "--size"), ("prunet help cro", "crop"), ("prunet --exec", "--exec-path"),
                          ("prunet train --config lap", "laptop"), ("prunet phantom --style w", "wild"), ("prunet infer --backend ref", "reference")):
        found = run("fish", "--no-config", "-c", f"source {FISH}; complete -C '{words}'", env={**os.environ, "HOME": FOLDER}).stdout.split("\t")[0].strip()
        check(found == wanted, f"fish: {words} is completed by {wanted}")
else:
    skip("fish completes", "fish")

# zsh completes in a terminal only; here it must take the function in and hand out what a command has.
FAKE = """_files() { }; _describe() { print -l -- ${(P)2} }; _alternative() { print -l -- "$@" }
_arguments() {
    print -l -- "$@"
    local action alternative
    for action in "$@"; do # as zsh's own does
        action=${${action#*]*:*:}//\\\\:/:}
        [[ $action != ' '* ]] || { eval "alternative=( $action )"; $alternative }
    done
}
words=("$@"); CURRENT=$#; source %s"""
if shutil.which("zsh"):
    for words, wanted in ((["prunet", "cro"], "crop:"), (["prunet", "crop", "--"], "--size=["), (["prunet", "--"], "--exec-path["), (["prunet", "phantom", "--"], ":NAME:(plain wild)"),
                          (["prunet", "train", "--"], "values:value:(at-2mm authors "), (["prunet", "train", "--"], "files:file:_files")):
        found = run("zsh", "-f", "-c", FAKE % ZSH, "_prunet", *words)
        check(wanted in found.stdout and not found.stderr, f"zsh: {' '.join(words)} is offered {wanted}" + ("\n# " + found.stderr if found.stderr else ""))
else:
    skip("zsh completes", "zsh")

# The values that are offered are those that are taken; a backend need not be in this build.
offered = {(command, option): words.split() for kind, command, option, files, words in
           (row.split("\t") for row in output("packaging/commands/values", BUILD).splitlines())}
described = {(command, cells[0]) for command, rows in commands.items() for kind, cells in rows if kind in ("option", "common") and cells[2] != "-"}
check(all((command, option) in described or (command == "*" and option in {name for _, name in described}) for command, option in offered), "values are of options that there are")
TRIALS = {("*", "config"): ["prunet", "settings"], ("*", "scheme"): ["prunet", "init", "-o", FOLDER + "/state"], ("*", "kind"): ["prunet", "init", "-o", FOLDER + "/state"],
          ("*", "convention"): ["prunet", "dice-eval", "--pairs", "/dev/null"], ("*", "memory"): ["prunet", "plan", "--size", "16x16x16"], ("*", "loss"): ["prunet", "plan", "--size", "16x16x16"],
          ("phantom", "layout"): ["prunet", "phantom", "--cases", "1", "--size", "16x16x16", "-o", FOLDER + "/data"],
          ("phantom", "style"): ["prunet", "phantom", "--cases", "1", "--size", "16x16x16", "-o", FOLDER + "/data"]}
for (command, option), words in offered.items():
    for word in words if (command, option) in TRIALS else []:
        done = run(*TRIALS[command, option], f"--{option}", word)
        check(done.returncode in (0, 65), f"--{option} {word} is taken" + ("\n# " + done.stderr if done.returncode not in (0, 65) else ""))
        shutil.rmtree(FOLDER + "/data", ignore_errors=True)
