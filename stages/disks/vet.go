package disks

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/tool"
	"github.com/glowplug-os/glowplug/stages/disks/kind"
)

// blankNeeds are the tools that looking takes.
func blankNeeds(blanks []kind.Blank) (all []kind.Need) {
	for _, b := range blanks {
		all = append(all, kind.Need{Tool: "blkid", Entry: b.Entry})
	}
	return all
}

// vet refuses blanks that are none for libblkid, before the first of them is written to.
func (r *run) vet(ctx context.Context, blanks []kind.Blank) error {
	var errs []error
	for _, b := range blanks {
		found, err := r.kindOn(ctx, b.Path)
		if err == nil && found != "" && found != b.Unfinished() {
			err = kind.UnlessLost(fmt.Errorf("%s is not blank: blkid finds %s on it", diag.Name(b.Seen.Node), found),
				b.Setting)
		}
		errs = append(errs, b.Fail(err))
	}
	return errors.Join(errs...)
}

// Exit statuses of blkid(8).
const (
	blkidNothing = 2 // also where it cannot read the device, of which it complains
	blkidSeveral = 8
)

// kindOn is what libblkid takes a device for by a superblock; "" for nothing. A partition table is no such thing.
func (r *run) kindOn(ctx context.Context, path string) (string, error) {
	out, err := r.Tools.Run(ctx,
		tool.Command{Tool: "blkid", Args: []string{"-p", "-s", "TYPE", "-o", "value", r.Devices.AliasOf(path)}})
	var failed *tool.Error
	switch {
	case !errors.As(err, &failed):
		return strings.TrimSpace(string(out)), err
	case failed.Status == blkidSeveral:
		return "several filesystems, volumes or members of arrays", nil
	case failed.Status == blkidNothing && failed.Said == "":
		return "", nil
	}
	return "", err
}
