/* Labels and regions: all combinations. */
#include "lib/volume/regions.h"
#include "tests/check.h"

int main(void)
{
    static const uint8_t labels[4] = {0, 1, 2, 4};
    static const uint8_t wanted[REGIONS][4] = {{0, 1, 1, 1}, {0, 1, 0, 1}, {0, 0, 0, 1}};
    uint8_t masks[REGIONS * 4], back[8];
    float probabilities[REGIONS * 8];
    regions_of_labels(labels, 4, masks);
    check(!memcmp(masks, wanted, sizeof wanted), "WT, TC, ET of 0, 1, 2, 4");

    for (int i = 0; i < 8; i++) /* all subsets of the regions, nested or not */
        for (int r = 0; r < REGIONS; r++)
            probabilities[r * 8 + i] = i >> r & 1 ? 0.51f : 0.5f;
    labels_of_regions(probabilities, 8, back);
    static const uint8_t painted[8] = {0, 2, 1, 1, 4, 4, 4, 4};
    check(!memcmp(back, painted, sizeof painted), "later regions paint over earlier ones; 0.5 is outside");
    probabilities[0] = probabilities[8] = probabilities[16] = NAN;
    labels_of_regions(probabilities, 8, back);
    check(back[0] == 0, "a probability that is no number is outside");
    return check_exit();
}
