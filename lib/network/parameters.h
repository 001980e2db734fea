/* The table of a network's parameters: every tensor, its place in one flat vector, its first values. */
#ifndef PRUNET_NETWORK_PARAMETERS_H
#define PRUNET_NETWORK_PARAMETERS_H

#include <stdbool.h>
#include <stddef.h>

enum { PARAMETER_NAME_SIZE = 80, PARAMETER_ALIGNMENT = 16 /* floats */ };
enum initialisation { INITIAL_UNIFORM, INITIAL_ONE, INITIAL_ZERO };

/* One tensor of weights. All tensors lie in one flat vector of floats, each at a multiple of 64 bytes. */
struct parameter {
    char name[PARAMETER_NAME_SIZE]; /* module path in the authors' PyTorch network */
    int dimensions, size[5];
    size_t count;                /* floats */
    size_t offset;               /* floats from the start of the vector */
    enum initialisation initial; /* uniform: in +-1/sqrt(fan_in), PyTorch's default */
    int fan_in;
};

struct parameter_table {
    struct parameter *parameters; /* in the order of the checkpoint */
    size_t count, capacity;
    size_t total;  /* parameters of the network: 12,365,283 for the paper's (1,1) */
    size_t floats; /* length of the vector; the padding between tensors stays 0 */
};

/* The vectors of a training state, each of `floats` floats: the weights, Adam's running means of the gradient
 * and of its square, and perhaps the moving average of the weights, which are part of a checkpoint; and the
 * gradient, which is not. */
enum state_vector { STATE_WEIGHTS, STATE_EXP_AVG, STATE_EXP_AVG_SQ, STATE_AVERAGE, STATE_VECTORS };
enum { STATE_GRADIENT = STATE_VECTORS };

/* Releases the table, which is empty then. kinds.h has the function that makes one. */
void parameter_table_free(struct parameter_table *table);

/* The parameter of that name, printf-like; NULL when there is none. */
const struct parameter *parameter_find(const struct parameter_table *table, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* The most that may be added to the last convolution's biases: the sigmoid of 100 is 1 in single precision,
 * and no gradient is left far below that. */
enum { OUTPUT_BIAS_MAX = 100 };

/* Writes a parameter's initial values, parameter->count floats: a function of seed and name alone,
 * whatever else the network has. */
void parameter_initialise(const struct parameter *parameter, unsigned long long seed, float *values);

/* The same, with `output_bias` added to the last convolution's biases. */
void parameter_begin(const struct parameter *parameter, unsigned long long seed, double output_bias,
                     float *values);

/* Building a table, as a network does in its own file. The builder is zero but for `table`, an empty one; a
 * tensor's name is the path entered last, such as "encoders.1.", and the name given. */
struct parameter_builder {
    struct parameter_table *table;
    char path[PARAMETER_NAME_SIZE - 16]; /* names behind it have at most 16 characters */
    bool failed;
};

void parameters_enter(struct parameter_builder *builder, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Adds a convolution's weights [out][in][kernel][kernel][kernel]; a 1x1x1 convolution with its bias; a group
 * norm's gamma and beta. */
void parameters_add_conv(struct parameter_builder *builder, const char *name, int in, int out, int kernel);
void parameters_add_conv1(struct parameter_builder *builder, const char *weight, const char *bias, int in,
                          int out);
void parameters_add_norm(struct parameter_builder *builder, const char *weight, const char *bias,
                         int channels);

/* Adds all branches of a reversible sequence of `blocks` blocks on `channels` channels, both streams
 * together; sequence_find (blocks.h) finds them. */
void parameters_add_sequence(struct parameter_builder *builder, const char *coder, int index, int blocks,
                             int channels);

/* STATUS_FAILURE when memory ran out meanwhile; the table is then empty. */
int parameters_finish(struct parameter_builder *builder);

#endif
