// Package accounts edits the account files of a root: passwd, shadow, group, gshadow, subuid and subgid as text in, the
// new text out. The result is what useradd, usermod, userdel, groupadd, groupmod and groupdel of shadow-utils leave
// behind. docs/accounts.md says the same for people.
//
// Apply gets the texts of Inputs as far as the root has them, the wanted groups and users, the day that new passwords
// get, and the release of shadow-utils that the root has. It gives the texts that change, Effects for what has to
// happen outside of these files (homes, mail), the accounts as they are afterwards, and a Change for each entry, for
// people. Or it gives an *Error with entry, file and line, and then nothing is changed. The package does not read or
// write a file, take a lock or make a home directory.
//
// Work goes on in the order of the config: groups, then users, each by what the ones before it have left. An entry
// becomes a verb (keep, create, change, destroy) by what is there, and then edits rows of a database that remembers
// each line.
//
// What is surprising:
//
//   - Lines that are of no account in question stay byte for byte, also malformed ones. A malformed line of an account
//     in question is an error: the tools would pass over it and add another.
//   - What is as wanted is not written again, where usermod would set a new date and groupmod would write its line
//     anew. This is the one exception from "as the tools", so that a plan for a machine that is right shows no change.
//   - Two releases of shadow-utils differ (Tools): in names, skeletons, default groups, empty names in lists.
//   - Accounts that only /usr/lib/passwd and /usr/lib/group have (nss-altfiles) exist, and are copied to /etc before
//     they change.
//   - Numbers in lines that are commented out count as taken, as for the tools.
//   - The Never functions say what no release makes on any root. package validate asks them, so that a workstation and
//     a boot refuse the same.
//   - tests/accounts holds all of this against the tools of two Debian releases, live and by recorded runs.
package accounts
