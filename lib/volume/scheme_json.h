/* A dataset.json of nnU-Net or of the Medical Segmentation Decathlon as the text of a scheme. */
#ifndef PRUNET_VOLUME_SCHEME_JSON_H
#define PRUNET_VOLUME_SCHEME_JSON_H

/* Writes the text, at most SCHEME_TEXT_MAX bytes, which the caller frees: modalities from `channel_names`
 * or `modality`, in the order of their numbers, by the names that BraTS' modalities have here where they
 * are those; from `labels` regions with their labels. Labels that are numbers alone are a region each,
 * with the rule highest. With `regions_class_order` regions are sets of labels, and each paints its number
 * of that list; the last wins. What a name cannot have here becomes _. STATUS_DATA for a file that cannot
 * be understood, and for one with a label `ignore`, which is not supported. */
int scheme_text_of_dataset(const char *path, char **text);

#endif
