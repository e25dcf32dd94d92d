// Command diskfs partitions an image with go-diskfs, for the tables that tests/gpt records. It is a module of its own,
// so that the project does not depend on what it is only compared with.
package main

import (
	"fmt"
	"os"
	"strconv"

	"github.com/diskfs/go-diskfs"
	"github.com/diskfs/go-diskfs/partition/gpt"
)

func run(image, sector string) error {
	sectorSize, err := strconv.Atoi(sector)
	if err != nil {
		return err
	}
	disk, err := diskfs.Open(image, diskfs.WithSectorSize(diskfs.SectorSize(sectorSize)))
	if err != nil {
		return err
	}
	mib := uint64(1<<20) / uint64(sectorSize)
	return disk.Partition(&gpt.Table{
		LogicalSectorSize: sectorSize, PhysicalSectorSize: sectorSize, ProtectiveMBR: true,
		Partitions: []*gpt.Partition{
			{Index: 1, Start: mib, End: 2*mib - 1, Type: gpt.EFISystemPartition, Name: "EFI System"},
			{Index: 4, Start: 3 * mib, End: 5*mib - 1, Type: gpt.LinuxFilesystem, Name: "Größe", Attributes: 1 << 60},
		},
	})
}

func main() {
	if err := run(os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
