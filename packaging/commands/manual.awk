# Manual pages in mdoc, a file a command:
#
#     describe BUILD | awk -v folder=FOLDER -v date="November 26, 2026" -f rows.awk -f manual.awk

function put(text) { print text >page }

# A word as it stands: no request, no macro, no escape.
function plain(word) {
    gsub(/\\/, "\\e", word)
    gsub(/"/, "\\(dq", word)
    return word ~ /^['.]/ || word ~ /^[A-Z%][a-z0-9]$/ ? "\\&" word : word
}

function words_of(text,    word, count, i, result) {
    count = split(text, word, " ")
    for (i = 1; i <= count; i++)
        result = result (i > 1 ? " " : "") plain(word[i])
    return result
}

# Running text: a sentence begins a line, no line is long.
function put_text(text,    word, count, i, now) {
    count = split(text, word, " ")
    for (i = 1; i <= count; i++) {
        if (now != "" && length(now) + length(word[i]) > 76) {
            put(now)
            now = ""
        }
        now = now (now == "" ? "" : " ") plain(word[i])
        if (word[i] ~ /[.!?]['")]*$/) {
            put(now)
            now = ""
        }
    }
    if (now != "")
        put(now)
}

# Paragraphs; lines that are indented, or end with colons before such, stay as they are.
function put_lines(text, count,    i, paragraph, literal) {
    for (i = 1; i <= count + 1; i++) {
        if (i <= count && text[i] ~ /^  /) {
            if (!literal) {
                put_text(paragraph)
                paragraph = ""
                put(".Bd -literal")
            }
            literal = 1
            put(plain_line(text[i]))
            continue
        }
        if (literal)
            put(".Ed")
        if (i > count || text[i] == "") {
            put_text(paragraph)
            paragraph = ""
            if (i < count && text[i + 1] != "" && !(text[i + 1] ~ /^  /))
                put(".Pp")
        } else
            paragraph = paragraph " " text[i]
        literal = 0
    }
}

function plain_line(text) {
    gsub(/\\/, "\\e", text)
    return text ~ /^['.]/ ? "\\&" text : text
}

function put_options(    i) {
    put(".Sh OPTIONS")
    for (i = 1; i <= options; i++) {
        if (i == 1 || section[i] != "" || group[i] != group[i - 1]) {
            if (i > 1)
                put(".El")
            if (section[i] != "" || group[i] == "common") {
                if (i > 1)
                    put(".Pp")
                put_text(section[i] != "" ? section[i] : "Options that other commands have, too:")
            }
            put(".Bl -tag -width Ds")
        }
        put(".It" (letter[i] != "-" ? " Fl " letter[i] " ," : "") " Fl -" option[i] (argument[i] != "-" ? " Ar " words_of(argument[i]) : ""))
        put_text(help[i])
    }
    put(".El")
    for (i = 1; i <= olders; i++) {
        put(".Pp")
        put_text("An older name: --" older[i] " is --" meant[i] ".")
    }
}

function put_synopsis(    i) {
    put(".Sh SYNOPSIS")
    for (i = 1; i <= usages; i++) {
        put(".Nm " called())
        put_text(usage[i])
    }
}

function put_environment(    i) {
    put(".Sh ENVIRONMENT")
    put(".Bl -tag -width Ds")
    for (i = 1; i <= variables; i++) {
        put(".It Ev " variable[i])
        put_text(about[i])
    }
    put(".El")
}

function finish(    i, name) {
    name = command == "prunet" ? command : "prunet-" command
    page = folder "/" name ".1"
    sub(/[.]$/, "", does)
    put(".Dd " date)
    put(".Dt " toupper(name) " 1")
    put(".Os")
    put(".Sh NAME")
    put(".Nm " name)
    put(".Nd " words_of(does == "" ? "a tool of prunet" : does))
    put_synopsis()
    put(".Sh DESCRIPTION")
    put_lines(line, lines)
    put_options()
    if (notes) {
        put(".Sh NOTES")
        put_lines(note, notes)
    }
    if (variables)
        put_environment()
    put(".Sh EXIT STATUS")
    put_text("0 success, 1 failure, 2 usage, 65 bad or truncated input, 75 try again later.")
    if (examples)
        put(".Sh EXAMPLES")
    for (i = 1; i <= examples; i++)
        put(".Dl " words_of(example[i]))
    put(".Sh SEE ALSO")
    put(command == "prunet" ? ".Xr prunet-segment 1" : ".Xr prunet 1")
    close(page)
}
