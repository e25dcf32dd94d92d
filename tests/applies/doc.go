// Package applies holds what `glowplug validate` promises against what a boot does: a config that is valid applies. It
// is for tests alone.
//
// Generate gives thousands of configs, the same in each run: each field of the model with each value of a table
// (typical ones, edges, odd ones, wrong ones); entries that touch each other (one place, parent and child, link and
// target, user and group, unit and file, partitions, what a filesystem is on); the configs of the table of problems and
// of the recorded verdicts; and changes of all these by dice. Judge has the command check them.
//
// A Bench boots those that are valid, by the stages of a boot in this process, on a root and on disks that are made
// from the config: the users and groups that it names and does not make, disks as large as its partitions. Sources in
// the web are moved to a server that has what they ask for, with the digests of that, and keys are derived cheaply
// (Served). Where a machine refuses a config the same config is tried on others (Kinds), until one takes it. The
// refusal has to say that the machine is why: a plan for it has the code in-the-way or not-known (docs/problems.md), or
// a program of it refuses words that a config has for it (ByTool), or a filesystem is kept that does not hold what the
// config needs of it (ByKept).
//
// Where they are booted (Case.Place): on this host, those without arrays, volumes, and vfat that is mounted, which its
// kernel may not have. These in the machine of tests/vm/guest. As that is emulated, the suite boots a named share of
// them there (guestShare): of each field that is varied two values, and one in thirty of the cases in which several
// entries touch each other. The host generates and judges them, and gives the machine a file of them. Nowhere: volumes
// whose key is bound to a Tang server, by a pin of the config's own or to a chip of mainframes, of whose kinds
// tests/vm/guest has some; virtiofs, which needs a host of the machine; and Butane documents, whose configs are among
// those that are booted.
//
//	go test ./tests/applies          what every field is varied by, counts, and plans for roots in memory
//	make test-disk                   boots a share of them on loop devices
//	make test-applies                boots all of them that this host can
//	make test-guest RUN=TestApplies  boots the named share inside the machine, and leaves counts in the file tally of
//	                                 its artifacts; with SHORT=1 a dozen, with GLOWPLUG_APPLIES=all all of them
package applies
