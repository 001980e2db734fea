/* prunet: the one door to all commands: finds the one that is named and becomes it. */
#include "lib/base/commands.h"
#include "lib/base/error.h"
#include "lib/base/install.h"
#include "lib/base/nearest.h"
#include "lib/base/options.h"
#include "lib/base/output.h"
#include <stdio.h>
#include <string.h>

/* What this build is made of, from the Makefile. */
extern const char *const build_version, *const build_cpu_paths, *const build_cuda;

static int print_version(void)
{
    struct output output;
    int status = output_open(&output, NULL, false);
    if (!status)
        status = output_print(&output, "prunet %s\nCPU   %s\nCUDA  %s\n", build_version, build_cpu_paths,
                              build_cuda);
    return status ? status : output_commit(&output);
}

static int print_exec_path(void)
{
    char folder[PATH_MAX];
    struct output output = {.fd = -1};
    int status = tools_folder(folder);
    if (!status)
        status = output_open(&output, NULL, false);
    if (!status)
        status = output_print(&output, "%s\n", folder);
    return status ? status : output_commit(&output);
}

static int print_commands(void)
{
    struct output output;
    int status = output_open(&output, NULL, false);
    if (!status)
        status = output_print(&output, "prunet COMMAND [ARGUMENT...]     prunet help COMMAND\n");
    if (!status)
        status = commands_print(&output);
    return status ? status : output_commit(&output);
}

/* help, help COMMAND. */
static int help(int count, char **words)
{
    static char option[] = "--help";
    char *arguments[] = {words[0], option, NULL};
    if (count == 1)
        return print_commands();
    if (count > 2)
        usage_error("help: one command, not %d", count - 1);
    return command_become(words[1], arguments);
}

/* The names are the operands. */
static int print_nearest(const char *word, int count, char *const *names)
{
    struct nearest nearest = {.written = word};
    char question[NEAREST_QUESTION_SIZE];
    struct output output;
    int status = output_open(&output, NULL, false);
    for (int i = 0; i < count; i++)
        nearest_see(&nearest, names[i]);
    nearest_question(&nearest, question);
    if (!status)
        status = output_print(&output, "%s\n", question);
    return status ? status : output_commit(&output);
}

/* What is no command. */
static int by_options(const struct tool *tool, const bool *exec_path, const char *const *nearest, int argc,
                      char **argv)
{
    const int first = options_parse(tool, argc, argv);
    if (*nearest)
        return print_nearest(*nearest, argc - first, argv + first);
    if (first != argc)
        usage_error("a command stands before its arguments");
    return *exec_path ? print_exec_path() : print_commands();
}

static bool is_one_of(const char *word, const char *name, const char *option)
{
    return !strcmp(word, name) || !strcmp(word, option);
}

int main(int argc, char **argv)
{
    bool exec_path = false;
    const char *nearest = NULL;
    const struct option_spec options[] = {
        {"exec-path", 0, OPTION_FLAG, &exec_path, NULL, "print the folder of the tools, for PATH"},
        {"nearest", 0, OPTION_TEXT, &nearest, "WORD",
         "print which of the names that follow may have been meant; for scripts"},
    };
    const struct tool tool = {
        .name = "prunet",
        .usage = "COMMAND [ARGUMENT...]\nhelp [COMMAND]\nversion\n--exec-path\n--nearest WORD [NAME...]",
        .summary =
            "Runs a command: a tool by its name (crop, prunet-infer; infer is prunet-infer), a stage of an\n"
            "experiment (preprocess, train, evaluate) or another script. \"prunet help\" lists them all,\n"
            "\"prunet help COMMAND\" says what one does, \"prunet doctor\" what this machine has and lacks.",
        .options = options,
        .count = OPTION_COUNT(options),
        .notes = "Tools do not lie in PATH: in pipes they are prunet crop, prunet-crop, or crop after\n"
                 "PATH=$(prunet --exec-path):$PATH.",
        .example = "prunet segment BraTS2021_00006 segmented",
    };
    tool_name = "prunet";
    int status;
    if (argc > 1 && is_one_of(argv[1], "version", "--version"))
        status = print_version();
    else if (argc > 1 && !strcmp(argv[1], "help"))
        status = help(argc - 1, argv + 1);
    else if (argc > 1 && *argv[1] != '-')
        status = command_become(argv[1], argv + 1);
    else
        status = by_options(&tool, &exec_path, &nearest, argc, argv);
    return status ? report(status) : STATUS_OK;
}
