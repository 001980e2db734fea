/* Which versions of cuDNN can be trusted. */
#ifndef PRUNET_KERNELS_CUDA_CUDNN_VERSION_H
#define PRUNET_KERNELS_CUDA_CUDNN_VERSION_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/* NULL, or one line of advice; `version` as cudnnGetVersion gives it. */
const char *cudnn_version_advice(size_t version);

#ifdef __cplusplus
}
#endif

#endif
