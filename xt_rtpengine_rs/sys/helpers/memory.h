/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RTPE_HELPERS_MEMORY_H
#define RTPE_HELPERS_MEMORY_H

#include <linux/mm.h>
#include <linux/types.h>

/* What a process asks mmap for. */
struct rtpe_mapping {
	unsigned long start;
	unsigned long size;
	/* In pages. */
	unsigned long offset;
	bool is_executable;
	bool is_shared;
};

pgprot_t rtpe_page_kernel(void);
struct mm_struct *rtpe_charge_pinned(unsigned long pages);
void rtpe_uncharge_pinned(struct mm_struct *mm, unsigned long pages);
struct rtpe_mapping rtpe_mapping_of(const struct vm_area_struct *vma);
void *rtpe_map_zeroed(struct vm_area_struct *vma);

#endif
