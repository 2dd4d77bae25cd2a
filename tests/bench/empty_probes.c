// SPDX-License-Identifier: GPL-2.0-only
/*
 * Puts empty BPF programs on malloc and free of a process, in the places and by the way that seep
 * itself would take, says "attached" and keeps them until it is ended: what is left when all of
 * seep's own work is taken away. Usage: empty_probes PID [VARIANT [unplaced]]
 */
#include <bpf/libbpf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bpf/features.skel.h"
#include "elf/functions.h"
#include "elf/image.h"
#include "elf/probe_site.h"
#include "kernel/attach.h"
#include "kernel/features.h"
#include "proc/maps.h"

struct bench {
	pid_t pid;
	enum seep_attach_variant variant;
	bool placed; /* false: probe the first instruction, whatever it is */
	struct features_bpf *skeleton;
	const struct seep_image *image;
	int file_fd;
};

static void die(const char *what)
{
	fprintf(stderr, "empty_probes: %s\n", what);
	exit(1);
}

static void attach(const struct bench *bench, const struct seep_symbol *symbol, bool release,
		   bool at_return)
{
	struct bpf_program *program =
		release ? bench->skeleton->progs.empty_entry : bench->skeleton->progs.empty_call;
	struct seep_probe_site site = {0};
	uint64_t offset, cookie = 0;
	struct seep_attach_request request = {
		.program_fd = bpf_program__fd(program),
		.variant = release ? seep_attach_entry_variant(bench->variant) : bench->variant,
		.at_return = at_return,
		.pid = bench->pid,
		.file_fd = bench->file_fd,
		.count = 1,
		.offsets = &offset,
		.cookies = &cookie,
	};
	const uint8_t *code;
	size_t length = seep_image_code(bench->image, symbol->address, symbol->size, &code);
	int fds[SEEP_ATTACH_FDS(1)];

	if (bench->placed &&
	    seep_probe_site_find(code, length, symbol->size,
				 release ? SEEP_SITE_ENTRY : SEEP_SITE_RETURN, 1, &site))
		die("no probe site");
	if (seep_image_address_to_offset(bench->image, symbol->address + site.offset, &offset) ||
	    seep_attach(&request, fds) < 0)
		die("cannot attach");
}

static int on_symbol(const struct seep_symbol *symbol, void *context)
{
	const struct bench *bench = context;

	if (symbol->global && strcmp(symbol->name, "malloc") == 0) {
		attach(bench, symbol, false, false);
		if (bench->variant != SEEP_ATTACH_SESSION)
			attach(bench, symbol, false, true);
	} else if (symbol->global && strcmp(symbol->name, "free") == 0) {
		attach(bench, symbol, true, false);
	}
	return 0;
}

static void attach_all(struct bench *bench)
{
	struct seep_maps maps;

	if (seep_maps_read(bench->pid, &maps))
		die("no such process");
	for (size_t i = 0; i < maps.num_mappings; i++) {
		const struct seep_mapping *mapping = &maps.mappings[i];
		struct seep_image *image;

		if (!mapping->executable || !mapping->inode)
			continue;
		bench->file_fd = seep_maps_open(bench->pid, mapping);
		if (bench->file_fd < 0 || seep_image_open(bench->file_fd, &image))
			continue;
		bench->image = image;
		seep_image_each_function(image, on_symbol, bench);
		seep_image_close(image);
	}
	seep_maps_done(&maps);
}

int main(int argc, char **argv)
{
	struct bench bench = {.placed = argc < 4};

	if (argc < 2)
		die("usage: empty_probes PID [VARIANT [unplaced]]");
	bench.pid = (pid_t)strtol(argv[1], NULL, 10);
	if (argc > 2 && seep_attach_variant_parse(argv[2], &bench.variant))
		die("no such variant");
	bench.skeleton = features_bpf__open();
	if (!bench.skeleton)
		die("cannot open the programs");
	bpf_program__set_expected_attach_type(
		bench.skeleton->progs.empty_call,
		(enum bpf_attach_type)seep_attach_type(bench.variant));
	bpf_program__set_expected_attach_type(
		bench.skeleton->progs.empty_entry,
		(enum bpf_attach_type)seep_attach_type(seep_attach_entry_variant(bench.variant)));
	if (features_bpf__load(bench.skeleton))
		die("cannot load the programs");
	attach_all(&bench);
	puts("attached");
	fflush(stdout);
	pause();
	return 0;
}
