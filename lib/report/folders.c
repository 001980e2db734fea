#include "lib/report/folders.h"
#include "lib/base/array.h"
#include "lib/base/error.h"
#include "lib/base/folder.h"
#include "lib/report/summarize.h"
#include "lib/volume/labels.h"
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { DEPTH_MAX = 2, PATH_SIZE = 4096 };

/* A segmentation that was found, and the name of its case. */
struct map {
    char name[CASE_NAME_SIZE];
    char *path;
};

struct maps {
    struct map *items;
    size_t count, capacity;
    const char *folder; /* that is looked into */
    int depth;          /* below the first one */
};

static void maps_free(struct maps *maps)
{
    for (size_t i = 0; i < maps->count; i++)
        free(maps->items[i].path);
    free(maps->items);
}

static bool ends_with(const char *text, const char *end)
{
    const size_t length = strlen(text), n = strlen(end);
    return length > n && !strcmp(text + length - n, end);
}

static bool is_volume(const char *file)
{
    return ends_with(file, ".nii") || ends_with(file, ".nii.gz") || ends_with(file, ".nrrd");
}

/* The name of a file's case, without what ends the name of a label map; whether it had that. */
static bool name_of_file(const char *file, char name[CASE_NAME_SIZE])
{
    case_name_of_path(file, name);
    for (int s = 0; s < SUFFIXES_MAX; s++) {
        const char *suffix = modalities[label_file()].suffix[s];
        if (*suffix && ends_with(name, suffix)) {
            name[strlen(name) - strlen(suffix)] = 0;
            return true;
        }
    }
    return false;
}

static int add_map(struct maps *maps, const char *path, const char *file)
{
    struct map map;
    const bool label_map = name_of_file(file, map.name);
    if (!is_volume(file) || (maps->depth && !label_map))
        return STATUS_OK;
    if (maps->depth)
        case_name_of_path(path_file(maps->folder), map.name);
    if (!case_name_valid(map.name) || case_name_reserved(map.name))
        return fail(STATUS_DATA, "%s: '%s' is not the name of a case", path, map.name);
    for (size_t i = 0; i < maps->count; i++)
        if (!strcmp(maps->items[i].name, map.name))
            return fail(STATUS_DATA, "%s and %s are both of case %s", maps->items[i].path, path, map.name);
    int status = array_grow(&maps->items, &maps->capacity, maps->count + 1, sizeof *maps->items);
    if (status)
        return status;
    map.path = strdup(path);
    if (!map.path)
        return fail(STATUS_FAILURE, "out of memory");
    maps->items[maps->count++] = map;
    return STATUS_OK;
}

static int visit(void *self, const struct dirent *entry)
{
    struct maps *maps = self;
    char path[PATH_SIZE];
    struct stat about;
    if (entry->d_name[0] == '.')
        return STATUS_OK;
    if (snprintf(path, sizeof path, "%s/%s", maps->folder, entry->d_name) >= (int)sizeof path)
        return fail(STATUS_FAILURE, "%s: the name is too long", maps->folder);
    if (stat(path, &about))
        return fail_errno(STATUS_FAILURE, "%s", path);
    if (S_ISREG(about.st_mode))
        return add_map(maps, path, entry->d_name);
    if (!S_ISDIR(about.st_mode) || maps->depth == DEPTH_MAX)
        return STATUS_OK;
    const char *above = maps->folder;
    maps->folder = path;
    maps->depth++;
    int status = folder_visit(path, visit, maps);
    maps->folder = above;
    maps->depth--;
    return status;
}

static int find_maps(const char *folder, struct maps *maps)
{
    *maps = (struct maps){.folder = folder};
    int status = folder_visit(folder, visit, maps);
    if (!status && !maps->count)
        status = fail(STATUS_DATA, "%s: holds no segmentation: a file CASE.nii.gz, or CASE/CASE_seg.nii.gz",
                      folder);
    return status;
}

static const struct map *find_map(const struct maps *maps, const char *name)
{
    for (size_t i = 0; i < maps->count; i++)
        if (!strcmp(maps->items[i].name, name))
            return &maps->items[i];
    return NULL;
}

static int add_pair(struct pairs *pairs, const struct map *prediction, const struct map *reference)
{
    int status = array_grow(&pairs->items, &pairs->capacity, pairs->count + 1, sizeof *pairs->items);
    if (status)
        return status;
    struct pair *pair = &pairs->items[pairs->count++];
    *pair = (struct pair){"", strdup(prediction->path), strdup(reference->path)};
    snprintf(pair->case_name, sizeof pair->case_name, "%s", prediction->name);
    return pair->prediction && pair->reference ? STATUS_OK : fail(STATUS_FAILURE, "out of memory");
}

static int match(const struct report_folders *folders, struct pairs *pairs)
{
    struct maps predictions, references = {.count = 0};
    int status = find_maps(folders->predictions, &predictions);
    if (!status)
        status = find_maps(folders->references, &references);
    for (size_t i = 0; i < predictions.count && !status; i++) {
        const struct map *reference = find_map(&references, predictions.items[i].name);
        status = reference ? add_pair(pairs, &predictions.items[i], reference)
                           : fail(STATUS_DATA, "%s: no reference of case %s is in %s",
                                  predictions.items[i].path, predictions.items[i].name, folders->references);
    }
    if (!status && references.count > pairs->count)
        warn("%zu of %zu references have no prediction and are left out", references.count - pairs->count,
             references.count);
    maps_free(&predictions);
    maps_free(&references);
    return status;
}

int report_set_of_folders(const struct report_folders *folders, const struct scoring *scoring,
                          struct report_set *set)
{
    const struct summarize_options options = {.scoring = scoring,
                                              .images = folders->images,
                                              .max_bytes = folders->max_bytes,
                                              .threads = folders->threads};
    struct pairs pairs = {0};
    struct case_summaries cases;
    int status = match(folders, &pairs);
    if (!status && !(status = summarize_pairs(&options, &pairs, &cases)))
        status = report_set_take(folders->predictions, label_set_records(scoring->labels), &cases, set);
    pairs_free(&pairs);
    return status;
}
