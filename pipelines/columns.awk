# Tables (TSV) by the names of their columns; a library for awk programs:
#
#     awk -f pipelines/columns.awk -f PROGRAM TABLE...       a program in a file
#     table_awk '!header { print field("loss") }' TABLE...   one in a script (common.sh)
#
# A table begins with a line of column names; lines that begin with "#" are comments and not seen by the program.
# `header` is 1 on the line of names and 0 on the rows below it; column["loss"] is the number of that column.

BEGIN { FS = OFS = "\t" }

FNR == 1 { names_are_due = 1 }

/^#/ { next }

{
    header = names_are_due
    names_are_due = 0
}

header {
    split("", column)
    for (i = 1; i <= NF; i++)
        column[$i] = i
}

# A row's value in a named column; a table without that column ends the program.
function field(name)
{
    if (name in column)
        return $column[name]
    print FILENAME ": no column is called " name >"/dev/stderr"
    exit 1
}
