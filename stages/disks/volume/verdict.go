package volume

// What a device holds that is to be a volume.
type content string

const (
	nothing    content = "nothing"
	fits       content = "a volume as wanted"
	unfinished content = "a volume as wanted (unfinished)"
	halfMade   content = "another volume (unfinished)"
	other      content = "anything else"
)

var contents = []content{nothing, fits, unfinished, halfMade, other}

// Who uses the device.
type use string

const (
	free  use = "no"
	open  use = "open under its name"
	taken use = "otherwise"
)

type verdict string

const (
	format   verdict = "format"
	recreate verdict = "recreate"
	reuse    verdict = "reuse"
	refuse   verdict = "refuse"
)

// judge decides what becomes of a volume (docs/disks.md has the table).
func judge(found content, mayWipe bool, by use) verdict {
	switch {
	case by == taken, found == nothing && by == open:
		return refuse
	case found == nothing:
		return format
	case mayWipe, found == halfMade:
		return recreate
	case found == fits, found == unfinished && by == open:
		return reuse
	case found == unfinished:
		return recreate
	}
	return refuse
}
