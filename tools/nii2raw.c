/* nii2raw: a case's NIfTI files to an image record and its label record. */
#include "lib/base/error.h"
#include "lib/base/options.h"
#include "lib/base/progress.h"
#include "lib/base/threads.h"
#include "lib/volume/case_operands.h"
#include "lib/volume/nifti_case_write.h"
#include "lib/volume/scheme.h"
#include <stdlib.h>
#include <string.h>

struct request {
    const char *folder, *name, *label, *scheme, *grid_of, *output;
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
    char names[NAME_LIST_SIZE];
    modality_names(data_scheme, names);
    if (!request->folder && count != data_scheme->modality_count && count != 1)
        usage_error("%d files: give one for each of %s, or one 4-D image, or --dir CASE", count, names);
    if (strcmp(request->grid_of, "label") && strcmp(request->grid_of, "images"))
        usage_error("--grid-of: '%s' is not label or images", request->grid_of);
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
        status = case_of_folder(files, request->folder, request->name);
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
             modalities[label_file()].suffix[0]);
    if ((!request->folder || layout_has_folders(files->layout)) && (status = nifti_case_check(files)))
        return status;
    return request->name || !*files->name ? nifti_case_name(files, request->name) : STATUS_OK;
}

static int run(const struct request *request, int count, char *const *paths)
{
    struct nifti_case files = {0};
    struct output output;
    struct progress progress;
    progress_start(&progress, "case", 1);
    int status = threads_set(request->threads);
    if (!status)
        status = find_files(request, count, paths, &files);
    if (!status)
        status = output_open(&output, request->output, true);
    files.grid_of_images = !strcmp(request->grid_of, "images");
    if (!status) {
        status = nifti_case_write(&files, &request->nifti, request->scheme ? data_scheme : NULL, &output);
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
    struct request request = {.with_label = true, .grid_of = "label"};
    const struct option_spec options[] = {
        {"dir", 'd', OPTION_TEXT, &request.folder, "CASE",
         "find the files in this folder by their names; of a data set: the case --case"},
        {"case", 'c', OPTION_TEXT, &request.name, "NAME",
         "name of the case (from the folder or the first file)"},
        {"label", 'l', OPTION_TEXT, &request.label, "SEG", "label map, emitted as a second record"},
        {"no-label", 0, OPTION_NO, &request.with_label, NULL, "leave out the label map that --dir finds"},
        SCHEME_OPTION(&request.scheme),
        OLDER_NAME("labels", "scheme"),
        {"grid-of", 0, OPTION_TEXT, &request.grid_of, "WHOSE",
         "whose header places the label map: label or images (label)"},
        {"nan-to-zero", 0, OPTION_FLAG, &request.nifti.nan_to_zero, NULL, "read non-finite voxels as 0"},
    };
    const struct tool tool = {
        .name = "nii2raw",
        .usage = "[OPTION...] T1 T1CE T2 FLAIR\n[OPTION...] IMAGE4D\n[OPTION...] --dir CASE",
        .summary =
            "Reads the NIfTI files (.nii, .nii.gz) of a case and writes an image record with a channel for\n"
            "each modality, t1 t1ce t2 flair unless --scheme has others, and a label record when there is a\n"
            "label map. Sizes and affines must agree. Volumes whose axes run otherwise are turned to LPS,\n"
            "BraTS' orientation, without resampling; raw2nii puts them back.\n"
            "One image of four dimensions is read as the Medical Segmentation Decathlon has it (flair, t1,\n"
            "t1ce, t2), its label map with --scheme msd-brain.",
        .options = options,
        .count = OPTION_COUNT(options),
        .common = {.output = &request.output,
                   .threads = &request.threads,
                   .max_bytes = &request.nifti.max_bytes},
        .notes =
            "--dir: *_t1 *_t1ce *_t2 *_flair *_seg, or *-t1n *-t1c *-t2w *-t2f *-seg, .nii or .nii.gz, and\n"
            "what else list-cases finds: t1c, t1gd, fla, names without a case before them; of nnU-Net, the\n"
            "Decathlon and BIDS, with --case NAME.\n"
            "--scheme brats-2018 (or 2018): 4 is the enhancing tumour; brats-2023 (2023): 3; msd-brain "
            "(msd):\n"
            "1 oedema, 2 core, 3 enhancing. All three become 0, 1 (core), 2 (oedema), 4 (enhancing).\n"
            "brats-2024: 4 is the resection cavity; brats-ped: 1 enhancing, 2 core, 3 cysts, 4 oedema.\n"
            "These, and a scheme's file or dataset.json of your own, keep their numbers: docs/FORMAT.md.\n"
            "A FILE of \"-\" is stdin.",
        .example = "nii2raw --dir BraTS2021_00006 | crop | standardize > BraTS2021_00006.nrrd",
    };
    int first = options_parse(&tool, argc, argv);
    int status = data_scheme_choose(request.scheme);
    if (status)
        return report(status);
    check_usage(&request, argc - first, argv + first);
    status = run(&request, argc - first, argv + first);
    return status ? report(status) : STATUS_OK;
}
