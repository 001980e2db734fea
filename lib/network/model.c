#include "lib/network/model.h"
#include "lib/base/error.h"
#include "lib/base/process.h"
#include <stdio.h>
#include <unistd.h>

static const char *const places[] = {"../share/prunet/starter.safetensors",
                                     "../../data/models/starter.safetensors"};

int model_default(char path[MODEL_PATH_SIZE])
{
    char folder[PATH_MAX];
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
