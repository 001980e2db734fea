#include "lib/network/model.h"
#include "lib/base/error.h"
#include "lib/base/install.h"
#include "lib/base/options.h"
#include <string.h>

int model_default(char path[PATH_MAX])
{
    int status = shared_path(path, "models/starter.safetensors");
    return status ? fail(status, "no model is installed (%s): give one with --model", error_message())
                  : STATUS_OK;
}

int model_default_lacking(char path[PATH_MAX])
{
    return shared_path(path, "models/starter-any.safetensors");
}

int model_crop(const struct checkpoint *checkpoint, int crop[3])
{
    const char *text = safetensors_metadata(&checkpoint->file, "prunet.crop");
    int size[3];
    if (!text)
        return STATUS_OK;
    if (!size_parse(text, size))
        return fail(STATUS_DATA, "%s: prunet.crop: '%s' is not a size", checkpoint->path, text);
    memcpy(crop, size, sizeof size);
    return STATUS_OK;
}
