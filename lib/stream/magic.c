#include "lib/stream/magic.h"
#include <string.h>

static const struct {
    const char *bytes;
    size_t count;
    const char *text;
} magics[] = {
    {"vers", 4, ": it looks like a pointer of Git LFS, without the file itself (git lfs pull)"},
    {"PK\3\4", 4, ": it looks like a zip archive, which PyTorch's .pt and NumPy's .npz are"},
    {"\x80\2", 2, ": it looks like a Python pickle, which PyTorch's older .pt is"},
    {"\x80\3", 2, ": it looks like a Python pickle"},
    {"\x80\4", 2, ": it looks like a Python pickle"},
    {"\x80\5", 2, ": it looks like a Python pickle"},
    {"\x89HDF", 4, ": it looks like HDF5"},
    {"\x93NUM", 4, ": it looks like NumPy's .npy"},
    {"\x1f\x8b", 2, ": it looks like gzip"},
    {"NRRD", 4, ": it looks like NRRD, as records are"},
    {"\x5c\1\0\0", 4, ": it looks like NIfTI"},
    {"<!DO", 4, ": it looks like a page of the web, in place of a download"},
    {"<!do", 4, ": it looks like a page of the web, in place of a download"},
    {"<htm", 4, ": it looks like a page of the web, in place of a download"},
};

const char *looks_like(const void *bytes, size_t count)
{
    for (size_t i = 0; i < sizeof magics / sizeof magics[0]; i++)
        if (count >= magics[i].count && !memcmp(bytes, magics[i].bytes, magics[i].count))
            return magics[i].text;
    return "";
}
