/* See find_library.h. */
#include "kernels/cuda/find_library.h"
#include <dlfcn.h>
#include <glob.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool take_functions(const struct library *w, void *opened)
{
    bool complete = true;
    for (size_t i = 0; i < w->count; i++) {
        void *function = dlsym(opened, w->names[i]);
        memcpy((char *)w->functions + i * sizeof function, &function, sizeof function);
        complete = complete && function;
    }
    return complete;
}

static bool try_path(struct library *w, const char *path)
{
    void *opened = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (!opened) {
        const char *said = dlerror();
        if (strchr(path, '/') && said && !w->broken[0])
            snprintf(w->broken, sizeof w->broken, "%s", said);
        return false;
    }
    const bool complete = take_functions(w, opened);
    const char *why = w->judge ? w->judge() : NULL;
    w->found = complete && !why;
    if (!w->found && !w->why)
        w->why = why ? why : w->too_old;
    return w->found;
}

/* All folders that fit a pattern of glob, braces included. */
static bool try_folders(struct library *w, const char *pattern)
{
    char path[PATH_MAX];
    glob_t found = {0};
    if (snprintf(path, sizeof path, "%s/%s", pattern, w->file) < (int)sizeof path &&
        !glob(path, GLOB_BRACE, NULL, &found))
        for (size_t i = 0; i < found.gl_pathc && !w->found; i++)
            try_path(w, found.gl_pathv[i]);
    globfree(&found);
    return w->found;
}

static bool try_below(struct library *w, const char *home, const char *pattern)
{
    char path[PATH_MAX];
    return home && *home && snprintf(path, sizeof path, "%s/%s", home, pattern) < (int)sizeof path &&
           try_folders(w, path);
}

static const char TOOLKIT[] = "{lib64,lib,targets/*/lib}";
static const char WHEELS[] = "{lib,lib64}/python3*/{site,dist}-packages/nvidia/*/lib";

/* The wheels of the first python3 on PATH, which may belong to an environment that nobody has activated. */
static bool try_python(struct library *w)
{
    char program[PATH_MAX], home[PATH_MAX];
    const char *folders = getenv("PATH");
    for (; folders && *folders; folders += strcspn(folders, ":"), folders += *folders == ':') {
        const int length = (int)strcspn(folders, ":");
        if (snprintf(program, sizeof program, "%.*s/python3", length, folders) < (int)sizeof program &&
            !access(program, X_OK))
            return snprintf(home, sizeof home, "%.*s/..", length, folders) < (int)sizeof home &&
                   try_below(w, home, WHEELS);
    }
    return false;
}

bool find_library(struct library *w)
{
    const char *home = getenv("HOME"), *conda = getenv("CONDA_PREFIX");
    return try_below(w, getenv("CUDA_HOME"), TOOLKIT) || try_below(w, getenv("CUDA_PATH"), TOOLKIT) ||
           try_path(w, w->file) || try_below(w, conda, TOOLKIT) ||
           try_below(w, getenv("VIRTUAL_ENV"), WHEELS) || try_below(w, conda, WHEELS) || try_python(w) ||
           try_below(w, home ? home : "", ".local/lib/python3*/site-packages/nvidia/*/lib") ||
           try_below(w, "/usr/local", WHEELS) || try_below(w, "/usr", WHEELS) ||
           try_below(w, "/usr/local/cuda", TOOLKIT);
}
