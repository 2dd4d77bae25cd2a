// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tables come in two ways: by section headers (seep_symbols_of_section), or, in a file that has
 * lost them, as the dynamic loader finds them, by PT_DYNAMIC. The loader never needs the number of
 * symbols, so there it is worked out from the hash table.
 *
 * Entries and strings are libelf's copies and stay until the descriptor is closed. Bounded by
 * SEEP_SYMBOLS_MAX, SEEP_SYMBOL_STRINGS_MAX and TABLES_MAX.
 */
#include "elf/symbols.h"

#include <errno.h>
#include <gelf.h>
#include <string.h>

#include "elf/image_private.h"

#define DYNAMIC_MAX    4096 /* entries; linkers write about 30 */
#define TABLES_MAX     4    /* of one file; there is one of each type */
#define HASH_WORDS_MAX (4u * SEEP_SYMBOLS_MAX)
#define HASH_CHAIN_MAX 64 /* symbols of one bucket; linkers aim at 1 to 4 */

/* Reads @count symbols and their strings at these file offsets. 0 or -ENOENT. */
static int set_tables(Elf *elf, uint64_t offset, uint64_t count, uint64_t strings_offset,
		      uint64_t strings_length, struct seep_symbols *ret_symbols)
{
	struct seep_symbols symbols;

	/* What lies behind the cap has no name, but what is before it stays usable. */
	if (count > SEEP_SYMBOLS_MAX)
		count = SEEP_SYMBOLS_MAX;
	if (strings_length > SEEP_SYMBOL_STRINGS_MAX)
		strings_length = SEEP_SYMBOL_STRINGS_MAX;
	if (!count || seep_string_table_read(elf, strings_offset, strings_length, &symbols.strings))
		return -ENOENT;
	symbols.count = count;
	symbols.entries = seep_elf_read(elf, offset, count * sizeof(Elf64_Sym), ELF_T_SYM);
	if (!symbols.entries)
		return -ENOENT;
	*ret_symbols = symbols;
	return 0;
}

int seep_symbols_of_section(Elf *elf, Elf_Scn *section, struct seep_symbols *ret_symbols)
{
	GElf_Shdr header, strings;
	Elf_Scn *strings_section;

	if (!gelf_getshdr(section, &header))
		return -ENOENT;
	if (header.sh_type != SHT_SYMTAB && header.sh_type != SHT_DYNSYM)
		return -ENOENT;
	strings_section = elf_getscn(elf, header.sh_link);
	if (!strings_section || !gelf_getshdr(strings_section, &strings))
		return -ENOENT;
	if (strings.sh_type != SHT_STRTAB || (header.sh_flags | strings.sh_flags) & SHF_COMPRESSED)
		return -ENOENT;
	return set_tables(elf, header.sh_offset, header.sh_size / sizeof(Elf64_Sym),
			  strings.sh_offset, strings.sh_size, ret_symbols);
}

/* Words of a hash table at a virtual address, NULL if the file does not have them all. */
static const uint32_t *read_words(const struct seep_image *image, uint64_t address, uint64_t count)
{
	uint64_t offset;

	if (count > HASH_WORDS_MAX || seep_image_address_to_offset(image, address, &offset))
		return NULL;
	return seep_elf_read(image->elf, offset, count * sizeof(uint32_t), ELF_T_WORD);
}

/*
 * The number of symbols from DT_GNU_HASH, which is one more than the highest index in its chains.
 * The table is a header of four words (buckets, first hashed symbol, bloom words, shift), the bloom
 * filter in 64-bit words, the buckets, and a chain word per hashed symbol whose lowest bit is set
 * at the end of a chain.
 */
static uint64_t count_gnu_hash(const struct seep_image *image, uint64_t address)
{
	const uint32_t *header = read_words(image, address, 4), *buckets, *chain;
	uint64_t buckets_address, chains_address, num_buckets, first, highest = 0;

	if (!header)
		return 0;
	num_buckets = header[0];
	first = header[1];
	buckets_address = address + 4 * sizeof(uint32_t) + header[2] * sizeof(uint64_t);
	chains_address = buckets_address + num_buckets * sizeof(uint32_t);
	buckets = read_words(image, buckets_address, num_buckets);
	if (!buckets)
		return 0;
	for (uint64_t i = 0; i < num_buckets; i++)
		if (buckets[i] > highest)
			highest = buckets[i];
	/* No symbol is hashed; those before the first hashed one are all there are. */
	if (highest < first)
		return first;
	/*
	 * The bucket with the highest index has the last symbols: its chain is followed to its end.
	 */
	for (unsigned int i = 0; i < HASH_CHAIN_MAX; i++, highest++) {
		chain = read_words(image, chains_address + (highest - first) * sizeof(*chain), 1);
		if (!chain || *chain & 1)
			break;
	}
	return highest + 1;
}

/*
 * DT_HASH: words nbucket and nchain; there are as many chains as symbols (System V ABI, chapter 5).
 */
static uint64_t count_sysv_hash(const struct seep_image *image, uint64_t address)
{
	const uint32_t *header = read_words(image, address, 2);

	return header ? header[1] : 0;
}

int seep_symbols_of_dynamic(const struct seep_image *image, struct seep_symbols *ret_symbols)
{
	uint64_t symbols = 0, strings = 0, strings_length = 0, hash = 0, gnu_hash = 0, count;
	uint64_t num_entries = image->dynamic_length / sizeof(Elf64_Dyn);
	const Elf64_Dyn *entries;

	if (!num_entries || num_entries > DYNAMIC_MAX)
		return -ENOENT;
	entries = seep_elf_read(image->elf, image->dynamic_offset, num_entries * sizeof(*entries),
				ELF_T_DYN);
	if (!entries)
		return -ENOENT;
	for (uint64_t i = 0; i < num_entries && entries[i].d_tag != DT_NULL; i++) {
		uint64_t value = entries[i].d_un.d_val;

		switch (entries[i].d_tag) {
		case DT_SYMTAB:
			symbols = value;
			break;
		case DT_STRTAB:
			strings = value;
			break;
		case DT_STRSZ:
			strings_length = value;
			break;
		case DT_HASH:
			hash = value;
			break;
		case DT_GNU_HASH:
			gnu_hash = value;
			break;
		}
	}
	/* DT_HASH says the number directly, but many files have DT_GNU_HASH only. */
	count = gnu_hash ? count_gnu_hash(image, gnu_hash) : 0;
	if (!count && hash)
		count = count_sysv_hash(image, hash);
	/* The dynamic section has addresses; a file is read by offset. */
	if (seep_image_address_to_offset(image, symbols, &symbols) ||
	    seep_image_address_to_offset(image, strings, &strings))
		return -ENOENT;
	return set_tables(image->elf, symbols, count, strings, strings_length, ret_symbols);
}

const char *seep_symbols_name(const struct seep_symbols *symbols, const Elf64_Sym *entry)
{
	return entry->st_name ? seep_string_table_at(&symbols->strings, entry->st_name) : NULL;
}

int seep_symbols_each_table(Elf *elf, int (*fn)(const struct seep_symbols *symbols, void *context),
			    void *context)
{
	struct seep_symbols symbols;
	Elf_Scn *section = NULL;
	unsigned int tables = 0;
	int result = 0;

	while (!result && tables < TABLES_MAX && (section = elf_nextscn(elf, section))) {
		/*
		 * Most sections are no symbol tables; one that makes no sense is passed over too.
		 */
		if (seep_symbols_of_section(elf, section, &symbols))
			continue;
		tables++;
		result = fn(&symbols, context);
	}
	return result;
}
