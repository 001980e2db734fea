#include "lib/volume/layout.h"
#include <string.h>

static const char *const names[LAYOUTS] = {[LAYOUT_BRATS_2018] = "brats-2018",
                                           [LAYOUT_BRATS_2021] = "brats-2021",
                                           [LAYOUT_BRATS_2023] = "brats-2023",
                                           [LAYOUT_PLAIN] = "plain",
                                           [LAYOUT_DECATHLON] = "decathlon",
                                           [LAYOUT_NNUNET] = "nnunet",
                                           [LAYOUT_BIDS] = "bids"};

const char *layout_name(enum layout layout)
{
    return names[layout];
}

enum layout layout_named(const char *name)
{
    enum layout layout = 0;
    while (layout < LAYOUTS && strcmp(name, names[layout]))
        layout++;
    return layout;
}

bool layout_has_folders(enum layout layout)
{
    return layout < LAYOUT_DECATHLON;
}
