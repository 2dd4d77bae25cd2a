# SPDX-License-Identifier: GPL-2.0-only
#
# Fuzzers: one program per file. What each begins with is in tests/fuzz/corpus.

FUZZ_SECONDS ?= 600
FUZZERS      := $(patsubst tests/fuzz/%.c,$(BUILD)/fuzz/%,$(wildcard tests/fuzz/fuzz_*.c))
# What reads the input of others; not what talks to the kernel or to the user.
FUZZ_SOURCES := $(filter-out $(addprefix src/,kernel/% probe/% inventory/% stack/% target/% managed/% trace/% escalate/% app/%),$(SOURCES))
FUZZ_OBJECTS := $(patsubst %.c,$(BUILD)/fuzz/%.o,$(FUZZ_SOURCES)) $(BUILD)/formats/profile.pb-c.o
FUZZ_FLAGS   := -O1 -g -std=gnu11 $(WARNINGS) -fsanitize=fuzzer,address,undefined \
		-fno-sanitize-recover=all
# This one has the memory of another process in itself.
$(BUILD)/fuzz/fuzz_go_memory: FUZZ_REPLACED := $(BUILD)/fuzz/src/remote/memory.o

$(BUILD)/fuzz/src/%.o: src/%.c | $(BUILD)/formats/profile.pb-c.h
	@mkdir -p $(@D)
	$(call say,CC-FUZZ,$<)
	$(Q)$(CLANG) $(CPPFLAGS) $(FUZZ_FLAGS) -MMD -MP -c $< -o $@

$(BUILD)/fuzz/fuzz_%: tests/fuzz/fuzz_%.c $(FUZZ_OBJECTS)
	@mkdir -p $(@D)
	$(call say,FUZZER,$<)
	$(Q)$(CLANG) $(CPPFLAGS) -Itests/unit $(FUZZ_FLAGS) -MMD -MP -MF $@.d $< \
		$(filter-out $(FUZZ_REPLACED),$(FUZZ_OBJECTS)) -o $@ $(LDLIBS)

.PHONY: fuzzers
fuzzers: $(FUZZERS) ## build the fuzzers

.PHONY: fuzz
fuzz: fuzzers ## look for input that breaks the readers, FUZZ_SECONDS=600 for each
	@BUILD=$(BUILD) FUZZ_SECONDS=$(FUZZ_SECONDS) tools/check fuzz
