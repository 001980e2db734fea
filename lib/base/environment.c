#include "lib/base/environment.h"
#include "lib/base/error.h"
#include "lib/base/nearest.h"
#include "lib/base/numbers.h"
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char PREFIX[] = "PRUNET_";

const struct environment_variable environment_variables[] = {
    /* the tools */
    {"PRUNET_BACKEND", "backend", "as --backend, which wins", NULL},
    {"PRUNET_DEVICE", "device", "as --device, which wins", NULL},
    {"PRUNET_CPU", "backend", "widest instructions that cpu uses: portable, avx2, avx512 (all there are)",
     NULL},
    {"PRUNET_CUDA_KERNELS", "backend",
     "own CUDA kernels: 0, 1 or some of forward,data,weights; @32: of one width (0)", NULL},
    {"PRUNET_CUDA_GRAPH", "backend",
     "0: a training step is not recorded, its kernels are started one by one (1)", NULL},
    {"PRUNET_CUDA_LEVEL0", "backend", NULL, "PRUNET_CUDA_KERNELS"},
    {"PRUNET_NCCL", "backend",
     "no: ranks with GPUs add through the host's memory; yes: by NCCL, even one alone", NULL},
    {"PRUNET_THREADS", "threads", "as --threads, which wins; before OMP_NUM_THREADS", NULL},
    {"PRUNET_CASE_NAMES", NULL, "list of other names for cases of a data set: FOLDER, a tab, NAME", NULL},
    /* tests/ */
    {"PRUNET_TEST_DATA", NULL, "folder of real cases; without it the tests on real cases skip", NULL},
    {"PRUNET_TEST_PYTHON", NULL, "interpreter of the tests in Python (python3)", NULL},
    {"PRUNET_TEST_STRICT", NULL, "1: a test that skips because a package is missing fails", NULL},
    {"PRUNET_TEST_SHOW", NULL, "1: the output of tests that pass is printed, too", NULL},
    {"PRUNET_TEST_LONG", NULL,
     "1: tests that try a selection (kernels/scratch, paper_rows) try all, in 40 minutes", NULL},
    {"PRUNET_TEST_OPERATION", NULL, "tests/kernels/operations tries the operations whose name contains it",
     NULL},
    {"PRUNET_TEST_UNTOUCHED", NULL, "1: tests of kernels do not poison memory first, for tools that watch it",
     NULL},
    {"PRUNET_TEST_STAGES", NULL, "stages that tests/pipelines/signals.sh tries, with blanks between (all)",
     NULL},
    {"PRUNET_TEST_KILLS", NULL, "how often tests/pipelines/kills.sh disturbs a run in each way (2)", NULL},
    {"PRUNET_TEST_STOPS", NULL,
     "before how many of its commands tests/pipelines/signals.sh stops each stage (1)", NULL},
    {"PRUNET_TEST_LAUNCHER", NULL, "what starts the ranks of tests/tools/ranks.sh (mpirun --bind-to none -n)",
     NULL},
    {"PRUNET_TEST_PMI", NULL, "how srun and MPI meet in tests/pipelines/slurm.sh (pmix)", NULL},
    {"PRUNET_TEST_JOBS", NULL, "how many tests tests/run runs at a time (processors, four at most)", NULL},
    {"PRUNET_TEST_WITHOUT", NULL, "tests that tests/run leaves out: parts of their names", NULL},
    {"PRUNET_TEST_LIMIT", NULL, "seconds after which tests/run ends a test that hangs (1200)", NULL},
    {"PRUNET_TEST_SEED", NULL,
     "seed of faults and kills in tests/faults and tests/pipelines/kills.sh (the time)", NULL},
    /* tests/bench/ */
    {"PRUNET_BENCH_FOLDER", NULL, "where the benchmark's tables go (build/bench/DATE)", NULL},
    {"PRUNET_BENCH_TORCH", NULL, "a Python with torch to compare with; none: without", NULL},
    {"PRUNET_BENCH_TORCH_OLD", NULL, "a Python with torch and revtorch to compare with; none: without", NULL},
    {"PRUNET_BENCH_SIZES", NULL, "the smaller and the larger grid of the quick benchmark", NULL},
    {"PRUNET_BENCH_PATCH", NULL, "grid that stands for the rows' 128x128x128", NULL},
    {"PRUNET_BENCH_FULL", NULL, "grid that stands for the rows' 160x192x160", NULL},
    {"PRUNET_BENCH_CASES", NULL, "folders of cases for .ci/long challenge, colons between (PRUNET_TEST_DATA)",
     NULL},
    {"PRUNET_BENCH_KERNELS", NULL, "size of the kernels' benchmark: full or patch (full)", NULL},
    {"PRUNET_BENCH_REPEATS", NULL, "how often a kernel is timed (5)", NULL},
    {"PRUNET_BENCH_CLOCK", NULL, "cpu: kernels are timed by processor time, not by the wall's clock", NULL},
};

const size_t environment_variable_count = sizeof environment_variables / sizeof environment_variables[0];

static const char *value_of(const char *name)
{
    const char *value = getenv(name);
    return value && *value ? value : NULL;
}

const char *environment_value(const char *name)
{
    const char *value = value_of(name);
    for (size_t i = 0; i < environment_variable_count && !value; i++) {
        const struct environment_variable *v = &environment_variables[i];
        if (v->synonym_of && !strcmp(v->synonym_of, name))
            value = value_of(v->name);
    }
    return value;
}

static int fail_unknown(const char *name)
{
    struct nearest nearest = {.written = name};
    char question[NEAREST_QUESTION_SIZE];
    for (size_t i = 0; i < environment_variable_count; i++)
        nearest_see(&nearest, environment_variables[i].name);
    nearest_question(&nearest, question);
    return fail(STATUS_USAGE, "%s: no environment variable of prunet has this name%s", name, question);
}

/* Whether the entry NAME=VALUE, with a name of `length` characters, is of a variable of the table. */
static bool is_known(const char *entry, size_t length)
{
    for (size_t i = 0; i < environment_variable_count; i++) {
        const char *name = environment_variables[i].name;
        if (strlen(name) == length && !strncmp(name, entry, length))
            return true;
    }
    return false;
}

int environment_check(void)
{
    for (char **entry = environ; *entry; entry++) {
        const size_t length = strcspn(*entry, "=");
        if (strncmp(*entry, PREFIX, sizeof PREFIX - 1) || is_known(*entry, length))
            continue;
        char name[NEAREST_NAME_MAX + 1] = "";
        strncat(name, *entry, size_min(length, NEAREST_NAME_MAX));
        return fail_unknown(name);
    }
    return STATUS_OK;
}
