// SPDX-License-Identifier: GPL-2.0-only
/* Files under /proc, and the credentials of who opens them. */

#include "../bindings.h"

void rtpe_replace_fops(struct file *file, const struct file_operations *fops)
{
	replace_fops(file, fops);
}

bool rtpe_fops_get(const struct file_operations *fops)
{
	return fops_get(fops);
}

bool rtpe_path_exists(const char *name)
{
	struct path path;

	if (kern_path(name, 0, &path))
		return false;
	path_put(&path);
	return true;
}

void *rtpe_pde_data(const struct inode *inode)
{
	return pde_data(inode);
}

kuid_t rtpe_make_kuid(unsigned int uid)
{
	return make_kuid(&init_user_ns, uid);
}

kgid_t rtpe_make_kgid(unsigned int gid)
{
	return make_kgid(&init_user_ns, gid);
}

bool rtpe_file_capable(const struct file *file, int capability)
{
	return file_ns_capable(file, &init_user_ns, capability);
}

bool rtpe_capable(int capability)
{
	return capable(capability);
}

kuid_t rtpe_file_user(const struct file *file)
{
	return file->f_cred->fsuid;
}

bool rtpe_is_user(kuid_t uid)
{
	return uid_eq(current_fsuid(), uid);
}

bool rtpe_in_group(kgid_t gid)
{
	return in_group_p(gid);
}
