# Checks settings against pipelines/settings.tsv, and those that must fit each other.
#
#     awk -f columns.awk -f settings.awk settings.tsv assignments
#     awk -v list=yes ...     prints them: setting, value and what is right, a row of a Markdown table each (docs/FORMAT.md)
#
# assignments: a table with the columns setting, value and where ("FILE: line 3"), a later line for a setting winning.
# The first that is wrong ends the program with 1 and a line on stdout: where, what, and what is right.

function refuse(what)
{
    print what
    failed = 1
    exit 1
}

function is_natural(text)
{
    return text ~ /^(0|[1-9][0-9]*)$/ && length(text) <= 20
}

function is_real(text)
{
    return text ~ /^-?([0-9]+[.]?[0-9]*|[.][0-9]+)([eE][-+]?[0-9][0-9]?[0-9]?)?$/
}

function in_range(key, number)
{
    return number + 0 >= least[key] + 0 && number + 0 <= most[key] + 0
}

# Each of the parts between the separators is a whole number in the range; `wanted` parts, 0: any number.
function are_naturals(key, text, separator, wanted,    part, count, i)
{
    count = split(text, part, separator)
    for (i = 1; i <= count; i++)
        if (!is_natural(part[i]) || !in_range(key, part[i]))
            return 0
    return wanted ? count == wanted : count
}

function is_bytes(key, text,    last, factor)
{
    last = substr(text, length(text))
    factor = last == "K" ? 1024 : last == "M" ? 1048576 : last == "G" ? 1073741824 : last == "T" ? 1099511627776 : 0
    if (factor)
        text = substr(text, 1, length(text) - 1)
    return is_natural(text) && in_range(key, text * (factor ? factor : 1))
}

# K/N: fold K of N.
function is_fold(key, text,    part)
{
    return are_naturals(key, text, "/", 2) && split(text, part, "/") && part[1] + 0 <= part[2] + 0 && part[2] > 1
}

function is_average(key, text)
{
    if (text ~ /^window-/)
        return are_naturals(key, substr(text, 8), "/", 1)
    return text ~ /^exponential-/ && is_real(substr(text, 13)) && substr(text, 13) >= 0 && substr(text, 13) + 0 < 1
}

# Three numbers in the range, XxYxZ.
function is_spacing(key, text,    part, count, i)
{
    count = split(text, part, "x")
    for (i = 1; i <= count; i++)
        if (!is_real(part[i]) || !in_range(key, part[i]))
            return 0
    return count == 3
}

# Numbers in the range with their shares.
function is_mix(key, text,    item, pair, count, i)
{
    count = split(text, item, ",")
    for (i = 1; i <= count; i++)
        if (split(item[i], pair, ":") != 2 || !is_real(pair[1]) || !in_range(key, pair[1]) || !is_natural(pair[2]) || pair[2] == 0)
            return 0
    return count > 0
}

function is_valid(key, text)
{
    if (index("," words[key] ",", "," text ","))
        return 1
    if (type[key] == "natural")
        return are_naturals(key, text, "/", 1)
    if (type[key] == "naturals")
        return are_naturals(key, text, ",", 0)
    if (type[key] == "size")
        return are_naturals(key, text, "x", 3)
    if (type[key] == "real")
        return is_real(text) && in_range(key, text)
    if (type[key] == "bytes")
        return is_bytes(key, text)
    if (type[key] == "fold")
        return is_fold(key, text)
    if (type[key] == "mix")
        return is_mix(key, text)
    if (type[key] == "spacing")
        return is_spacing(key, text)
    if (type[key] == "file")
        return text != ""
    if (type[key] == "scheme")
        return text ~ /^[A-Za-z0-9][A-Za-z0-9._-]*$/ || index(text, "/")
    return type[key] == "average" && is_average(key, text)
}

# What is right, in words.
function right(key,    range, list)
{
    range = least[key] " to " most[key]
    list = words[key]
    gsub(",", ", ", list)
    if (type[key] == "word")
        return list
    list = list == "-" ? "" : ", or " list
    if (type[key] == "natural")
        return "a whole number, " range list
    if (type[key] == "naturals")
        return "whole numbers with commas between, each " range list
    if (type[key] == "size")
        return "XxYxZ, each " range list
    if (type[key] == "real")
        return "a number, " range list
    if (type[key] == "spacing")
        return "XxYxZ in mm, each " range list
    if (type[key] == "bytes")
        return "a size such as 8G" list
    if (type[key] == "fold")
        return "K/N, fold K of N" list
    if (type[key] == "mix")
        return "NUMBER:SHARE with commas between, each number " range list
    if (type[key] == "file")
        return "a file" list
    if (type[key] == "scheme")
        return "the name or the file of a scheme" list
    return "window-N (N: " range ") or exponential-G (0 <= G < 1)" list
}

FNR == NR && header { next }

FNR == NR {
    key = field("setting")
    type[key] = field("type")
    least[key] = field("least")
    most[key] = field("most")
    words[key] = field("words")
    order[++keys] = key
    next
}

header { next }

{
    key = field("setting")
    value[key] = field("value")
    where[key] = field("where")
    if (!(key in type))
        refuse(where[key] ": " key " has no type in settings.tsv")
    if (!is_valid(key, value[key]))
        refuse(where[key] ": " key "=" value[key] " is not valid: " right(key))
}

# Whether a size, XxYxZ, has a side to which `is_wrong` applies: "larger" than other's, or no multiple of `other`.
function has_side(size, is_wrong, other,    a, b, i)
{
    split(size, a, "x")
    split(other, b, "x")
    for (i = 1; i <= 3; i++)
        if (is_wrong == "larger" ? a[i] + 0 > b[i] + 0 : a[i] % other)
            return 1
    return 0
}

function refuse_pair(key, why)
{
    refuse(where[key] ": " key "=" value[key] " " why)
}

# Each level but the first halves the sides.
function check_multiple(key,    levels, part, multiple)
{
    levels = split(value["CHANNELS"], part, ",")
    for (multiple = 1; --levels > 0; multiple *= 2) {}
    if (value[key] != "none" && has_side(value[key], "no multiple", multiple))
        refuse_pair(key, "has a side that is no multiple of " multiple ", as CHANNELS=" value["CHANNELS"] " needs it")
}

END {
    if (failed || !("PATCH" in value)) # options alone
        exit failed
    if (value["PATCH"] != "none" && has_side(value["PATCH"], "larger", value["CROP"]))
        refuse_pair("PATCH", "is larger than CROP=" value["CROP"])
    check_multiple("CROP")
    check_multiple("PATCH")
    if (value["SCHEME"] != "none" && value["LABELS"] != 2018)
        refuse_pair("LABELS", "is the older name of SCHEME, which is " value["SCHEME"])
    check_multiple("WINDOW")
    split("ENCODER_BLOCKS DECODER_BLOCKS", blocks, " ")
    for (i = 1; i <= 2; i++)
        if (value["KIND"] == "baseline" && value[blocks[i]] != 1)
            refuse_pair(blocks[i], "has no meaning with KIND=baseline, which has no reversible blocks")
    for (i = 1; list && i <= keys; i++)
        if (order[i] in value)
            printf "| %s | %s | %s |\n", order[i], value[order[i]], right(order[i])
}
