/* nii2raw: a case's NIfTI files to an image record and its label record. */
#include "lib/base/error.h"
#include "lib/base/options.h"
#include "lib/base/progress.h"
#include "lib/base/threads.h"
#include "lib/volume/nifti_case_write.h"
#include <stdlib.h>
#include <string.h>

struct request {
    const char *folder, *name, *label, *scheme, *output;
    bool with_label;
    int threads;
    struct nifti_options nifti;
};

/* A case owns the names of its files. */
static char *duplicate(const char *text)
{
    char *copy = strdup(text);
    if (!copy)
        exit(report(fail(STATUS_FAILURE, "out of memory")));
    return copy;
}

static void check_usage(const struct request *request, int count, char *const *paths)
{
    int standard = request->label && !strcmp(request->label, "-");
    if (request->folder && count)
        usage_error("--dir finds the files itself: no FILE can be named beside it");
    if (!request->folder && count != MODALITIES && count != 1)
        usage_error("%d files: give T1 T1CE T2 FLAIR, or one 4-D image, or --dir CASE", count);
    if (request->label && !request->with_label)
        usage_error("--label and --no-label exclude each other");
    for (int i = 0; i < count; i++)
        standard += !strcmp(paths[i], "-");
    if (standard > 1)
        usage_error("only one file can be stdin");
}

static int find_files(const struct request *request, int count, char *const *paths, struct nifti_case *files)
{
    int status = STATUS_OK;
    if (request->folder) {
        status = nifti_case_find(files, request->folder);
    } else {
        files->images = count;
        for (int i = 0; i < count; i++)
            files->image[i] = duplicate(paths[i]);
    }
    if (status)
        return status;
    if (request->label || !request->with_label) {
        free(files->label);
        files->label = request->label ? duplicate(request->label) : NULL;
    }
    if (!files->label && request->with_label && files->odd_label)
        warn("%s: no label map; %s is not one by its name: give it with --label, or call it %s%s.nii",
             request->folder, files->odd_label, *files->name ? files->name : "CASE",
             modalities[LABEL_FILE].suffix[0]);
    if ((status = nifti_case_check(files)))
        return status;
    return request->name || !*files->name ? nifti_case_name(files, request->name) : STATUS_OK;
}

static int run(const struct request *request, int count, char *const *paths)
{
    const struct label_scheme *scheme = NULL;
    struct nifti_case files = {0};
    struct output output;
    if (request->scheme && !(scheme = label_scheme_named(request->scheme)))
        usage_error("--scheme: '%s' is not 2018, 2023 or msd", request->scheme);
    struct progress progress;
    progress_start(&progress, "case", 1);
    int status = threads_set(request->threads);
    if (!status)
        status = find_files(request, count, paths, &files);
    if (!status)
        status = output_open(&output, request->output, true);
    if (!status) {
        status = nifti_case_write(&files, &request->nifti, scheme, &output);
        if (status)
            output_discard(&output);
        else if (!(status = output_commit(&output)))
            progress_advance(&progress, files.name, files.label ? "image and label" : "image");
        progress_end(&progress);
    }
    nifti_case_free(&files);
    return status;
}

int main(int argc, char **argv)
{
    struct request request = {.with_label = true};
    const struct option_spec options[] = {
        {"dir", 'd', OPTION_TEXT, &request.folder, "CASE", "find the files in this folder by their suffixes"},
        {"case", 'c', OPTION_TEXT, &request.name, "NAME",
         "name of the case (from the folder or the first file)"},
        {"label", 'l', OPTION_TEXT, &request.label, "SEG", "label map, emitted as a second record"},
        {"no-label", 0, OPTION_NO, &request.with_label, NULL, "leave out the label map that --dir finds"},
        {"scheme", 0, OPTION_TEXT, &request.scheme, "NAME",
         "how labels are numbered: 2018, 2023 or msd (2018; of IMAGE4D: msd)"},
        OLDER_NAME("labels", "scheme"),
        {"nan-to-zero", 0, OPTION_FLAG, &request.nifti.nan_to_zero, NULL, "read non-finite voxels as 0"},
    };
    const struct tool tool = {
        .name = "nii2raw",
        .usage = "[OPTION...] T1 T1CE T2 FLAIR\n[OPTION...] IMAGE4D\n[OPTION...] --dir CASE",
        .summary =
            "Reads the NIfTI files (.nii, .nii.gz) of a case and writes an image record of four channels,\n"
            "t1 t1ce t2 flair, and a label record when there is a label map. Sizes and affines must agree.\n"
            "One image of four dimensions is read as the Medical Segmentation Decathlon has it (flair, t1,\n"
            "t1ce, t2), its label map with --scheme msd.",
        .options = options,
        .count = OPTION_COUNT(options),
        .common = {.output = &request.output,
                   .threads = &request.threads,
                   .max_bytes = &request.nifti.max_bytes},
        .notes = "--dir: *_t1 *_t1ce *_t2 *_flair *_seg, or *-t1n *-t1c *-t2w *-t2f *-seg, .nii or .nii.gz.\n"
                 "--scheme 2018: 4 is the enhancing tumour; 2023: 3; msd: 1 oedema, 2 core, 3 enhancing.\n"
                 "From 2024 on 4 is the resection cavity: --scheme 2023 refuses it, but a map that has 4 and "
                 "no 3\n"
                 "cannot be told from those up to 2021.\n"
                 "Labels become 0, 1 (core), 2 (oedema), 4 (enhancing). A FILE of \"-\" is stdin.",
        .example = "nii2raw --dir BraTS2021_00006 | crop | standardize > BraTS2021_00006.nrrd",
    };
    int first = options_parse(&tool, argc, argv);
    check_usage(&request, argc - first, argv + first);
    int status = run(&request, argc - first, argv + first);
    return status ? report(status) : STATUS_OK;
}
