/* BIDS: sub-X/[ses-Y/]anat/sub-X_[ses-Y_]*T1w.nii.gz, ce-... T1w, T2w, FLAIR; label maps (_dseg) in
 * derivatives/PIPELINE in folders of the same names. A case is called sub-X or sub-X_ses-Y. */
#ifndef PRUNET_VOLUME_BIDS_H
#define PRUNET_VOLUME_BIDS_H

#include "lib/volume/case_search.h"

/* Whether a folder is a subject's: it is called sub-X and has anat, or a session that has. Whether it is a
 * data set's folder of derivatives. STATUS_FAILURE when that cannot be told. */
int bids_is_subject(const char *path, const char *name, bool *is);
int bids_is_derivatives(const char *path, const char *name, bool *is);

/* Adds the cases of a subject. Files of other contrasts are passed over, and so are other programs' masks;
 * what is there twice, and a file of another subject, is refused. */
int bids_search_subject(struct case_search *search, const char *path, const char *name);

#endif
