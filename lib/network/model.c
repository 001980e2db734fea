#include "lib/network/model.h"
#include "lib/base/error.h"
#include "lib/base/install.h"
#include <stdio.h>

int model_default(char path[PATH_MAX])
{
    int status = shared_path(path, "models/starter.safetensors");
    return status ? fail(status, "no model is installed (%s): give one with --model", error_message())
                  : STATUS_OK;
}

enum { SIDE_MAX = 4096 };

int model_crop(const struct checkpoint *checkpoint, int crop[3])
{
    const char *text = safetensors_metadata(&checkpoint->file, "prunet.crop");
    int read = 0;
    bool is_size =
        text && sscanf(text, "%4dx%4dx%4d%n", &crop[0], &crop[1], &crop[2], &read) == 3 && !text[read];
    for (int i = 0; is_size && i < 3; i++)
        is_size = crop[i] >= 1 && crop[i] <= SIDE_MAX;
    return !text || is_size
               ? STATUS_OK
               : fail(STATUS_DATA, "%s: prunet.crop: '%s' is not a size", checkpoint->path, text);
}
