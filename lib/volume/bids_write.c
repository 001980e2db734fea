#include "lib/volume/bids_write.h"
#include "lib/base/error.h"
#include "lib/base/json_text.h"
#include "lib/base/output.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static const char map_end[] = "_dseg.nii.gz";

int bids_map_path(const char *out, const struct nifti_case *files, char **path)
{
    const char *session = strstr(files->name, "_ses-");
    const int subject = (int)(session ? session - files->name : (ptrdiff_t)strlen(files->name));
    if (files->layout != LAYOUT_BIDS || strncmp(files->name, "sub-", 4))
        return fail(STATUS_USAGE, "--bids: case %s does not come from BIDS (sub-X/[ses-Y/]anat)",
                    files->name);
    if (asprintf(path, "%s/%.*s/%s%sanat/%s%s", out, subject, files->name, session ? session + 1 : "",
                 session ? "/" : "", files->name, map_end) < 0)
        return fail(STATUS_FAILURE, "out of memory");
    return STATUS_OK;
}

/* Each folder of the path from its byte `from` on. */
static int make_folders(const char *path, size_t from)
{
    char *copy = strdup(path);
    int status = copy ? STATUS_OK : fail(STATUS_FAILURE, "out of memory");
    for (char *slash = copy ? strchr(copy + from, '/') : NULL; slash && !status;
         slash = strchr(slash + 1, '/')) {
        *slash = 0;
        if (mkdir(copy, 0777) && errno != EEXIST)
            status = fail_errno(STATUS_FAILURE, "%s: cannot be made", copy);
        *slash = '/';
    }
    free(copy);
    return status;
}

/* Opens FOLDER/NAME; write; commit. */
typedef int write_function(struct output *output, const void *from);

static int write_file(const char *path, write_function *write, const void *from)
{
    struct output output;
    int status = output_open(&output, path, false);
    if (status)
        return status;
    if (!(status = write(&output, from)))
        status = output_commit(&output);
    output_discard(&output);
    return status;
}

static int write_description(struct output *output, const void *from)
{
    (void)from;
    return output_print(output, "{\n"
                                "  \"Name\": \"Label maps of brain tumours by prunet-segment\",\n"
                                "  \"BIDSVersion\": \"1.8.0\",\n"
                                "  \"DatasetType\": \"derivative\",\n"
                                "  \"GeneratedBy\": [\n"
                                "    {\n"
                                "      \"Name\": \"prunet-segment\",\n"
                                "      \"Version\": \"" PRUNET_VERSION "\",\n"
                                "      \"Description\": \"partially reversible U-Net; no medical device\"\n"
                                "    }\n"
                                "  ]\n"
                                "}\n");
}

static int write_labels(struct output *output, const void *from)
{
    const struct label_scheme *scheme = from;
    int status = output_print(output, "index\tname\tcolor\n");
    for (int i = 0; i < scheme->label_count && !status; i++) {
        const struct scheme_label *label = &scheme->labels[i];
        status = output_print(output, "%d\t%s\t#%02x%02x%02x\n", label->number, label->name, label->colour[0],
                              label->colour[1], label->colour[2]);
    }
    return status;
}

int bids_prepare(const char *out, const char *map, const struct label_scheme *scheme)
{
    char *description = NULL, *labels = NULL;
    int status = make_folders(map, strlen(out));
    if (!status && (asprintf(&description, "%s/dataset_description.json", out) < 0 ||
                    asprintf(&labels, "%s/dseg.tsv", out) < 0))
        status = fail(STATUS_FAILURE, "out of memory");
    if (!status)
        status = write_file(description, write_description, NULL);
    if (!status)
        status = write_file(labels, write_labels, scheme);
    free(description);
    free(labels);
    return status;
}

/* The part of an image's path that BIDS knows: from its subject on. */
static const char *path_in_set(const char *path)
{
    const char *at = path, *found = path;
    while ((at = strstr(at, "/sub-"))) {
        found = at + 1;
        if (strstr(found, "/anat/"))
            return found;
        at++;
    }
    return found;
}

static int write_sources(struct output *output, const void *from)
{
    const struct nifti_case *files = from;
    const char *comma = "";
    int status = output_print(output, "{\n"
                                      "  \"Description\": \"label map, not corrected by anyone\",\n"
                                      "  \"Manual\": false,\n"
                                      "  \"RawSources\": [");
    for (int i = 0; i < files->images && !status; i++) {
        if (!files->image[i])
            continue;
        status = output_print(output, "%s\n    ", comma);
        if (!status)
            status = json_print_string(output, path_in_set(files->image[i]));
        comma = ",";
    }
    return status ? status : output_print(output, "\n  ]\n}\n");
}

int bids_write_sidecar(const char *map, const struct nifti_case *files)
{
    char *path;
    if (asprintf(&path, "%.*s_dseg.json", (int)(strlen(map) - strlen(map_end)), map) < 0)
        return fail(STATUS_FAILURE, "out of memory");
    int status = write_file(path, write_sources, files);
    free(path);
    return status;
}
