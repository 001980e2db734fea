/* The layouts of data sets: how folders and files say which cases there are. */
#ifndef PRUNET_VOLUME_LAYOUT_H
#define PRUNET_VOLUME_LAYOUT_H

#include <stdbool.h>

enum layout {
    LAYOUT_BRATS_2018, /* 2017 to 2020: [HGG|LGG/]CASE/CASE_t1.nii.gz, _t1ce, _t2, _flair, _seg */
    LAYOUT_BRATS_2021, /* CASE/CASE_t1.nii.gz and so on */
    LAYOUT_BRATS_2023, /* 2023 on: CASE/CASE-t1n.nii.gz, -t1c, -t2w, -t2f, -seg */
    LAYOUT_PLAIN,      /* CASE/t1.nii.gz, t1c or t1ce, t2, flair or fla, seg, or with CASE_ before them */
    LAYOUT_DECATHLON,  /* imagesTr/CASE.nii.gz of four dimensions, labelsTr, imagesTs, dataset.json */
    LAYOUT_NNUNET,     /* imagesTr/CASE_0000.nii.gz, labelsTr/CASE.nii.gz, imagesTs, dataset.json */
    LAYOUT_BIDS,       /* sub-X/[ses-Y/]anat/sub-X_[ses-Y_]T1w.nii.gz, derivatives/... _dseg.nii.gz */
    LAYOUTS
};

/* "brats-2018" and so on. */
const char *layout_name(enum layout layout);

/* The layout of a name, or LAYOUTS; all names, with commas between. */
enum layout layout_named(const char *name);
#define LAYOUT_NAMES "brats-2018, brats-2021, brats-2023, plain, decathlon, nnunet, bids"

/* Whether a case has a folder of its own that holds all its files and names it. */
bool layout_has_folders(enum layout layout);

#endif
