// Package block says what is on a disk: its partition table and how one is laid out, the signatures of what fills a
// device, and what sysfs and the mount table tell of it. It runs no processes and decides nothing that a config did not
// ask for. It works on readers and writers, so an image file serves as well as a device, and any user may look at one.
// docs/disks.md has its tables.
//
// Three questions are answered. What is a device filled with: Probe goes through all kinds that libblkid 2.41 knows, in
// its order, and gives Content; ReadMember and ReadLUKS say more of two kinds. What does a disk list: Inspect reads
// GPT, MBR and a hybrid of both, and gives Found, a Table or why there is none. Who uses a device: Sysfs and
// ParseMounts.
//
// A table is changed in this order: Resolve gives each wanted partition its number and place; Decide compares it with
// the one on the disk and gives a verdict; Layout does both; Apply makes the new table in memory; WriteTo writes it.
//
// What is surprising:
//
//   - Resolve follows sgdisk's rules as if all listed partitions were removed and made again in order, because configs
//     were written for that. docs/disks.md lists the few differences. tests/gpt holds it against recorded runs of
//     sgdisk.
//   - WriteTo orders its writes so that a cut at any point leaves the old or the new table. What no verdict touches
//     keeps its bytes, reserved parts included.
//   - Probe verifies no checksums: what looks like something is taken for it, as the answer decides whether it may be
//     overwritten. A partition table is no content; that is for Inspect.
//   - Content.Unfinished tells of what a mkfs left that was stopped. For vfat, which shows nothing of the kind, whoever
//     makes it writes a mark to the end of the device beforehand (MakingMark).
//   - Sizes of the kernel are in units of 512 bytes whatever the sectors of a disk are; those of tables are in sectors.
//   - No input makes a reader panic or allocate without bounds; each has a fuzz target.
package block
