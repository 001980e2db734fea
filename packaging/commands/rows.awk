# The rows of packaging/commands/describe, a command at a time; a library for awk programs, which define finish() and
# find in it: command, does, usage[1..usages], line[1..lines] of the summary, option[1..options] and its letter[],
# argument[], help[], group[] ("option" or "common") and section[] (the heading before it, or ""), older[1..olders], meant[],
# value_set(i) and takes_files(i) of an option's values, variable[1..variables] and about[], note[1..notes], example[1..examples].

BEGIN { FS = "\t" }

function forget() {
    usages = lines = options = olders = variables = notes = examples = 0
    heading = ""
}

$1 == "command" {
    if (command != "")
        finish()
    forget()
    command = $2
    does = $3
}

# A stage's script serves several verbs: "preprocess|train|evaluate DATA RUN" of train is "DATA RUN".
$1 == "values" {
    set_of[$2, $3] = $5
    or_file[$2, $3] = $4 == "files"
}

$1 == "usage" {
    form = $2
    if (index("|" substr(form, 1, index(form " ", " ") - 1) "|", "|" command "|"))
        sub(/^[^ ]* ?/, "", form)
    usage[++usages] = form
}

$1 == "summary" { line[++lines] = $2 }
$1 == "section" { heading = $2 }

$1 == "option" || $1 == "common" {
    option[++options] = $2
    letter[options] = $3
    argument[options] = $4
    help[options] = $5
    group[options] = $1
    section[options] = heading
    heading = ""
}

$1 == "older" { older[++olders] = $2; meant[olders] = $3 }
$1 == "environment" { variable[++variables] = $2; about[variables] = $3 }
$1 == "notes" { note[++notes] = $2 }
$1 == "example" { example[++examples] = $2 }

END { finish() }

# The values that option i of the command may have, with blanks between, or "" where they are no known set.
function value_set(i) {
    return argument[i] == "-" ? "" : set_of[(command, option[i]) in set_of ? command : "*", option[i]]
}

# Whether it may be a file, too.
function takes_files(i) {
    return value_set(i) == "" || or_file["*", option[i]]
}

# "prunet crop", or "prunet" of the door itself.
function called() {
    return command == "prunet" ? command : "prunet " command
}
