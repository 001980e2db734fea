#include "lib/wild/tissues.h"
#include "lib/base/random.h"
#include "lib/wild/exact.h"
#include "lib/wild/properties.h"

/* Four rows that follow each other, one a modality. */
static modal draw_modal(uint64_t key, enum property first)
{
    modal v = {0};
    for (int m = 0; m < 4; m++)
        v[m] = (float)draw(key, first + (unsigned)m);
    return v;
}

/* The four tissues of a brain in T1 or in T1ce. */
static void draw_t1(uint64_t key, int modality, modal *level)
{
    key = random_key_number(key, (uint64_t)modality);
    float grey = (float)draw(key, GREY_T1), csf = (float)draw(key, CSF_T1);
    level[WILD_WHITE][modality] = 1;
    level[WILD_GREY][modality] = grey;
    level[WILD_DEEP][modality] = grey + (1 - grey) * (float)draw(key, DEEP_GREY);
    level[WILD_VENTRICLE][modality] = csf;
    level[WILD_CSF][modality] = fmaxf(0.05f, csf + (float)draw(key, CSF_SULCI));
}

static void draw_t2(uint64_t key, modal *level)
{
    key = random_key_number(key, T2);
    float white = (float)draw(key, WHITE_T2), grey = white * (float)draw(key, GREY_T2);
    float csf = fmaxf((float)draw(key, CSF_T2), 1.2f * grey);
    level[WILD_WHITE][T2] = white;
    level[WILD_GREY][T2] = grey;
    level[WILD_DEEP][T2] = 0.9f * white + (grey - 0.9f * white) * (float)draw(key, DEEP_GREY);
    level[WILD_VENTRICLE][T2] = csf;
    level[WILD_CSF][T2] = csf * (float)draw(key, CSF_SULCI_T2);
}

static void draw_flair(uint64_t key, modal *level)
{
    key = random_key_number(key, FLAIR);
    float white = (float)draw(key, WHITE_FLAIR), grey = white * (float)draw(key, GREY_FLAIR);
    float csf = (float)draw(key, CSF_FLAIR);
    level[WILD_WHITE][FLAIR] = white;
    level[WILD_GREY][FLAIR] = grey;
    level[WILD_DEEP][FLAIR] = 0.95f * white + (grey - 0.95f * white) * (float)draw(key, DEEP_GREY);
    level[WILD_VENTRICLE][FLAIR] = csf;
    level[WILD_CSF][FLAIR] = fmaxf(0.05f, csf + (float)draw(key, CSF_SULCI));
}

/* What is not brain, and gliosis. */
static void draw_others(uint64_t key, struct tissues *tissues)
{
    modal *level = tissues->level;
    level[WILD_VESSEL] = draw_modal(key, VESSEL_T1);
    level[WILD_PLEXUS] = draw_modal(key, PLEXUS_T1);
    level[WILD_DURA] = draw_modal(key, DURA_T1);
    level[WILD_FAT] = draw_modal(key, FAT_T1);
    if (tissues->dim)
        for (enum wild_tissue t = WILD_VESSEL; t <= WILD_DURA; t++)
            level[t][T1CE] *= (float)draw(key, DIM_VESSELS);
    for (int m = 0; m < 4; m++)
        level[WILD_BONE][m] = (float)draw(random_key_number(key, (uint64_t)m), BONE_LEVEL);
    level[WILD_GLIOSIS][T1] = (float)draw(key, GLIOSIS_T1);
    level[WILD_GLIOSIS][T1CE] = level[WILD_GLIOSIS][T1] * (float)draw(key, T1CE_OWN);
    level[WILD_GLIOSIS][T2] = level[WILD_GREY][T2] * (float)draw(key, GLIOSIS_T2);
    level[WILD_GLIOSIS][FLAIR] = level[WILD_GREY][FLAIR] * (float)draw(key, GLIOSIS_FLAIR);
}

static const float lattice_slope =
    0.47f; /* a cell: standard deviation of the lattice's derivative, 1 / (1.5 sqrt 2) */

/* Sheets where a field is 0: in mm, by the field's mean slope. */
static void draw_sulci(uint64_t key, struct tissues *tissues)
{
    double scale = draw(key, OWN_SULCI_SCALE), slope = lattice_slope / scale;
    tissues->sulci = texture_draw(key, "sulci", scale);
    tissues->sulci_width = drawn(key, HAS_OWN_SULCI) ? (float)(draw(key, OWN_SULCI_WIDTH) * slope) : 0;
    tissues->cortex = (float)(draw(key, OWN_CORTEX) * slope);
    tissues->sulci_depth = (float)draw(key, OWN_SULCI_DEPTH);
}

void tissues_draw(uint64_t key, struct tissues *tissues)
{
    static const char *const names[3] = {"texture large", "texture middle", "texture small"};
    const double scale[3] = {14, draw(key, TEXTURE_MIDDLE_SCALE), draw(key, TEXTURE_SMALL_SCALE)};
    modal *level = tissues->level;
    *tissues = (struct tissues){.dim = drawn(key, DIM_CONTRAST)};
    draw_t1(key, T1, level);
    draw_t1(key, T1CE, level);
    if (drawn(key, T1CE_LIKE_T1))
        for (int t = WILD_CSF; t <= WILD_WHITE; t++)
            level[t][T1CE] = level[t][T1] * (float)draw(random_key_number(key, (uint64_t)t), T1CE_OWN);
    draw_t2(key, level);
    draw_flair(key, level);
    draw_others(key, tissues);
    for (int i = 0; i < 3; i++) {
        tissues->texture[i] = texture_draw(key, names[i], scale[i]);
        for (int m = 0; m < 4; m++)
            tissues->texture_depth[i][m] =
                (float)draw(random_key_number(key, (uint64_t)m), TEXTURE_LARGE + (unsigned)i);
    }
    tissues->csf = (float)draw(key, SULCI_WIDTH);
    tissues->white = (float)draw(key, WHITE_WIDTH);
    draw_sulci(key, tissues);
    tissues->sharpness = (float)draw(key, TISSUE_SHARPNESS);
    tissues->ventricle_rim = fmaxf(0, (float)draw(key, VENTRICLE_RIM));
}

/* A fraction made sharper: 0 and 1 stay, what lies between falls. */
static float sharpen(float fraction, float sharpness)
{
    return fraction * (1 + sharpness * (fraction - 1));
}

/* Sulci and their cortex, near the surface but for the brain stem. */
static void fold(const struct tissues *t, const float *lattice, const struct site *s, float *grey,
                 float *white, float *csf)
{
    bool stem = fabsf(s->mm[0]) < 20 && s->mm[1] > -50 && s->mm[1] < -5 && s->mm[2] < -10;
    if (t->sulci_width <= 0 || s->at.depth > t->sulci_depth || stem)
        return;
    float away = fabsf(texture_at(lattice, &t->sulci, s->head)),
          near = ramp((t->sulci_depth - s->at.depth) / 4);
    float fluid = near * ramp(1 - away / t->sulci_width);
    float cortex = near * (1 - fluid) * ramp((t->sulci_width + t->cortex - away) / t->cortex * 3);
    *grey = *grey * (1 - fluid - cortex) + cortex * (1 - *csf);
    *white *= 1 - fluid - cortex;
    *csf = fmaxf(0, 1 - *grey - *white);
}

void tissues_mix(const struct tissues *tissues, const float *lattice, struct site *s)
{
    for (int i = 0; i < 3; i++)
        s->texture[i] = texture_at(lattice, &tissues->texture[i], s->head);
    float grey = s->at.grey, white = s->at.white, csf = fmaxf(0, 1 - grey - white);
    fold(tissues, lattice, s, &grey, &white, &csf);
    if (s->at.depth < 0.5f) {
        csf = 1;
        grey = white = 0;
    }
    grey = sharpen(grey, tissues->sharpness);
    white = sharpen(white * tissues->white, tissues->sharpness);
    csf = fmaxf(0, sharpen(csf * tissues->csf, tissues->sharpness));
    float total = grey + white + csf + 1e-6f, rim = tissues->ventricle_rim * (1 + 0.5f * s->texture[0]);
    s->ventricle = fmaxf(0, s->at.ventricle - fmaxf(0, rim));
    s->in_ventricle = ramp(2 - s->ventricle);
    float widened = rim > 0 ? ramp(1 - s->ventricle) : 0; /* of what was brain */
    s->grey = grey / total * (1 - widened);
    s->white = white / total * (1 - widened);
    s->csf = 1 - s->grey - s->white;
}

modal tissues_level(const struct tissues *tissues, const struct site *s)
{
    const modal *level = tissues->level;
    modal csf = blend(level[WILD_CSF], level[WILD_VENTRICLE], s->in_ventricle);
    modal grey = blend(level[WILD_GREY], level[WILD_DEEP], s->at.deep);
    modal v = csf * s->csf + grey * s->grey + level[WILD_WHITE] * s->white, factor = {1, 1, 1, 1};
    for (int i = 0; i < 3; i++)
        factor += tissues->texture_depth[i] * s->texture[i];
    return v * factor;
}
