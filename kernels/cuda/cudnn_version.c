#include "kernels/cuda/cudnn_version.h"
#include <stdio.h>

/* The first version that is trusted. 9.8 to 9.15 give wrong 3-D convolutions in 16 bit and TF32 without an error
 * (PyTorch issue 163539, pull request 167024); what came before lacks parts of the interface and was never tried. */
enum { VERSION_MIN = 91600, WRONG_FIRST = 90800, NINE = 90000 };

const char *cudnn_version_advice(size_t version)
{
    static char text[256];
    if (version >= VERSION_MIN)
        return NULL;
    const size_t major = version < NINE ? 1000 : 10000; /* cuDNN 9 numbers its versions differently */
    snprintf(text, sizeof text, "cuDNN %zu.%zu.%zu %s: install %d.%d or later, or use --backend cpu",
             version / major, version % major / 100, version % 100,
             version < WRONG_FIRST ? "is too old" : "computes wrong 3-D convolutions in TF32 and bf16",
             VERSION_MIN / 10000, VERSION_MIN % 10000 / 100);
    return text;
}
