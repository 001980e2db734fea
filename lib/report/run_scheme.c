#include "lib/report/run_scheme.h"
#include "lib/base/error.h"
#include "lib/base/folder.h"
#include "lib/volume/scheme.h"
#include <stdio.h>
#include <string.h>

enum { PATH_SIZE = 4096 };

static int scheme_of_name(const char *name, const struct label_scheme **scheme)
{
    const struct label_scheme *found;
    int status = scheme_find(name, &found);
    if (!status)
        *scheme = found->records;
    return status;
}

int run_scheme(const char *folder, const struct report_table *settings, const struct label_scheme **scheme)
{
    static const char *const files[] = {"manifest/scheme", "manifest/scheme.json"};
    char path[PATH_SIZE];
    *scheme = record_scheme;
    for (int i = 0; i < 2; i++) {
        bool is_there;
        int status = folder_has(folder, files[i], &is_there);
        if (status)
            return status;
        if (is_there && snprintf(path, sizeof path, "%s/%s", folder, files[i]) < (int)sizeof path)
            return scheme_of_name(path, scheme);
    }
    const char *name = report_value(settings, "SCHEME", "none");
    if (!strcmp(name, "none"))
        name = report_value(settings, "LABELS", "2018");
    int status = scheme_of_name(name, scheme);
    return status ? fail_in(status, "%s/manifest/run.tsv", folder) : STATUS_OK;
}

static void add(struct run_regions *regions, int column, const char *name)
{
    if (column < 0 || regions->count == SCHEME_REGIONS_MAX)
        return;
    for (int i = 0; i < regions->count; i++)
        if (regions->column[i] == column)
            return;
    regions->column[regions->count] = column;
    snprintf(regions->name[regions->count++], SCHEME_NAME_SIZE, "%s", name);
}

void run_regions(const struct label_scheme *scheme, const struct report_table *log,
                 struct run_regions *regions)
{
    static const char before[] = "dice_";
    *regions = (struct run_regions){.count = 0};
    for (int row = 0; row < scheme->region_count; row++) {
        const struct region *region = &scheme->regions[region_of_row(scheme, row)];
        char name[sizeof before + SCHEME_NAME_SIZE];
        snprintf(name, sizeof name, "%s%s", before, region->column);
        add(regions, report_column(log, name), region->name);
    }
    for (size_t column = 0; column < log->columns; column++) {
        const char *name = report_cell(log, 0, (int)column);
        if (!strncmp(name, before, strlen(before)))
            add(regions, (int)column, name + strlen(before));
    }
}
