/* SPDX-License-Identifier: GPL-2.0-only */
/* The inside of the pprof format: a profile that is being written, and what its parts share. */
#ifndef SEEP_FORMATS_PPROF_PRIVATE_H
#define SEEP_FORMATS_PPROF_PRIVATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "formats/gzip.h"
#include "formats/profile.pb-c.h"
#include "model/snapshot.h"
#include "report/intern.h"
#include "symbol/symbolizer.h"

/* Of a sample: its frames, and the marker of a partial stack. */
#define SEEP_PPROF_MAX_LOCATIONS (SEEP_MAX_FRAMES + 1)

struct pprof_mapping {
	uint32_t file_text;
	uint32_t build_id_text;
	uint64_t max_offset;
	bool has_files;
	bool has_lines;
	bool has_inlined;
};

struct pprof {
	const struct seep_snapshot *snapshot;
	struct seep_symbolizer *symbolizer;
	struct seep_gzip gzip;
	ProtobufCBuffer base; /* packs into packed, see append_packed */
	struct seep_buffer packed;
	struct seep_buffer clean;
	struct seep_strings texts;
	struct seep_numbers locations; /* by frame key; their ids are one more, 0 means none */
	struct seep_numbers functions; /* by name and file */
	struct seep_numbers mappings;  /* by file and build ID */
	struct pprof_mapping *mapping; /* by number */
	size_t capacity;
	int error; /* the first, like that of a buffer */
};

/* The packer, in pprof_parts.c. */

/* Keeps the first failure. */
void seep_pprof_keep_error(struct pprof *pprof, int error);
/* Number of a string in the string table, 0 (the empty one) for NULL and after a failure. */
uint32_t seep_pprof_text(struct pprof *pprof, const char *text);
/* The same for text of a target. */
uint32_t seep_pprof_clean_text(struct pprof *pprof, const char *text);
/* Comes before the first part. */
void seep_pprof_start_packing(struct pprof *pprof);
/* Packs a part of the profile. */
void seep_pprof_pack(struct pprof *pprof, const struct Seep__Pprof__Profile *part);
/* Packs the string table, the last part: no text may come afterwards. */
void seep_pprof_pack_texts(struct pprof *pprof);
/* Passes on to gzip what has been packed. */
void seep_pprof_flush(struct pprof *pprof);

/* Functions, locations and mappings, in pprof_places.c. */

/*
 * Adds a frame to @sample, which has room for SEEP_PPROF_MAX_LOCATIONS, and packs it if it is new.
 */
void seep_pprof_add_frame(struct pprof *pprof, Seep__Pprof__Sample *sample,
			  const struct seep_site *site, uint64_t frame);
/* Adds the marker of a partial stack, which stands where its outer callers are missing. */
void seep_pprof_add_marker(struct pprof *pprof, Seep__Pprof__Sample *sample,
			   const struct seep_stack *stack);
/* Packs the mappings of all locations. pprof takes the first one for the main program. */
void seep_pprof_pack_mappings(struct pprof *pprof);

#endif
