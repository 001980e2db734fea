# The map: what can be built, run and tested. `make help` explains the targets.

VERSION := 0.1.0
BUILD   := build
PREFIX  := /usr/local
CC      := gcc
CFLAGS  := -O3 -g
WARN    := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wvla -Werror=implicit -Wno-unknown-pragmas
CUDA    := 0

# No trapping or errno-setting mathematics: it keeps gcc from vectorising. Everything else stays IEEE.
STRICT_FLAGS := -std=gnu11 -fopenmp -fno-math-errno -fno-trapping-math -ffp-contract=off -D_GNU_SOURCE -I.
LDLIBS       := -lz -lm

ifeq ($(SANITIZE),1)
BUILD  := build/sanitize
CFLAGS := -O1 -g -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer
endif

.DEFAULT_GOAL := all
.DELETE_ON_ERROR:
MAKEFLAGS += --no-builtin-rules

# --- build ---------------------------------------------------------------------------------------------
# A tool is one file of tools/; everything in lib/ and kernels/ goes into one archive.

TOOLS   := $(patsubst tools/%.c,%,$(wildcard tools/*.c))
SOURCES := $(wildcard lib/*/*.c) $(wildcard kernels/*.c kernels/reference/*.c kernels/cpu/*.c)

# The families of backends that are linked in: one list or another.
BACKENDS := $(if $(filter 1,$(CUDA)),cuda,cpu)
SOURCES  += kernels/backends/$(BACKENDS).c

# A CPU kernel is one source, written with gcc's vector extensions and compiled once for each instruction set;
# kernels/cpu/variant.h gives every external name its suffix, kernels/cpu/cpu.c chooses at run time.
VARIANT_SOURCES := $(wildcard kernels/cpu/*/*.c)
VARIANTS        := portable $(if $(filter x86_64,$(shell uname -m)),avx2 avx512)
FLAGS_portable  :=
FLAGS_avx2      := -mavx2 -mfma
FLAGS_avx512    := -mavx512f -mavx512vl -mavx512bw -mavx512dq -mfma -mprefer-vector-width=512

OBJECTS := $(SOURCES:%.c=$(BUILD)/obj/%.o) \
           $(foreach v,$(VARIANTS),$(VARIANT_SOURCES:%.c=$(BUILD)/obj/%.$v.o))
ARCHIVE := $(BUILD)/libprunet.a
TESTS   := $(patsubst %.c,$(BUILD)/%,$(filter-out tests/bench/%,$(wildcard tests/*/*.c)))

all: $(TOOLS:%=$(BUILD)/bin/%)  ## build every tool into build/bin (the default)

$(BUILD)/obj/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(STRICT_FLAGS) $(WARN) $(CFLAGS) -DPRUNET_VERSION='"$(VERSION)"' -MMD -MP -c $< -o $@

define VARIANT_RULE
$(BUILD)/obj/%.$(1).o: %.c
	@mkdir -p $$(@D)
	$(CC) $(STRICT_FLAGS) -ffp-contract=fast $(WARN) $(CFLAGS) $(FLAGS_$(1)) -DVARIANT=$(1) -MMD -MP -c $$< -o $$@
endef
$(foreach v,$(VARIANTS),$(eval $(call VARIANT_RULE,$v)))

$(ARCHIVE): $(OBJECTS)
	@rm -f $@
	ar rcs $@ $^

$(BUILD)/bin/%: $(BUILD)/obj/tools/%.o $(ARCHIVE)
	@mkdir -p $(@D)
	$(CC) -fopenmp $(CFLAGS) $(LDFLAGS) $^ $(LDLIBS) -o $@

$(BUILD)/tests/%: $(BUILD)/obj/tests/%.o $(ARCHIVE)
	@mkdir -p $(@D)
	$(CC) -fopenmp $(CFLAGS) $(LDFLAGS) $^ $(LDLIBS) -o $@

-include $(shell find $(BUILD)/obj -name '*.d' 2>/dev/null)

# --- check ---------------------------------------------------------------------------------------------

test: all $(TESTS)  ## build and run every test; the last line counts them
	tests/run $(BUILD)

test-%: all $(TESTS)  ## run the tests whose name contains what follows "test-"
	tests/run $(BUILD) $*

clean:  ## remove what was built
	rm -rf build

help:  ## this text
	@sed -n 's/^\([a-z%-]*\):[^#]*##  *\(.*\)/\1|\2/p' $(MAKEFILE_LIST) | \
	    awk -F'|' '{ printf "  make %-14s %s\n", $$1, $$2 }'

.PHONY: all test clean help
.SECONDARY:
