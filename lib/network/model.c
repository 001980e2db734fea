#include "lib/network/model.h"
#include "lib/base/error.h"
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const char *const places[] = {"../share/prunet/starter.safetensors",
                                     "../../data/models/starter.safetensors"};

/* The folder of the program that runs, with a slash at its end. */
static int program_folder(char folder[MODEL_PATH_SIZE])
{
    ssize_t length = readlink("/proc/self/exe", folder, MODEL_PATH_SIZE - 1);
    if (length < 0)
        return fail_errno(STATUS_FAILURE, "/proc/self/exe");
    folder[length] = 0;
    *(strrchr(folder, '/') + 1) = 0;
    return STATUS_OK;
}

int model_default(char path[MODEL_PATH_SIZE])
{
    char folder[MODEL_PATH_SIZE];
    int status = program_folder(folder);
    if (status)
        return status;
    for (size_t i = 0; i < sizeof places / sizeof *places; i++)
        if (snprintf(path, MODEL_PATH_SIZE, "%s%s", folder, places[i]) < MODEL_PATH_SIZE &&
            !access(path, R_OK))
            return STATUS_OK;
    return fail(STATUS_FAILURE, "no model is installed (%s%s or %s): give one with --model", folder,
                places[0], places[1]);
}
