#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The accounts of domain_private.sh, by Samba's own library on its database:
    domain_accounts.py FOLDER create
    domain_accounts.py FOLDER bad-logons USER     prints how many there were since the last good one
    domain_accounts.py FOLDER forgive USER        none any more, and not locked out
    domain_accounts.py FOLDER password USER NEW
    domain_accounts.py FOLDER spoil USER AS       from now on like the user AS, "disabled-user" and so on
    domain_accounts.py FOLDER mend USER           neither of these any more
Everybody's password is "Passw0rd!"."""

import sys

import ldb
from samba.auth import system_session
from samba.param import LoadParm
from samba.samdb import SamDB

PASSWORD = "Passw0rd!"
LOCKOUT_THRESHOLD = 3
# DSDB_CONTROL_BYPASS_PASSWORD_HASH_OID: an account's password time is set as it is given.
AS_GIVEN = ["local_oid:1.3.6.1.4.1.7165.4.3.12:0", "relax:0"]
LONG_AGO = "130000000000000000"  # 2012-12-14 in FILETIME
CHANGES = {
    "backup-user": {},
    "other-user": {},
    "lockout-user": {},
    "locked-user": {"lockoutTime": "133000000000000000"},
    "disabled-user": {"userAccountControl": "514"},
    "must-change-user": {"pwdLastSet": "0"},
    "password-expired-user": {"pwdLastSet": LONG_AGO},
    "account-expired-user": {"accountExpires": LONG_AGO},
}


WHOLE = {"userAccountControl": "512", "accountExpires": "0", "pwdLastSet": "-1"}


def modify(samdb, dn, changes, controls=()):
    message = ldb.Message(dn)
    for name, value in changes.items():
        message[name] = ldb.MessageElement(value, ldb.FLAG_MOD_REPLACE, name)
    samdb.modify(message, list(controls))


def find(samdb, user):
    return samdb.search(samdb.domain_dn(), ldb.SCOPE_SUBTREE, f"(sAMAccountName={user})",
                        ["badPwdCount"])[0]


def create(samdb):
    modify(samdb, ldb.Dn(samdb, samdb.domain_dn()), {
        "lockoutThreshold": str(LOCKOUT_THRESHOLD),
        "lockoutDuration": str(-(2 ** 63)),  # until an administrator unlocks it
    })
    for user, changes in CHANGES.items():
        samdb.newuser(user, PASSWORD)
        if changes:
            modify(samdb, find(samdb, user).dn, changes, AS_GIVEN)
    computer = find(samdb, "DC1$")
    message = ldb.Message(computer.dn)
    message["servicePrincipalName"] = ldb.MessageElement(
        "cifs/filesrv01.contoso.com", ldb.FLAG_MOD_ADD, "servicePrincipalName")
    samdb.modify(message)


def forgive(samdb, user):
    modify(samdb, find(samdb, user).dn, {"badPwdCount": "0", "lockoutTime": "0"}, ["relax:0"])


def mend(samdb, user):
    samdb.setpassword(f"(sAMAccountName={user})", PASSWORD)
    modify(samdb, find(samdb, user).dn, WHOLE)
    forgive(samdb, user)


def main(folder, action, user=None, value=None):
    parameters = LoadParm()
    parameters.load(f"{folder}/dc/etc/smb.conf")
    samdb = SamDB(url=f"{folder}/dc/private/sam.ldb", session_info=system_session(parameters),
                  lp=parameters)
    if action == "create":
        create(samdb)
    elif action == "bad-logons":
        print(find(samdb, user).get("badPwdCount", idx=0))
    elif action == "forgive":
        forgive(samdb, user)
    elif action == "password":
        samdb.setpassword(f"(sAMAccountName={user})", value)
    elif action == "spoil":
        modify(samdb, find(samdb, user).dn, CHANGES[value], AS_GIVEN)
    elif action == "mend":
        mend(samdb, user)
    else:
        sys.exit(f"domain_accounts: unknown action {action}")


if __name__ == "__main__":
    main(*sys.argv[1:])
