/* prunet-doctor: what this machine has, what is missing, and the command that brings it. */
#include "kernels/backends.h"
#include "kernels/kernels.h"
#include "lib/base/error.h"
#include "lib/base/install.h"
#include "lib/base/options.h"
#include "lib/base/output.h"
#include "lib/network/backend_choice.h"
#include <limits.h>
#include <omp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* What the scripts call that a small system may lack, and Debian's package of it. */
static const struct need {
    const char *program, *package;
} needs[] = {
    {"bash", "bash"},          {"awk", "mawk"},         {"sed", "sed"},
    {"grep", "grep"},          {"find", "findutils"},   {"sort", "coreutils"},
    {"setpriv", "util-linux"}, {"flock", "util-linux"}, {"cmp", "diffutils"},
    {"xargs", "findutils"},
};
enum { NEEDS = sizeof needs / sizeof needs[0] };

struct doctor {
    struct output output;
    bool no_header;
    bool missing;       /* something that is needed */
    bool gpu_unusable;  /* though the build is for one */
    char packages[256]; /* that bring it, each with a blank before it */
};

static int row(struct doctor *doctor, const char *what, const char *found)
{
    return output_print(&doctor->output, "%s\t%s\n", what, found);
}

static bool in_path(const char *program)
{
    char path[PATH_MAX];
    const char *folders = getenv("PATH");
    for (; folders && *folders; folders += strcspn(folders, ":"), folders += *folders == ':') {
        const int length = (int)strcspn(folders, ":");
        snprintf(path, sizeof path, "%.*s/%s", length, folders, program);
        if (!access(path, X_OK))
            return true;
    }
    return false;
}

static void need_package(struct doctor *doctor, const char *package)
{
    char word[32];
    snprintf(word, sizeof word, " %s", package);
    doctor->missing = true;
    if (!strstr(doctor->packages, word))
        strcat(doctor->packages, word);
}

static int check_programs(struct doctor *doctor)
{
    char lacking[256] = "";
    for (int i = 0; i < NEEDS; i++)
        if (!in_path(needs[i].program)) {
            strcat(strcat(lacking, *lacking ? ", " : "missing: "), needs[i].program);
            need_package(doctor, needs[i].package);
        }
    return row(doctor, "programs of the stages", *lacking ? lacking : "all there");
}

static int check_cpu(struct doctor *doctor)
{
    static const int demo[] = {8}; /* channels of a network for which the wide layout pays */
    const char *why = "";
    char text[256];
    const struct kernels *kernels = kernels_find("cpu", demo, 1, 1, &why);
    if (!kernels) {
        doctor->missing = true;
        return row(doctor, "CPU", why);
    }
    snprintf(text, sizeof text, "%s, %d threads", kernels->description, omp_get_max_threads());
    return row(doctor, "CPU", text);
}

/* Whether the build has a family of this name, whatever the machine can run. */
static bool has_family(const char *name)
{
    for (const struct kernels_family *const *family = kernels_families; *family; family++)
        if (!strcmp((*family)->name, name))
            return true;
    return false;
}

static int check_gpu(struct doctor *doctor)
{
    const bool driver = !access("/dev/nvidiactl", F_OK);
    const char *why = NULL;
    char text[3 * PATH_MAX];
    if (!has_family("cuda"))
        return row(doctor, "GPU",
                   driver ? "there is one, and this build is without CUDA: make CUDA=1"
                          : "none, and this build is without CUDA");
    const struct kernels *cuda = kernels_find("cuda", NULL, 0, 1, &why);
    doctor->gpu_unusable = !cuda || (why = cuda->open());
    if (doctor->gpu_unusable)
        snprintf(text, sizeof text, "cannot be used: %s", why);
    else
        snprintf(text, sizeof text, "%s, %.1f GiB free; %s", cuda->description,
                 (double)cuda->available() / 0x1p30, cuda->machine());
    int status = row(doctor, "GPU", text);
    const char *remark;
    while (!status && cuda && !why && (remark = cuda->remark()))
        status = row(doctor, "GPU advice", remark);
    return status;
}

static int check_memory(struct doctor *doctor)
{
    const long pages = sysconf(_SC_AVPHYS_PAGES), all = sysconf(_SC_PHYS_PAGES), size = sysconf(_SC_PAGESIZE);
    char text[64];
    snprintf(text, sizeof text, "%.1f GiB, %.1f free", (double)all * (double)size / 0x1p30,
             (double)pages * (double)size / 0x1p30);
    return row(doctor, "memory", text);
}

/* A part that lies in a folder of its own. `needed`: without it the stages do not run. */
static int check_part(struct doctor *doctor, const char *what, const char *name, bool needed)
{
    char path[PATH_MAX];
    if (!shared_path(path, name))
        return row(doctor, what, path);
    doctor->missing = doctor->missing || needed;
    return row(doctor, what, error_message());
}

static int examine(struct doctor *doctor)
{
    char folder[PATH_MAX];
    int status = tools_folder(folder);
    if (!status && !doctor->no_header)
        status = row(doctor, "what", "found");
    if (status || (status = row(doctor, "tools", folder)) ||
        (status = check_part(doctor, "stages", "pipelines/stages", true)) ||
        (status = check_part(doctor, "model in the box", "models/starter.safetensors", false)) ||
        (status = check_part(doctor, "model for what lacks", "models/starter-any.safetensors", false)) ||
        (status = check_cpu(doctor)) || (status = check_gpu(doctor)) || (status = check_memory(doctor)) ||
        (status = check_programs(doctor)) ||
        (doctor->gpu_unusable && (status = row(doctor, "to do for the GPU", "what its row says"))))
        return status;
    if (*doctor->packages)
        return output_print(&doctor->output, "to do\tapt-get install%s\n", doctor->packages);
    return row(doctor, "to do", doctor->missing ? "install prunet anew: make install" : "nothing");
}

int main(int argc, char **argv)
{
    const char *out = NULL, *device = NULL;
    struct doctor doctor = {.missing = false};
    const struct tool tool = {
        .name = "prunet-doctor",
        .usage = "[OPTION...]",
        .summary =
            "Prints what prunet finds on this machine: its own parts, the instructions of the CPU that it\n"
            "uses, a GPU, memory, the programs that the stages call; and the one command that brings what "
            "is\n"
            "missing. The status is 1 when something is missing that is needed.",
        .common = {.output = &out, .device = &device, .no_header = &doctor.no_header},
        .example = "prunet-doctor",
    };
    if (options_parse(&tool, argc, argv) != argc)
        usage_error("no operands are expected");
    int status = backend_choose_device(device);
    if (!status)
        status = output_open(&doctor.output, out, false);
    if (!status)
        status = examine(&doctor);
    if (!status)
        status = output_commit(&doctor.output);
    if (status)
        return report(status);
    return doctor.missing ? STATUS_FAILURE : STATUS_OK;
}
