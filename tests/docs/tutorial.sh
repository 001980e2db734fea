#!/usr/bin/env bash
# What the pages tell a newcomer to type works: the commands of a page's ```sh blocks are run in their order, as they stand there, in
# a folder that has what the tree has. A page that needs data of one's own offers invented ones.
set -u
# shellcheck source=tests/check.sh
. tests/check.sh
export OMP_WAIT_POLICY=passive
tree=$PWD

# Runs a page's commands in FOLDER; where one fails, it is shown.
run_page() { # page, folder
    local name
    mkdir "$2"
    for name in data docs pipelines tests; do
        ln -s "$tree/$name" "$2/"
    done
    {
        # shellcheck disable=SC2016 # for the shell that reads it
        echo 'set -euo pipefail; trap '\''echo "it failed: $BASH_COMMAND"'\'' ERR'
        awk '/^```sh$/ { inside = 1; next } /^```/ { inside = 0 } inside' "$1"
    } >"$2.commands"
    check "$1: has commands" test "$(wc -l <"$2.commands")" -gt 5
    (cd "$2" && bash "$2.commands") >"$2.said" 2>&1 </dev/null
    check_status $? "$1: they run, one after the other" || show "$2.said"
}

said() { # folder, text
    grep -qF -- "$2" "$1.said" || { show "$1.said" && return 1; }
}

# A page, with nothing in it that has no data.
is_report() { # file
    [ "$(grep -c '<section' "$1")" = 12 ] && grep -q 'data:image/png' "$1"
}

readme=$TMPDIR/readme
run_page README.md "$readme"
check "README.md: the data were looked at" said "$readme" "cases"
check "README.md: a report of the run" is_report "$readme/runs/first/report.html"
check "README.md: a label map of each case" test "$(find "$readme/maps" -name '*.nii.gz' | wc -l)" = 5
check "README.md: a picture" test "$(head -c 4 "$readme/look.png" | tail -c 3)" = PNG
check "README.md: nothing is left in the tree" test ! -e runs/first -a ! -e look.png

organ=$TMPDIR/organ
run_page docs/schemes.md "$organ"
check "docs/schemes.md: a report of the run" is_report "$organ/runs/pancreas/report.html"
check "docs/schemes.md: by the organ's region" grep -q '<span>Dice PANCREAS' "$organ/runs/pancreas/report.html"
check "docs/schemes.md: label maps with its number alone" test -z "$(for file in "$organ"/maps/*.nii.gz; do
    gzip -dc "$file" | tail -c +353 | od -An -v -tu1 -w1; done | sort -un | tr -d ' ' | grep -vx -e 0 -e 7)"
