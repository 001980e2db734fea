#include "lib/network/model.h"
#include "lib/base/error.h"
#include "lib/base/install.h"

int model_default(char path[PATH_MAX])
{
    int status = shared_path(path, "models/starter.safetensors");
    return status ? fail(status, "no model is installed (%s): give one with --model", error_message())
                  : STATUS_OK;
}
