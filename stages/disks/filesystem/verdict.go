package filesystem

import (
	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/block"
)

// What an entry asks for.
type wish string

const (
	wishNothing wish = "nothing" // no format, or virtiofs
	wishEmpty   wish = "none"
	wishFormat  wish = "a format"
)

// What is on a device, beside what is wanted there.
type content string

const (
	nothing           content = "nothing"
	theFormat         content = "the format"
	other             content = "something else"
	unfinished        content = "unfinished"
	unfinishedAndMore content = "unfinished and more"
)

var contents = []content{nothing, theFormat, other, unfinished, unfinishedAndMore}

// What becomes of what is on a device.
type verdict string

const (
	ignore verdict = "nothing" // not even looked at
	keep   verdict = "keep"    // as it is, with what is in it
	create verdict = "make"    // wipefs, then the format's maker
	wipe   verdict = "wipe"    // wipefs alone
	refuse verdict = "refuse"  // the whole round, before anything is done
)

// judge is the table of docs/disks.md. AsAsked: label and UUID are as wanted, or none are wanted. What is unfinished is
// nothing to lose, but what is there beside it may be.
func judge(want wish, mayWipe bool, found content, asAsked bool) verdict {
	anew := create
	if want == wishEmpty {
		anew = wipe
	}
	switch {
	case want == wishNothing:
		return ignore
	case mayWipe, found == unfinished:
		return anew
	case found == nothing && want == wishEmpty && asAsked:
		return keep
	case found == nothing:
		return anew
	case found == theFormat && want == wishFormat && asAsked:
		return keep
	}
	return refuse
}

// judgeEntry decides about an entry. Options are never compared: what is on a device does not tell them.
func judgeEntry(entry *config.Filesystem, c block.Content) verdict {
	return judge(wished(entry), config.Says(entry.WipeFilesystem), found(entry, c),
		labelFits(entry, c.First()) && uuidFits(entry, c.First()))
}

func wished(entry *config.Filesystem) wish {
	switch config.Says(entry.Format) {
	case "", virtiofs:
		return wishNothing
	case "none":
		return wishEmpty
	}
	return wishFormat
}

func found(entry *config.Filesystem, c block.Content) content {
	switch first := c.First(); {
	case c.Unfinished && c.Ambivalent:
		return unfinishedAndMore
	case c.Unfinished:
		return unfinished
	case first.Type == "":
		return nothing
	case first.Type == config.Says(entry.Format):
		return theFormat
	}
	return other
}

// labelFits: "" is a label that is wanted, unlike none.
func labelFits(entry *config.Filesystem, found block.Signature) bool {
	return entry.Label == nil || *entry.Label == found.Label
}

func uuidFits(entry *config.Filesystem, found block.Signature) bool {
	return entry.UUID == nil || seenUUID(entry, *entry.UUID) == seenUUID(entry, found.UUID)
}

func seenUUID(entry *config.Filesystem, uuid string) string {
	return block.SeenUUID(config.Says(entry.Format), uuid)
}
