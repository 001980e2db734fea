#include "kernels/cuda/cudnn_version.h"
#include <stdio.h>

/* cuDNN 9.8 to 9.15 give wrong 3-D convolutions in 16 bit and TF32 without an error (PyTorch issue 163539,
 * pull request 167024). */

enum { VERSION_MIN = 90000, BROKEN_FIRST = 90800, BROKEN_END = 91600 };

const char *cudnn_version_advice(size_t version)
{
    static char text[256];
    if (version >= VERSION_MIN && (version < BROKEN_FIRST || version >= BROKEN_END))
        return NULL;
    const size_t major = version < VERSION_MIN ? 1000 : 10000; /* cuDNN 9 numbers its versions differently */
    snprintf(text, sizeof text,
             "cuDNN %zu.%zu.%zu %s: install 9.16 or later (it comes first in LD_LIBRARY_PATH), or use "
             "--backend cpu",
             version / major, version % major / 100, version % 100,
             version < VERSION_MIN ? "is too old" : "computes wrong 3-D convolutions in TF32 and bf16");
    return text;
}
