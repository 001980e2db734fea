#!/usr/bin/env bash
# list-cases: which folders are cases, what files they have, and what is refused by name.
set -u
. tests/check.sh
cd "$TMPDIR" || exit 1

make_case() { # folder, [name of the files]
    local name=${2-${1##*/}} kind
    mkdir -p "$1"
    for kind in t1 t1ce t2 flair seg; do
        : >"$1/${name}_$kind.nii.gz"
    done
}
row() { # folder, [name of the case]
    local name=${2-${1##*/}} kind
    printf '%s\t%s' "$name" "$1"
    for kind in seg t1 t1ce t2 flair; do
        printf '\t%s' "$1/${name}_$kind.nii.gz"
    done
    echo
}
lists() { # what, rows, options and DATA...
    list-cases --no-header "${@:3}" >out 2>err
    check "$1" test $? = 0 -a ! -s err -a "$(cat out)" = "$2" || show out || show err
}
fails() { # what, status, part of the message, options and DATA...
    local got
    list-cases "${@:4}" >out 2>err
    got=$?
    check "$1: status $2, nothing printed" test "$got" = "$2" -a ! -s out || show err
    check "$1: $3" grep -q -F -e "$3" err || show err
}
fresh() { rm -rf data && mkdir data; }

# --- what is a case -----------------------------------------------------------------------------------------------------
fresh
make_case data/c_3 && make_case data/b_2 && make_case data/HGG/a_1 && make_case data/LGG/d_4
all=$(row data/HGG/a_1 && row data/b_2 && row data/c_3 && row data/LGG/d_4)
lists "cases in DATA and one level below, sorted by name" "$all" data
check "its header" test "$(list-cases data | head -n 1)" = $'case\tfolder\tlabel\tt1\tt1ce\tt2\tflair'
lists "DATA/ is DATA" "$all" data///
lists "the same with --labelled" "$all" --labelled data
list-cases -o table data && check "-o writes the table" test "$(tail -n +2 table)" = "$all"
list-cases data >/dev/full 2>err
check "a full disk is 1" test $? = 1
check "from inside DATA" test "$(cd data && list-cases --no-header . | cut -f1,2 | head -n 1)" = $'a_1\t./HGG/a_1'
find data -type f -exec chmod 0 {} +
lists "no file is opened" "$all" data

make_case data/c_3/old && make_case data/c_3/old_2 && make_case data/HGG/a_1/deep/er && make_case data/HGG/more/deeper
lists "nothing below a case, nothing two levels below DATA" "$all" data
make_case data/.hidden && make_case data/HGG/.hidden && make_case data/.Trash/x_1
make_case data/__MACOSX/c_3 && make_case data/__MACOSX/HGG && make_case data/HGG/__MACOSX && make_case data/@eaDir/b_2
mkdir -p data/lost+found data/empty data/HGG/empty && chmod 0 data/lost+found
for file in ._c_3_t1.nii.gz ._c_3_seg.nii.gz .DS_Store Thumbs.db c_3_t1.nii.gz.dvc c_3_seg.nii.gz.part c_3_seg.nii.bak \
    c_3_seg.nii.gz~ c_3_t2.nii.gz.tmp c_3_flair.nii.gz.crdownload .c_3_t1.nii.gz.swp desktop.ini c_3.csv c_3_t1.json; do
    : >"data/c_3/$file"
done
mkdir data/c_3/c_3_t1.nii data/c_3/@eaDir && : >data/survival.csv && : >data/HGG/survival.csv
mkfifo data/pipe && : >data/notes && : >data/stray_t1.nii.gz
lists "what others leave is passed over" "$all" data
chmod 700 data/lost+found

fresh
mkdir data/n data/p && for kind in t1n t1c t2w t2f seg; do : >"data/n/n-$kind.nii"; done
lists "the names of 2023" $'n\tdata/n\tdata/n/n-seg.nii\tdata/n/n-t1n.nii\tdata/n/n-t1c.nii\tdata/n/n-t2w.nii\tdata/n/n-t2f.nii' data
: >data/p/p_t2.nii
check "a file that is absent is -" test "$(list-cases --no-header data | tail -n 1)" = $'p\tdata/p\t-\t-\t-\tdata/p/p_t2.nii\t-'
mkdir data/q && : >data/q/anything.nii
check "a folder of NIfTI files of other names is a case without files" test "$(list-cases data | tail -n 1)" = $'q\tdata/q\t-\t-\t-\t-\t-'

# --- links --------------------------------------------------------------------------------------------------------------
fresh
make_case data/HGG/a_1 && make_case store/b_2
ln -s .. data/up && ln -s . data/self && ln -s / data/root && ln -s loop data/loop && ln -s nowhere data/dangling
ln -s .. data/HGG/up && ln -s ../.. data/HGG/upper && ln -s "$PWD" data/absolute && ln -s ../store/b_2/b_2_t1.nii.gz/x data/through
ln -s ../../../HGG data/HGG/a_1/around
lists "links that lead back do no harm" "$(row data/HGG/a_1)" data
ln -s ../store/b_2 data/b_2
lists "a case may be a link" "$(row data/HGG/a_1 && row data/b_2)" data
ln -s HGG data/LGG
lists "a group by two names is one" "$(row data/HGG/a_1 && row data/b_2)" data
rm data/HGG/a_1/a_1_t1.nii.gz && ln -s nowhere data/HGG/a_1/a_1_t1.nii.gz
lists "a link to nothing is a file, which is missed when it is read" "$(row data/HGG/a_1 && row data/b_2)" data
ln -s b_2 data/copy
fails "a case by two names" 65 "is the same folder as data/b_2" data

# --- names --------------------------------------------------------------------------------------------------------------
# shellcheck disable=SC2016 # names, not commands
for name in 'my data' "it's" 'a"b' '[x]' '-data' 'größe' '$(id)' 'a;b' 'a&b' '#%:' '*' '\t'; do
    rm -rf -- "./$name" && make_case "./$name/c_1"
    lists "DATA called $name" "$(row "$name/c_1")" -- "$name"
    make_case "./$name/$name/c_0"
    lists "and a group" "$(row "$name/$name/c_0" && row "$name/c_1")" -- "$name"
    rm -rf -- "./$name"
done
fresh && make_case data/c_1
while IFS= read -r name; do
    make_case "data/$name" c_2
    fails "a case called $name" 65 "list-cases: data/$name: '$name' cannot name a case" data
    check "the count of such cases" grep -q -F "data: 1 of its cases cannot be used, see above" err
    rm -rf "data/$name"
done <<'END'
Patient A
BraTS20_Training_001 (1)
x;y
`id`
$(shell id)
-c
a:b
#
größe
a'b
c~
END
make_case "data/$(printf %065d 0)" c_2 && fails "a name of 65 letters" 65 "cannot name a case" data
rm -rf data/0* && make_case "data/$(printf %064d 0)" c_2 && check "one of 64 is fine" test "$(list-cases data | wc -l)" = 3
make_case $'data/tab\tname' c_2 && make_case $'data/line\nbreak' c_2
fails "a tab" 65 'data/tab\tname: a tab or a line break' data
fails "a line break" 65 'data/line\nbreak: a tab or a line break' data
check "both are counted" grep -q "2 of its cases cannot be used" err
fresh && make_case $'data/a\tgroup/c_1' && fails "a group with a tab" 65 'data/a\tgroup/c_1: a tab' data
fresh && make_case data/c_1 $'c\t1' && fails "files with a tab" 65 'c\t1_t1.nii.gz: a tab' data
fresh && mkdir $'data/an empty\tfolder' && make_case data/c_1 && lists "a folder without files may be called anything" "$(row data/c_1)" data
make_case $'da\tta/c_1' && fails "DATA with a tab" 65 'da\tta: a tab' $'da\tta'

# --- what is refused ----------------------------------------------------------------------------------------------------
fresh && make_case data/HGG/c_1 && make_case data/LGG/c_1
fails "two folders of one name" 65 "two folders are called c_1: data/HGG/c_1 and data/LGG/c_1" data
fresh && make_case data/BraTS20_Training_001 && make_case data/BraTS20_Training_002 BraTS20_Training_003
fails "another patient's files" 65 "data/BraTS20_Training_002: a file of another case" data
fresh && make_case data/c_1 && : >data/c_1/x_seg.nii
fails "two label maps" 65 "data/c_1: two files for seg: c_1_seg.nii.gz and x_seg.nii" data
fresh && make_case data/c_1 && mv data/c_1/c_1_t2.nii.gz data/c_1/c_2_t2.nii.gz
fails "files of two cases" 65 "data/c_1: files of two cases: c_1_t1.nii.gz and c_2_t2.nii.gz" data
fresh && for n in 1 2 3 4; do make_case data/c_$n; done
mv data/c_2/c_2_seg.nii.gz{,.part} && mv data/c_4/c_4_seg.nii.gz data/c_4/W39_1998.09.19_Segm.nii
lists "cases without a label map" "$(row data/c_1 && row data/c_2 | sed 's/[^\t]*_seg[^\t]*/-/' && row data/c_3 && row data/c_4 | sed 's/[^\t]*_seg[^\t]*/-/')" data
fails "--labelled refuses a case without one" 65 "list-cases: data/c_2: no label map" --labelled data
check "an odd name is said" grep -q "data/c_4: no label map; W39_1998.09.19_Segm.nii is not one by its name: call it c_4_seg.nii" err
check "all of them are said" test "$(grep -c "no label map" err)" = 2 -a "$(tail -n 1 err)" = "list-cases: data: 2 of its cases cannot be used, see above"

fresh && fails "an empty DATA" 65 "data: no folder in it has .nii or .nii.gz files" data
make_case data/deep/deeper/c_1 && fails "cases too deep" 65 "data: no folder in it has" data
: >data/c_1_t1.nii && fails "files without a folder" 65 "it has some itself, but each case needs a folder of its own there" data
check "in one line" test "$(wc -l <err)" = 1
fails "a missing DATA" 1 "nowhere: cannot read the folder" nowhere
fails "a file for DATA" 1 "err: cannot read the folder" err
fails "DATA with an empty name" 1 ": cannot read the folder" ''
fails "no DATA" 2 "0 folders"
fails "two" 2 "2 folders" data data
if [ "$(id -u)" != 0 ]; then
    fresh && make_case data/c_1 && make_case data/c_2 && chmod 0 data/c_2
    fails "a folder that cannot be read" 1 "data/c_2: cannot read the folder: Permission denied" data
    chmod 700 data/c_2
else
    echo "ok - a folder that cannot be read # skip root reads every folder"
fi
check "nii2raw --dir finds the same files" test "$(fresh; make_case data/c_1; : >data/c_1/y_t1.nii; nii2raw --dir data/c_1 2>&1 >/dev/null | sed 's/^[a-z0-9]*: //')" = \
    "$(list-cases data 2>&1 >/dev/null | sed 's/^[a-z-]*: //; 1q')"

# --- many ---------------------------------------------------------------------------------------------------------------
fresh && for n in $(seq 1251); do
    printf 'data/BraTS2021_%05d\0' "$n"
done | xargs -0 mkdir
for kind in t1 t1ce t2 flair seg; do
    for n in $(seq 1251); do printf 'data/BraTS2021_%05d/BraTS2021_%05d_%s.nii.gz\0' "$n" "$n" $kind; done | xargs -0 touch
done
list-cases --labelled data >out
check "1251 cases are listed" test "$(wc -l <out)" = 1252

# --- other names --------------------------------------------------------------------------------------------------------
fresh
make_case "data/Müller 7" m && make_case data/HGG/c_1 && make_case data/LGG/c_1 && make_case data/b_2
fails "an odd name" 65 "PRUNET_CASE_NAMES" data
printf '%s\t%s\n' 'Müller 7' patient_7 LGG/c_1 c_1.low unknown x >names.tsv
export PRUNET_CASE_NAMES=$PWD/names.tsv
lists "a list gives other names" "$(row data/b_2 && row data/HGG/c_1 && row data/LGG/c_1 c_1.low |
    sed 's|LGG/c_1/c_1.low_|LGG/c_1/c_1_|g' && row "data/Müller 7" patient_7 | sed 's|/patient_7_|/m_|g')" data
check "prunet-check, too" test "$(prunet-check --unlabelled data 2>/dev/null | awk -F'\t' '$1 == "cases" { print $3 }')" = 4
refuses() { # what, text of the list, part of the message
    printf '%b' "$2" >names.tsv
    fails "$1" 65 "$3" data
}
refuses "a line without a tab" 'a b\n' "names.tsv: 'a b' is not FOLDER, a tab, NAME"
refuses "without a folder" '\tb\n' "is not FOLDER, a tab, NAME"
refuses "another name that is none" 'M\ta b\n' "names.tsv: 'a b' cannot name a case"
refuses "two names for a folder" 'M\ta\nM\tb\n' "names.tsv: two names for 'M'"
refuses "a name that another case has" 'Müller 7\tb_2\nLGG/c_1\tx\n' "two folders are called b_2"
PRUNET_CASE_NAMES=nowhere fails "no such list" 1 "nowhere: cannot open: No such file" data
unset PRUNET_CASE_NAMES
