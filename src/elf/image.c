// SPDX-License-Identifier: GPL-2.0-only
/*
 * seep_image_open checks the header before libelf sees the file, then keeps what is asked for
 * often: load segments, build ID, interpreter. All else is read on demand through libelf, which
 * caches it until the image is closed, so pointers that are returned stay valid as long.
 *
 * The file may change under our hands: it is read with pread, never mapped. Bounded by
 * SEEP_IMAGE_SEGMENTS_MAX, SECTION_HEADERS_MAX, NOTES_MAX_BYTES.
 */
#include "elf/image.h"

#include <errno.h>
#include <fcntl.h>
#include <gelf.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "elf/image_private.h"
#include "elf/sections.h"

#define SECTION_HEADERS_MAX 65536      /* -ffunction-sections leaves more only in object files */
#define NOTES_MAX_BYTES	    (64 << 10) /* of one PT_NOTE segment; the usual ones have under 100 */

/*
 * Looks at the header before libelf does, because elf_begin allocates for as many sections as the
 * file claims: with extended numbering (e_shnum 0, the number in the first section header) a small
 * sparse file could ask for gigabytes.
 */
static int check_header(int fd)
{
	Elf64_Ehdr header;
	Elf64_Shdr first;

	if (pread(fd, &header, sizeof(header), 0) != (ssize_t)sizeof(header))
		return -ENOEXEC;
	if (memcmp(header.e_ident, ELFMAG, SELFMAG) != 0 ||
	    header.e_ident[EI_CLASS] != ELFCLASS64 || header.e_ident[EI_DATA] != ELFDATA2LSB)
		return -ENOEXEC;
	if (header.e_machine != EM_X86_64 || (header.e_type != ET_EXEC && header.e_type != ET_DYN))
		return -ENOEXEC;
	if (header.e_phnum == PN_XNUM)
		return -ENOEXEC; /* more than 65534 segments: a core file, or nonsense */
	if (header.e_shnum || !header.e_shoff || header.e_shoff > INT64_MAX)
		return 0;
	if (pread(fd, &first, sizeof(first), (off_t)header.e_shoff) != (ssize_t)sizeof(first))
		return 0; /* libelf then sees no sections either */
	return first.sh_size > SECTION_HEADERS_MAX ? -ENOEXEC : 0;
}

/* Only what the file has of a segment counts: addresses in .bss belong to no offset. */
static void add_load(struct seep_image *image, const GElf_Phdr *header)
{
	struct seep_segment *segment;

	if (image->num_segments == SEEP_IMAGE_SEGMENTS_MAX)
		return;
	/* With these two checks no sum of a segment's numbers can overflow later. */
	if (header->p_filesz > UINT64_MAX - header->p_offset ||
	    header->p_filesz > UINT64_MAX - header->p_vaddr)
		return;
	segment = &image->segments[image->num_segments++];
	segment->address = header->p_vaddr;
	segment->offset = header->p_offset;
	segment->length = header->p_filesz;
	segment->executable = header->p_flags & PF_X;
}

static void read_build_id(struct seep_image *image, uint64_t offset, uint64_t length,
			  uint64_t alignment)
{
	/* Notes aligned to 8 are padded to 8 (the GNU property note), others to 4. */
	Elf_Type type = alignment == 8 ? ELF_T_NHDR8 : ELF_T_NHDR;
	size_t position = 0, name, description;
	Elf_Data *data;
	GElf_Nhdr note;

	/* The first build ID that is found counts. */
	if (image->build_id_length || offset > INT64_MAX || length > NOTES_MAX_BYTES)
		return;
	data = elf_getdata_rawchunk(image->elf, (int64_t)offset, length, type);
	if (!data)
		return;
	/* gelf_getnote checks that name and description lie within the data. */
	while ((position = gelf_getnote(data, position, &note, &name, &description))) {
		const char *bytes = data->d_buf;

		if (note.n_type != NT_GNU_BUILD_ID || note.n_namesz != sizeof(ELF_NOTE_GNU) ||
		    memcmp(bytes + name, ELF_NOTE_GNU, sizeof(ELF_NOTE_GNU)) != 0)
			continue;
		if (!note.n_descsz || note.n_descsz > SEEP_BUILD_ID_MAX)
			continue;
		memcpy(image->build_id, bytes + description, note.n_descsz);
		image->build_id_length = note.n_descsz;
		return;
	}
}

/* Separate debug files have the segments of their program, but only the sections have contents. */
static void read_build_id_of_sections(struct seep_image *image)
{
	Elf_Scn *section = NULL;
	GElf_Shdr header;

	while (!image->build_id_length && (section = elf_nextscn(image->elf, section)))
		if (gelf_getshdr(section, &header) && header.sh_type == SHT_NOTE)
			read_build_id(image, header.sh_offset, header.sh_size, header.sh_addralign);
}

/*
 * Of several PT_INTERP the first counts, as for the kernel (load_elf_binary in fs/binfmt_elf.c).
 */
static int read_interpreter(struct seep_image *image, const GElf_Phdr *header)
{
	const char *path;

	/* A character and the NUL at least; the kernel takes PATH_MAX at most. */
	if (image->interpreter || header->p_filesz < 2 || header->p_filesz > PATH_MAX)
		return 0;
	path = seep_elf_read(image->elf, header->p_offset, header->p_filesz, ELF_T_BYTE);
	if (!path || path[header->p_filesz - 1])
		return 0;
	image->interpreter = strdup(path);
	return image->interpreter ? 0 : -ENOMEM;
}

/* What program headers tell. 0, -ENOEXEC or -ENOMEM. */
static int read_segments(struct seep_image *image)
{
	size_t count;
	int error = 0;

	if (elf_getphdrnum(image->elf, &count))
		return -ENOEXEC;
	for (size_t i = 0; i < count && !error; i++) {
		GElf_Phdr header;

		if (!gelf_getphdr(image->elf, (int)i, &header))
			return -ENOEXEC;
		switch (header.p_type) {
		case PT_LOAD:
			add_load(image, &header);
			break;
		case PT_NOTE:
			read_build_id(image, header.p_offset, header.p_filesz, header.p_align);
			break;
		case PT_INTERP:
			error = read_interpreter(image, &header);
			break;
		case PT_DYNAMIC:
			image->dynamic_offset = header.p_offset;
			image->dynamic_length = header.p_filesz;
			break;
		}
	}
	return error;
}

int seep_image_open(int fd, struct seep_image **ret_image)
{
	SEEP_AUTO_IMAGE struct seep_image *image = NULL;
	struct stat status;
	int error;

	if (fstat(fd, &status))
		return -errno;
	if (!S_ISREG(status.st_mode))
		return -ENOEXEC;
	image = calloc(1, sizeof(*image));
	if (!image)
		return -ENOMEM;
	/* A descriptor of our own, as libelf reads from it until the image is closed. */
	image->fd = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	if (image->fd < 0)
		return -errno;
	error = check_header(image->fd);
	if (error)
		return error;
	elf_version(EV_CURRENT);
	/*
	 * Not ELF_C_READ_MMAP: the owner of the file may truncate it while it is open, and then a
	 * touch of the mapping kills us with SIGBUS; a read that stops short is only an error.
	 */
	image->elf = elf_begin(image->fd, ELF_C_READ, NULL);
	if (!image->elf)
		return -ENOEXEC;
	error = read_segments(image);
	if (error)
		return error;
	read_build_id_of_sections(image);
	*ret_image = SEEP_TAKE_PTR(image);
	return 0;
}

void seep_image_close(struct seep_image *image)
{
	if (!image)
		return;
	elf_end(image->elf);
	if (image->fd >= 0)
		close(image->fd);
	free(image->interpreter);
	free(image);
}

int seep_image_fd(const struct seep_image *image)
{
	return image->fd;
}

struct Elf *seep_image_elf(const struct seep_image *image)
{
	return image->elf;
}

const uint8_t *seep_image_build_id(const struct seep_image *image, size_t *ret_length)
{
	*ret_length = image->build_id_length;
	return image->build_id;
}

const char *seep_image_interpreter(const struct seep_image *image)
{
	return image->interpreter;
}

/*
 * By the table of functions of the Go runtime, whose name is another one in position-independent
 * programs, or by Go's own build ID.
 */
bool seep_image_is_go(const struct seep_image *image)
{
	GElf_Shdr header;

	return seep_section_find(image->elf, ".gopclntab", &header) ||
	       seep_section_find(image->elf, ".data.rel.ro.gopclntab", &header) ||
	       seep_section_find(image->elf, ".note.go.buildid", &header);
}

int seep_image_offset_to_address(const struct seep_image *image, uint64_t offset,
				 uint64_t *ret_address)
{
	const struct seep_segment *found = NULL;

	/* Segments may share bytes of the file; code is what is asked for. */
	for (size_t i = 0; i < image->num_segments; i++) {
		const struct seep_segment *segment = &image->segments[i];

		if (offset < segment->offset || offset - segment->offset >= segment->length)
			continue;
		if (!found || (segment->executable && !found->executable))
			found = segment;
	}
	if (!found)
		return -ENOENT;
	*ret_address = found->address + (offset - found->offset);
	return 0;
}

static const struct seep_segment *find_segment(const struct seep_image *image, uint64_t address)
{
	for (size_t i = 0; i < image->num_segments; i++) {
		const struct seep_segment *segment = &image->segments[i];

		if (address >= segment->address && address - segment->address < segment->length)
			return segment;
	}
	return NULL;
}

int seep_image_address_to_offset(const struct seep_image *image, uint64_t address,
				 uint64_t *ret_offset)
{
	const struct seep_segment *segment = find_segment(image, address);

	if (!segment)
		return -ENOENT;
	*ret_offset = segment->offset + (address - segment->address);
	return 0;
}

size_t seep_image_code_ranges(const struct seep_image *image, struct seep_range *ranges, size_t max)
{
	Elf_Scn *section = NULL;
	GElf_Shdr header;
	size_t count = 0;

	while (count < max && (section = elf_nextscn(image->elf, section))) {
		if (!gelf_getshdr(section, &header) || header.sh_type == SHT_NOBITS ||
		    !(header.sh_flags & SHF_EXECINSTR))
			continue;
		if (header.sh_size <= UINT64_MAX - header.sh_offset)
			ranges[count++] = (struct seep_range){
				.start = header.sh_offset,
				.end = header.sh_offset + header.sh_size,
			};
	}
	/* Sections are exact; a segment also has what the linker puts between them. */
	if (count)
		return count;
	for (size_t i = 0; i < image->num_segments && count < max; i++) {
		const struct seep_segment *segment = &image->segments[i];

		if (segment->executable)
			ranges[count++] = (struct seep_range){
				.start = segment->offset,
				.end = segment->offset + segment->length,
			};
	}
	return count;
}

size_t seep_image_code(const struct seep_image *image, uint64_t address, size_t length,
		       const uint8_t **ret_code)
{
	const struct seep_segment *segment = find_segment(image, address);
	const uint8_t *code;
	uint64_t skip;

	if (!segment || !segment->executable || !length)
		return 0;
	/* The caller gets less than asked for where the segment ends. */
	skip = address - segment->address;
	if (length > segment->length - skip)
		length = segment->length - skip;
	code = seep_elf_read(image->elf, segment->offset + skip, length, ELF_T_BYTE);
	if (!code)
		return 0;
	*ret_code = code;
	return length;
}
