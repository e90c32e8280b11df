/* SPDX-License-Identifier: Apache-2.0 */
/* Where the program begins. */
#include "infrabackup/app.h"

int main(int argc, char **argv)
{
	return app_run(argc, argv);
}
