# docs/COMMANDS.md:  describe BUILD | awk -f rows.awk -f markdown.awk

BEGIN {
    print "# Commands"
    print ""
    print "What `prunet COMMAND --help` says, on one page. It is made from that: `make docs` after an option is changed."
}

function cell(text) {
    gsub(/\|/, "\\|", text)
    return text
}

function finish(    i) {
    printf "\n## %s\n\n```\n", called()
    for (i = 1; i <= usages; i++)
        print called() (usage[i] == "" ? "" : " ") usage[i]
    print "```\n\n```text"
    while (lines && line[lines] == "")
        lines--
    for (i = 1; i <= lines; i++)
        if (i > 1 || line[i] != "")
            print line[i]
    print "```\n"
    print "| option | is |"
    print "|---|---|"
    for (i = 1; i <= options; i++)
        printf "| %s`--%s%s` | %s%s |\n", letter[i] == "-" ? "" : "`-" letter[i] "`, ", option[i],
            argument[i] == "-" ? "" : " " cell(argument[i]), section[i] == "" ? "" : "(" cell(section[i]) ") ", cell(help[i])
}
