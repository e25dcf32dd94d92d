// Package partition plans and writes the partition tables of disks. How partitions are laid out, and what becomes of
// each, is internal/block's; here is what that means for a disk that somebody may use, and for the kernel.
//
// In come the disks of a config and a scene. Out come lanes, one for each disk, a line for each partition and last the
// action that does it all; what will then be on the disk and in its partitions; and the names that the config gives to
// these. All that a planner knows of one entry is a change, filled in by a decider in this order: may the disk be
// worked on at all (judge); where partitions go (block.Layout); what is in those that go; what is refused; the table
// (block.Apply); what is made blank; what the change leaves; what the kernel has to be told. A telling has its words.
//
// An action looks whether the table is there already and the kernel has it. To act it claims the disk, makes sure that
// it is what was planned for, has the kernel drop what goes, writes, and tells the kernel and udev.
//
// What is surprising:
//
//   - Bytes are read only of partitions that go, or are refused to go. What will be in new ones is a scene.Place, which
//     is read when somebody asks for it: what is found at their place stays.
//   - What is to be written is never drawn on a copy of the disk: of what is overwritten only that it will be zeros is
//     noted, and the table tells itself what will be read of it (block.Table.Written).
//   - Two entries may name one disk. The second goes on from what the first will leave, in the same lane.
//   - A new partition that is for a RAID array is made blank at both ends, all others are left as they are.
//   - Partitions of a device-mapper disk are its holders: only mounts and swap count as a use of it.
package partition
