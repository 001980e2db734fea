#include "kernels/cuda/by_hand.h"
#include "kernels/cuda/device.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct word {
    const char *word;
    unsigned means;
} words[] = {
    {"forward", BY_HAND_FORWARD},
    {"data", BY_HAND_DATA},
    {"weights", BY_HAND_WEIGHTS},
};

enum { WORDS = sizeof words / sizeof words[0] };

static unsigned chosen;

/* What the first `length` characters mean; 0: nothing. */
static unsigned meaning(const char *text, size_t length)
{
    for (int i = 0; i < WORDS; i++)
        if (length == strlen(words[i].word) && !strncmp(text, words[i].word, length))
            return words[i].means;
    return 0;
}

/* A list of words; 0 when one is none. */
static unsigned list_meaning(const char *text)
{
    unsigned all = 0;
    for (;;) {
        size_t length = strcspn(text, ",");
        unsigned one = meaning(text, length);
        if (!one)
            return 0;
        all |= one;
        if (!text[length])
            return all;
        text += length + 1;
    }
}

const char *by_hand_choose(void)
{
    static char advice[256];
    const char *wish = getenv("PRUNET_CUDA_LEVEL0");
    if (!wish || !*wish || !strcmp(wish, "0")) {
        chosen = 0;
        return NULL;
    }
    unsigned wanted = strcmp(wish, "1") ? list_meaning(wish) : BY_HAND_ALL;
    if (wanted) {
        chosen = wanted;
        return NULL;
    }
    snprintf(advice, sizeof advice,
             "PRUNET_CUDA_LEVEL0 is \"%.40s\": set it to 0 (cuDNN), 1 (all by hand) or a list of "
             "forward, data and weights, separated by commas; make gpu-bench says what is fastest",
             wish);
    return advice;
}

unsigned by_hand(enum precision precision, struct shape shape)
{
    return precision == PRECISION_BF16 && level0_fits(shape) ? chosen : 0;
}

const char *by_hand_words(void)
{
    static char text[32];
    int used = 0;
    text[0] = 0;
    for (int i = 0; i < WORDS; i++)
        if (chosen & words[i].means)
            used += snprintf(text + used, sizeof text - (size_t)used, "%s%s", used ? "," : "", words[i].word);
    return used ? text : "none";
}
