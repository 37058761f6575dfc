// SPDX-License-Identifier: GPL-2.0-only
/* Memory that the module shares with a process. */

#include "../bindings.h"

pgprot_t rtpe_page_kernel(void)
{
	return PAGE_KERNEL;
}

struct mm_struct *rtpe_charge_pinned(unsigned long pages)
{
	struct mm_struct *mm = current->mm;

	if (mm) {
		mmgrab(mm);
		atomic64_add(pages, &mm->pinned_vm);
	}
	return mm;
}

void rtpe_uncharge_pinned(struct mm_struct *mm, unsigned long pages)
{
	if (mm) {
		atomic64_sub(pages, &mm->pinned_vm);
		mmdrop(mm);
	}
}

struct rtpe_mapping rtpe_mapping_of(const struct vm_area_struct *vma)
{
	return (struct rtpe_mapping){
		.start = vma->vm_start,
		.size = vma->vm_end - vma->vm_start,
		.offset = vma->vm_pgoff,
		.is_executable = vma->vm_flags & VM_EXEC,
		.is_shared = vma->vm_flags & VM_SHARED,
	};
}

/*
 * Allocates zeroed memory, and maps all of it into a process. The process has references to the pages, so that they outlive
 * vfree() as long as they are mapped. NULL when it cannot be done; the caller of mmap unmaps what was mapped.
 * remap_vmalloc_range() would want memory of vmalloc_user(), which is charged to nobody.
 */
void *rtpe_map_zeroed(struct vm_area_struct *vma)
{
	unsigned long size = vma->vm_end - vma->vm_start, at;
	u8 *memory = __vmalloc(size, GFP_KERNEL_ACCOUNT | __GFP_ZERO | __GFP_NOWARN);

	if (!memory)
		return NULL;
	vm_flags_mod(vma, VM_DONTEXPAND | VM_DONTDUMP, VM_MAYEXEC);
	for (at = 0; at < size; at += PAGE_SIZE) {
		if (vm_insert_page(vma, vma->vm_start + at, vmalloc_to_page(memory + at))) {
			vfree(memory);
			return NULL;
		}
	}
	return memory;
}
