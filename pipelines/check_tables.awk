# Whether the tables of epochs are whole:
#
#     table_of_cases | awk -f columns.awk -f check_tables.awk - epochs/*/steps.tsv epochs/*/validation.tsv
#
# table_of_cases: the columns case and list, "training" or "validation". steps.tsv must have each training case once, of
# its folder's epoch, or so many of them as the folder's name says (.0007.at-00012); validation.tsv each validation case
# with each region once. Numbers must be numbers. The first table that is not so ends the program with 1 and a line on
# stdout: file, and what is wrong.

BEGIN { measures = split("loss seconds waiting", measure, " ") }

function damaged(why)
{
    print file ": is damaged: " why
    failed = 1
    exit 1
}

function finish()
{
    if (table == "steps" && rows != steps)
        damaged(rows " steps, not " steps)
    if (table == "validation" && rows != regions * cases["validation"])
        damaged(rows " values of Dice, not " regions * cases["validation"])
}

function is_number(text)
{
    return text ~ /^-?[0-9]+([.][0-9]+)?(e[-+]?[0-9]+)?$/ && text + 0 < 1e300 && text + 0 > -1e300
}

# The value of a column, which must be there.
function value(name)
{
    if (!(name in column))
        damaged("no column is called " name)
    return $column[name]
}

function number(name)
{
    if (!is_number(value(name)))
        damaged("row " (FNR - 1) ": " name " is '" value(name) "'")
    return value(name) + 0
}

# The folder's name is 0007, .0007.trained or .0007.at-00012.
function begin(    count, path, folder)
{
    file = FILENAME
    count = split(file, path, "/")
    table = path[count] == "steps.tsv" ? "steps" : "validation"
    folder = path[count - 1]
    steps = folder ~ /[.]at-/ ? substr(folder, index(folder, "-") + 1) + 0 : cases["training"]
    sub(/^[.]/, "", folder)
    epoch = folder + 0
    width = NF
    rows = 0
    split("", seen)
}

header && !tables++ { next }

tables == 1 {
    list[field("case")] = field("list")
    cases[field("list")]++
    next
}

# The regions are those of the first table's columns dice_wt, ...; the others have the same.
function find_regions(    i)
{
    for (i = 1; i <= NF; i++)
        if ($i ~ /^dice_/) {
            known[substr($i, 6)]
            measure[++measures] = $i
            regions++
        }
    if (!regions)
        damaged("no column begins with dice_")
}

header {
    finish()
    begin()
    if (table == "steps" && !regions)
        find_regions()
    next
}

NF != width || /\r/ { damaged("row " (FNR - 1) " is no row of it") }

{ key = table == "steps" ? value("case") : value("case") " " value("region") }

table == "steps" && (number("epoch") != epoch || list[value("case")] != "training" || key in seen) {
    damaged("row " (FNR - 1) " is of epoch " value("epoch") ", case " key)
}

table == "steps" {
    for (i = 1; i <= measures; i++)
        number(measure[i])
}

table == "validation" && (list[value("case")] != "validation" || key in seen) {
    damaged("row " (FNR - 1) " is of " key)
}

table == "validation" && (tolower(value("region")) in known) && (number("dice") < 0 || number("dice") > 1) {
    damaged("row " (FNR - 1) ": dice is '" value("dice") "'")
}

{ seen[key] }

table == "steps" || tolower(value("region")) in known { rows++ }

END {
    if (!failed)
        finish()
    exit failed
}
