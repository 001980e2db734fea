/* See find_library.h. */
#include "kernels/cuda/find_library.h"
#include "kernels/cuda/trial.h"
#include <dlfcn.h>
#include <glob.h>
#include <link.h>
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

/* NULL, or why what is open is of no use. */
static const char *refuse(const struct library *w, void *opened)
{
    const bool complete = take_functions(w, opened);
    const char *why = w->judge ? w->judge() : NULL;
    return why || complete ? why : w->too_old;
}

static void *open_whole(const struct library *w, const char *path)
{
    const char *name = strrchr(path, '/');
    for (const char *const *part = w->parts; part && *part && name; part++) {
        char beside[PATH_MAX];
        if (snprintf(beside, sizeof beside, "%.*s/%s", (int)(name - path), path, *part) <
                (int)sizeof beside &&
            !access(beside, F_OK) && !dlopen(beside, RTLD_LAZY | RTLD_LOCAL))
            return NULL;
    }
    return dlopen(path, RTLD_NOW | RTLD_LOCAL);
}

struct candidate {
    const struct library *library;
    const char *path;
};

/* A child's answers begin with one of these; advice or the loader's words follow. */
enum { GOOD = 'g', NO_USE = 'n', BROKEN = 'b' };

static void examine(const void *of, char *answer, size_t size)
{
    const struct candidate *c = of;
    void *opened = open_whole(c->library, c->path);
    const char *why = opened ? refuse(c->library, opened) : dlerror();
    snprintf(answer, size, "%c%s", !opened ? BROKEN : why ? NO_USE : GOOD, why ? why : "");
}

/* By a child, where the library may lack a part. */
static enum trial answer_of(const struct library *w, void (*work)(const void *of, char *answer, size_t size),
                            const void *of, char *answer, size_t size)
{
    if (w->parts)
        return trial(work, of, answer, size);
    answer[0] = 0;
    work(of, answer, size);
    return answer[0] ? TRIAL_ANSWERED : TRIAL_DIED;
}

/* Opens what is good, or could not be tried. */
static bool take(struct library *w, const char *path)
{
    void *opened = open_whole(w, path);
    w->found = opened && !refuse(w, opened);
    if (w->found)
        snprintf(w->path, sizeof w->path, "%s", path);
    return w->found;
}

static bool try_path(struct library *w, const char *path)
{
    const struct candidate candidate = {w, path};
    char answer[sizeof w->why + 1];
    const enum trial outcome = answer_of(w, examine, &candidate, answer, sizeof answer);
    if (outcome == TRIAL_IMPOSSIBLE || answer[0] == GOOD)
        return take(w, path);
    if (answer[0] == NO_USE && !w->why[0])
        snprintf(w->why, sizeof w->why, "%s", answer + 1);
    if (answer[0] == BROKEN && !w->broken[0])
        snprintf(w->broken, sizeof w->broken, "%s", answer + 1);
    if (outcome == TRIAL_DIED && !w->broken[0])
        snprintf(w->broken, sizeof w->broken, "%s does not start: it may be half installed", path);
    return false;
}

/* Where the dynamic loader finds it; no answer where it does not. */
static void locate(const void *of, char *answer, size_t size)
{
    struct link_map *map = NULL;
    void *opened = dlopen(((const struct library *)of)->file, RTLD_LAZY | RTLD_LOCAL);
    if (opened && !dlinfo(opened, RTLD_DI_LINKMAP, &map))
        snprintf(answer, size, "%s", map->l_name);
}

static bool try_loader(struct library *w)
{
    char path[PATH_MAX];
    return answer_of(w, locate, w, path, sizeof path) == TRIAL_ANSWERED && try_path(w, path);
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

/* The wheels of the environment whose bin has this program. */
static bool try_environment(struct library *w, const char *program)
{
    char home[PATH_MAX];
    return snprintf(home, sizeof home, "%.*s/..", (int)(strrchr(program, '/') - program), program) <
               (int)sizeof home &&
           try_below(w, home, WHEELS);
}

/* The wheels of the first python3 on PATH, which may belong to an environment that nobody has activated, or be a link
 * into one. */
static bool try_python(struct library *w)
{
    char program[PATH_MAX], real[PATH_MAX];
    const char *folders = getenv("PATH");
    for (; folders && *folders; folders += strcspn(folders, ":"), folders += *folders == ':')
        if (snprintf(program, sizeof program, "%.*s/python3", (int)strcspn(folders, ":"), folders) <
                (int)sizeof program &&
            !access(program, X_OK))
            return try_environment(w, program) || (realpath(program, real) && try_environment(w, real));
    return false;
}

/* The folders of the package nvidia, a line each. The working folder, which Python would search first, is left out. */
static void ask_python(const void *of, char *answer, size_t size)
{
    (void)of;
    FILE *said = popen("exec python3 -c 'import sys; del sys.path[0]; import nvidia; "
                       "print(*nvidia.__path__, sep=\"\\n\")'",
                       "r");
    if (said)
        answer[fread(answer, 1, size - 1, said)] = 0;
}

/* A python3 that is a script, as pyenv's, has its wheels where only it knows. */
static bool try_what_python_says(struct library *w)
{
    char folders[4 * PATH_MAX];
    if (trial(ask_python, NULL, folders, sizeof folders) != TRIAL_ANSWERED)
        return false;
    for (char *rest = NULL, *folder = strtok_r(folders, "\n", &rest); folder && !w->found;
         folder = strtok_r(NULL, "\n", &rest))
        try_below(w, folder, "*/lib");
    return w->found;
}

bool find_library(struct library *w)
{
    const char *home = getenv("HOME"), *conda = getenv("CONDA_PREFIX");
    return try_below(w, getenv("CUDA_HOME"), TOOLKIT) || try_below(w, getenv("CUDA_PATH"), TOOLKIT) ||
           try_loader(w) || try_below(w, conda, TOOLKIT) || try_below(w, getenv("VIRTUAL_ENV"), WHEELS) ||
           try_below(w, conda, WHEELS) || try_python(w) ||
           try_below(w, home ? home : "", ".local/lib/python3*/site-packages/nvidia/*/lib") ||
           try_below(w, "/usr/local", WHEELS) || try_below(w, "/usr", WHEELS) ||
           try_below(w, "/usr/local/cuda", TOOLKIT) || try_what_python_says(w);
}
