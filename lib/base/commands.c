#include "lib/base/commands.h"
#include "lib/base/error.h"
#include "lib/base/folder.h"
#include "lib/base/install.h"
#include "lib/base/nearest.h"
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* `script`: a file of pipelines/, or NULL for the tool prunet-NAME. `word` goes before the arguments, or is NULL. */
static const struct verb {
    const char *name, *script, *word, *does;
} verbs[] = {
    {"segment", NULL, NULL, "label maps of a case, or of all cases of a data set (segment IN OUT)"},
    {"check", NULL, NULL, "a data set in one look, and what forbids training (check DATA)"},
    {"preprocess", "stages", "preprocess", "the cases of a data set to records (preprocess DATA RUN)"},
    {"train", "stages", "train",
     "preprocesses, and trains a network in RUN, or goes on there (train DATA RUN)"},
    {"evaluate", "stages", "evaluate",
     "segments and scores the validation cases of a run (evaluate DATA RUN)"},
    {"watch", NULL, NULL, "a training on a terminal while it runs (watch RUN)"},
    {"report", NULL, NULL, "a run in one page (report RUN)"},
    {"settings", "settings", NULL, "the settings of a configuration, as a training has them"},
    {"compare", "compare", NULL, "trains configurations with equal splits, beside the paper's Table 1"},
    {"drawn", "drawn", NULL, "trains on heads that are drawn, on no patient"},
    {"retrain", "retrain", NULL, "trains anew when the cases have changed, for cron"},
    {"demo", "demo", NULL, "all of it on phantoms made on the spot, in three minutes (demo [RUN])"},
    {"doctor", NULL, NULL, "what this machine has, what is missing, and the command that brings it"},
};
enum { VERBS = sizeof verbs / sizeof verbs[0] };

static bool in_folder(char path[PATH_MAX], const char *folder, const char *prefix, const char *name)
{
    const int length = snprintf(path, PATH_MAX, "%s/%s%s", folder, prefix, name);
    return length > 0 && length < PATH_MAX && !access(path, X_OK);
}

/* The program of a tool's name, with or without "prunet-". */
static bool find_tool(char path[PATH_MAX], const char *folder, const char *name)
{
    return *name && *name != '.' && !strchr(name, '/') && strlen(name) <= NEAREST_NAME_MAX &&
           (in_folder(path, folder, "", name) || in_folder(path, folder, "prunet-", name));
}

static bool find_verb(char path[PATH_MAX], const char *folder, const struct verb *verb)
{
    char script[PATH_MAX];
    if (!verb->script)
        return find_tool(path, folder, verb->name);
    snprintf(script, sizeof script, "pipelines/%s", verb->script);
    return !shared_path(path, script);
}

static const struct verb *verb_named(const char *name)
{
    for (int i = 0; i < VERBS; i++)
        if (!strcmp(verbs[i].name, name))
            return &verbs[i];
    return NULL;
}

/* The tool's name without "prunet-". */
static const char *short_name(const char *name)
{
    static const char prefix[] = "prunet-";
    return strncmp(name, prefix, sizeof prefix - 1) ? name : name + sizeof prefix - 1;
}

/* --- what there is ------------------------------------------------------------------------------------------------ */

struct visit {
    const char *folder;
    int (*found)(void *self, const char *name, const char *does);
    void *self;
};

static const char *line_of(const char *tool)
{
    for (const struct tool_line *line = tool_lines; line->name; line++)
        if (!strcmp(line->name, tool))
            return line->does;
    return "";
}

static int visit_tool(void *self, const struct dirent *entry)
{
    const struct visit *visit = self;
    char path[PATH_MAX];
    const char *name = short_name(entry->d_name);
    if (!find_tool(path, visit->folder, entry->d_name) || !strcmp(name, "prunet") || verb_named(name))
        return STATUS_OK;
    return visit->found(visit->self, name, line_of(entry->d_name));
}

static int visit_verbs(const struct visit *visit)
{
    char path[PATH_MAX];
    int status = STATUS_OK;
    for (int i = 0; i < VERBS && !status; i++)
        if (find_verb(path, visit->folder, &verbs[i]))
            status = visit->found(visit->self, verbs[i].name, verbs[i].does);
    return status;
}

/* --- what was meant ----------------------------------------------------------------------------------------------- */

static int see_name(void *self, const char *name, const char *does)
{
    (void)does;
    nearest_see(self, name);
    return STATUS_OK;
}

static int fail_unknown(const char *folder, const char *name)
{
    struct nearest nearest = {.written = short_name(name)};
    const struct visit visit = {folder, see_name, &nearest};
    char question[NEAREST_QUESTION_SIZE];
    visit_verbs(&visit);
    folder_visit(folder, visit_tool, (void *)&visit);
    nearest_question(&nearest, question);
    return fail(STATUS_USAGE, "no command is called '%s'%s", name,
                *question ? question : ": prunet help lists them");
}

/* --- becoming it -------------------------------------------------------------------------------------------------- */

/* The scripts of a tree use the tools of the build that the door belongs to; an installed copy knows its own. */
static int name_build(const char *folder)
{
    char build[PATH_MAX];
    strcpy(build, folder);
    *strrchr(build, '/') = 0;
    return setenv("BUILD", build, 1) ? fail_errno(STATUS_FAILURE, "BUILD") : STATUS_OK;
}

static int become(const char *path, const char *word, char **words)
{
    size_t count = 0;
    while (words[count])
        count++;
    char **arguments = calloc(count + 2, sizeof *arguments);
    if (!arguments)
        return fail(STATUS_FAILURE, "out of memory");
    arguments[0] = (char *)path;
    arguments[1] = (char *)word;
    memcpy(arguments + (word ? 2 : 1), words + 1, count * sizeof *words);
    execv(path, arguments);
    free(arguments);
    return fail_errno(STATUS_FAILURE, "%s: cannot be run", path);
}

int command_become(const char *name, char **words)
{
    char folder[PATH_MAX], path[PATH_MAX];
    const struct verb *verb = verb_named(name);
    int status = tools_folder(folder);
    if (status)
        return status;
    if (verb && find_verb(path, folder, verb))
        status = verb->script ? name_build(folder) : STATUS_OK;
    else if (!find_tool(path, folder, name))
        return verb && verb->script ? fail_in(STATUS_FAILURE, "%s", name) : fail_unknown(folder, name);
    return status ? status : become(path, verb ? verb->word : NULL, words);
}

static int print_line(void *self, const char *name, const char *does)
{
    return output_print(self, "  %-18s %.*s\n", name, (int)strcspn(does, ";:"), does); /* the first clause */
}

int commands_print(struct output *output)
{
    char folder[PATH_MAX];
    struct visit visit = {folder, print_line, output};
    int status = tools_folder(folder);
    if (!status)
        status = output_print(output, "\nCommands:\n");
    if (!status)
        status = visit_verbs(&visit);
    if (!status)
        status = output_print(
            output, "\nTools, for pipes (those that begin with prunet- may be called without it):\n");
    return status ? status : folder_visit(folder, visit_tool, &visit);
}
