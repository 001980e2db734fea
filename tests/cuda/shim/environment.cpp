/* The variables of cuda_runtime_api.h "for the tests", set by the environment of the whole program:
 *
 *     SHIM_CUDA_HOME                      is CUDA_HOME; if unset, the program's folder, whose lib has cuDNN and cuBLAS
 *     SHIM_FAIL=cudaGetDeviceCount:100    the next call of that name fails with that error
 *     SHIM_DEVICES, SHIM_DRIVER, SHIM_CAPABILITY, SHIM_CUDNN, SHIM_MEMORY (bytes), SHIM_WRONG_CONVOLUTIONS,
 *     SHIM_FAILING_RUNS, SHIM_NO_ENGINES, SHIM_MMA (1: towards zero, 2: towards minus infinity) */
#include <cuda_runtime.h>
#include <limits.h>
#include <stdlib.h>
#include <string>
#include <unistd.h>

template <class T> static void set(T *variable, const char *name)
{
    const char *value = getenv(name);
    if (value)
        *variable = static_cast<T>(strtoull(value, nullptr, 10));
}

__attribute__((constructor)) static void read_environment()
{
    static std::string call;
    char program[PATH_MAX];
    ssize_t length = readlink("/proc/self/exe", program, sizeof program);
    std::string folder(program, length > 0 ? (size_t)length : 0);
    folder.resize(folder.rfind('/') + 1);
    setenv("CUDA_HOME", getenv("SHIM_CUDA_HOME") ? getenv("SHIM_CUDA_HOME") : folder.c_str(), 1);
    const char *fail = getenv("SHIM_FAIL"), *colon = fail ? strchr(fail, ':') : nullptr;
    if (colon) {
        call.assign(fail, colon);
        shim_failing_call = call.c_str();
        shim_failure = static_cast<cudaError_t>(atoi(colon + 1));
    }
    set(&shim_devices, "SHIM_DEVICES");
    set(&shim_driver, "SHIM_DRIVER");
    set(&shim_capability, "SHIM_CAPABILITY");
    set(&shim_cudnn_version, "SHIM_CUDNN");
    set(&shim_memory, "SHIM_MEMORY");
    set(&shim_failing_runs, "SHIM_FAILING_RUNS");
    set(&shim_no_engines, "SHIM_NO_ENGINES");
    set(&shim_mma, "SHIM_MMA");
    set(&shim_wrong_convolutions, "SHIM_WRONG_CONVOLUTIONS");
}
