/* SPDX-License-Identifier: Apache-2.0 */
/* One word between two threads: may the password still be used? */
#include "share_smb_security.h"

enum state { UNUSED, USED, ACCEPTED, WITHDRAWN };

bool smb_password_use_begin(struct smb_password_use *use)
{
	int before = UNUSED;

	return atomic_compare_exchange_strong(&use->state, &before, USED) || before != WITHDRAWN;
}

void smb_password_use_accept(struct smb_password_use *use)
{
	int before = USED;

	(void)atomic_compare_exchange_strong(&use->state, &before, ACCEPTED);
}

bool smb_password_use_withdraw(struct smb_password_use *use)
{
	int before = UNUSED;

	return atomic_compare_exchange_strong(&use->state, &before, WITHDRAWN) || before != USED;
}
